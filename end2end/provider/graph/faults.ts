// What the stand-in for Graph answers in place of its sound answer when a test wants it: errors that Microsoft documents,
// answers that arrive slowly or in part, and answers that no provider should send.

import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, gatewayTimeout, type GraphContext, type GraphRequest, refusal, requestDenied } from './context.ts';
import { type Random, randomOf } from './random.ts';
import { SENDING_FAULTS } from './sending-faults.ts';
import { WRITING_FAULTS } from './writing-faults.ts';

/** A fault that a test asks for. */
export interface FaultWish {
  kind: string;
  /** The mailbox; without it each one. */
  login?: string;
  method?: string;
  /** A regular expression over path and query below the version: `^/me/messages`. */
  path?: string;
  /** How many fitting requests are answered soundly before. */
  after?: number;
  /** How many requests fail; 1 if it is not given, 0 for all until the faults are cleared. */
  times?: number;
  /** What `Retry-After` says, or how long an answer is late. */
  seconds?: number;
  /** How fast a slow body arrives. */
  bytesPerSecond?: number;
  /** How many of a hundred fitting requests fail. Without it each one does. */
  share?: number;
  /** Which ones these are depends on this text alone. */
  seed?: string;
}

export type Fault = (wish: FaultWish, sound: () => Promise<Answer>, context: GraphContext) => Promise<Answer> | Answer;

const retry = ({ seconds }: FaultWish): Record<string, string> => (seconds === undefined ? {} : { 'retry-after': String(seconds) });

/** Waits unless the client leaves before. @returns Whether the client is still there. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return wait(milliseconds, true, { signal }).catch(() => false);
}

/** The body of an answer as it would be sent, and its headers. */
async function sent({ json, bytes, chunks, headers = {} }: Answer): Promise<{ body: Buffer; headers: Record<string, string> }> {
  if (chunks) {
    const parts: Uint8Array[] = [];
    for await (const part of chunks) parts.push(part);
    return { body: Buffer.concat(parts), headers };
  }
  if (bytes) return { body: bytes, headers };
  return { body: Buffer.from(json === undefined ? '' : JSON.stringify(json)), headers: { 'content-type': 'application/json; charset=utf-8', ...headers } };
}

async function* firstHalf(body: Buffer): AsyncGenerator<Uint8Array> {
  yield body.subarray(0, Math.ceil(body.length / 2));
}

/** Ten pieces a second. */
async function* slowly(body: Buffer, bytesPerSecond: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const size = Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let start = 0; start < body.length; start += size) {
    yield body.subarray(start, start + size);
    if (!(await pause(100, signal))) return;
  }
}

/** The first half, and nothing more until the client leaves. */
async function* stalled(body: Buffer, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* firstHalf(body);
  if (!signal.aborted) await new Promise((done) => { signal.addEventListener('abort', done, { once: true }); });
}

async function* endless(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield Buffer.from('{"value":["');
  const piece = Buffer.alloc(64 * 1024, 'x');
  while (!signal.aborted) yield piece;
}

/** What an account without an Exchange Online mailbox is answered: one of two codes, with one of two statuses. */
const noMailbox = (status: number, prefix = ''): Answer =>
  refusal(status, `${prefix}MailboxNotEnabledForRESTAPI`, 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.');

const activityLimit = (status: number, wish: FaultWish): Answer =>
  refusal(status, 'activityLimitReached', 'The app or user has been throttled.', retry(wish));

const page = (value: unknown): Answer => ({ status: 200, json: value });
const text = (status: number, type: string, body: string): Answer => ({ status, headers: { 'content-type': type }, bytes: Buffer.from(body) });

const FAULTS: Record<string, Fault> = {
  // Some answers of the service have no Retry-After: none is sent unless `seconds` is given.
  throttled: (wish) => refusal(429, 'ApplicationThrottled', 'Application is over its MailboxConcurrency limit.', retry(wish)),
  unavailable: (wish) => refusal(503, 'serviceNotAvailable', 'The service is not available. Try the request again after a delay.', retry(wish)),
  // 509 is a limit of bandwidth (Microsoft Graph, errors).
  'activity-limit': (wish) => activityLimit(509, wish),
  'activity-limit-429': (wish) => activityLimit(429, wish),
  'gateway-timeout': () => gatewayTimeout(),
  'server-error': () => refusal(500, 'generalException', 'An unspecified error has occurred.'),
  'token-refused': () => refusal(401, 'InvalidAuthenticationToken', 'Access token has expired or is not yet valid.'),
  'access-denied': () => refusal(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.'),
  'request-denied': requestDenied,
  // Conditional Access wants a new sign-in. Only one of the two forms says so in the code.
  'insufficient-claims': () => refusal(403, 'insufficient_claims', 'Continuous access evaluation resulted in a claims challenge.'),
  'claims-wanted': () => refusal(403, 'accessDenied', 'Access has been blocked by Conditional Access policies.', {
    'www-authenticate': 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="',
  }),
  'no-mailbox': () => noMailbox(404),
  'no-mailbox-403': () => noMailbox(403),
  'no-mailbox-error': () => noMailbox(404, 'Error'),
  'no-mailbox-error-403': () => noMailbox(403, 'Error'),
  'tokens-expired': () => refusal(410, 'resyncRequired', 'Resync required.'),

  slow: async ({ seconds = 1 }, sound, { signal }) => {
    await pause(seconds * 1000, signal);
    return sound();
  },
  drip: async ({ bytesPerSecond = 100 }, sound, { signal }) => {
    const answer = await sound();
    const { body, headers } = await sent(answer);
    return { status: answer.status, headers, chunks: slowly(body, bytesPerSecond, signal) };
  },
  stall: async (_, sound, { signal }) => {
    const answer = await sound();
    const { body, headers } = await sent(answer);
    return { status: answer.status, headers, chunks: stalled(body, signal) };
  },
  cut: async (_, sound) => {
    const answer = await sound();
    const { body, headers } = await sent(answer);
    return { status: answer.status, headers: { ...headers, 'content-length': String(body.length) }, chunks: firstHalf(body), cut: true };
  },

  // Pages of a proxy on the way, and answers that a program must not believe.
  html: () => text(200, 'text/html', '<!doctype html><title>Proxy</title><h1>Log in to the network</h1>'),
  'html-error': () => text(502, 'text/html', '<html><head><title>502 Bad Gateway</title></head></html>'),
  redirect: () => ({ status: 302, headers: { location: 'http://192.0.2.1/stolen' } }),
  'empty-body': () => ({ status: 200, headers: { 'content-type': 'application/json' }, bytes: Buffer.alloc(0) }),
  'half-json': async (_, sound) => {
    const { body } = await sent(await sound());
    return text(200, 'application/json', body.subarray(0, Math.ceil(body.length / 2)).toString());
  },
  'wrong-types': () => page({ value: [{ id: 7, subject: {}, receivedDateTime: false, toRecipients: 'all', body: [] }], '@odata.nextLink': 5 }),
  'link-elsewhere': () => page({ value: [], '@odata.nextLink': 'https://192.0.2.1/v1.0/me/messages?$skip=10' }),
  deep: () => text(200, 'application/json', '['.repeat(100_000)),
  huge: (_, __, { signal }) => ({ status: 200, headers: { 'content-type': 'application/json' }, chunks: endless(signal) }),
};

/** The faults that each call can have. */
export const GRAPH_FAULTS = Object.keys(FAULTS);

const ALL: Record<string, Fault> = { ...FAULTS, ...WRITING_FAULTS, ...SENDING_FAULTS };

interface Pending extends FaultWish {
  pattern: RegExp;
  toPass: number;
  random: Random;
  /** Infinity until the faults are cleared. */
  toFail: number;
}

/** A whole `$batch`. Only a fault whose path names it fits; the others fit its parts. */
const BATCH = /^\/(\$|%24)batch/i;

/** The faults that are asked for and not used up. */
export class FaultBoard {
  private pending: Pending[] = [];

  add(wish: FaultWish): void {
    if (!ALL[wish.kind]) throw new Error(`no fault is called ${wish.kind}; there are ${Object.keys(ALL).join(', ')}`);
    const times = wish.times ?? 1;
    this.pending.push({ ...wish, pattern: new RegExp(wish.path ?? ''), toPass: wish.after ?? 0, random: randomOf(`fault ${wish.seed ?? ''}`), toFail: times === 0 ? Infinity : times });
  }

  clear(): void {
    this.pending = [];
  }

  /** The fault of this request, which is then used once. */
  take({ method, target }: GraphRequest, login: string): FaultWish | undefined {
    const isBatch = BATCH.test(target);
    const fitting = this.pending.filter((one) =>
      one.toFail > 0 && (one.login ?? login) === login && (one.method ?? method) === method && one.pattern.test(target) && (!isBatch || one.path !== undefined));
    const due = fitting.find(({ toPass, share, random }) => toPass === 0 && (share === undefined || random.below(100) < share));
    for (const one of fitting) one.toPass = Math.max(0, one.toPass - 1);
    if (due) due.toFail -= 1;
    return due;
  }
}

/** Answers by a fault. */
export async function fail(wish: FaultWish, sound: () => Promise<Answer>, context: GraphContext): Promise<Answer> {
  const fault = ALL[wish.kind];
  if (!fault) throw new Error(`no fault is called ${wish.kind}`);
  return fault(wish, sound, context);
}
