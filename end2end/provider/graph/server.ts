// The stand-in for Graph: checks the token and its permissions, finds the mailbox, and sends the answer of the part that
// the path names. What holds for each answer is here: the ids of the request, the envelope of errors, slow readers.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Settings } from '../settings.mjs';
import { readBody } from './body.ts';
import { handleCategories } from './categories.ts';
import { accessDenied, type Answer, allows, type GraphContext, type GraphRequest, READ, refusal, Refused, requestDenied } from './context.ts';
import { type Action, control } from './control.ts';
import { idsFor, withIds } from './envelope.ts';
import { folderAt, handleFolders } from './folders.ts';
import { handleMessages } from './messages.ts';
import { isOwner } from './owner.ts';
import { checkParameters } from './parameters.ts';
import { answerBatch, controlPart, handlePart, throughGate } from './parts.ts';
import { isGraph, placeOf } from './path.ts';
import { neededToSend } from './permissions.ts';
import { MAX_REQUEST } from './sizes.ts';
import { mailboxOf } from './store.ts';

export { closed, isGraph, refusable, send };

/** The owner of a token, and what it allows. */
export interface Identity {
  login: string;
  scopes: string[];
  isPersonal: boolean;
}

export interface Shared {
  settings: Settings;
  record: (event: Record<string, unknown>) => void;
  keepSecret: (value: string) => void;
  /** The owner of a valid access token. */
  identify: (token: string) => Promise<Identity | undefined> | Identity | undefined;
}

const unknownToken = (): Answer => refusal(401, 'InvalidAuthenticationToken', 'Access token has expired or is not yet valid.', { 'www-authenticate': 'Bearer realm="", error="invalid_token"' });
const unknownPath = (request: GraphRequest): Answer => refusal(400, 'BadRequest', `Resource not found for the segment '${request.segments[0] ?? ''}'.`);
const noMailbox = (): Answer => refusal(404, 'MailboxNotEnabledForRESTAPI', 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.');

/** The permissions with which a call may read, by the first segment below the owner. */
const NEEDED: Record<string, readonly string[]> = {
  messages: READ.basic, mailFolders: READ.basic, contacts: READ.contacts, contactFolders: READ.contacts, outlook: READ.settings,
  translateExchangeIds: READ.user,
};

/** Answers a request whose token is known. */
async function dispatch(request: GraphRequest, context: GraphContext): Promise<Answer> {
  const { owner, folder: named } = placeOf(request.target);
  if (!isOwner(owner, context.login)) return accessDenied();
  const [kind, second] = request.segments;
  const needed = kind === undefined ? [] : neededToSend(request) ?? NEEDED[kind];
  if (!needed || (kind === 'outlook' && second !== 'masterCategories')) return unknownPath(request);
  if (needed.length && !allows(context, needed)) return needed === READ.user ? requestDenied() : accessDenied();
  if (needed.length && !context.settings.mailbox) return noMailbox();
  checkParameters(request, context);
  const mailbox = mailboxOf(context.login, context.settings);
  const folder = named === undefined ? undefined : folderAt(mailbox, named);
  const part = handlePart(request, mailbox, context, folder);
  if (part) return part;
  if (request.method !== 'GET') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  if (kind === 'messages') return handleMessages(request, mailbox, context, folder);
  if (kind === 'mailFolders') return handleFolders(request, mailbox);
  return kind === 'outlook' ? handleCategories(request, mailbox) : unknownPath(request);
}

/** The answer, also if the request is refused on the way. */
async function refusable(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}

/** The request as the parts see it. HEAD is GET, and its body is left out when it is sent. */
function requestOf(req: IncomingMessage, body: Buffer): GraphRequest {
  const encrypted = 'encrypted' in req.socket && req.socket.encrypted === true;
  const url = new URL(req.url ?? '/', `${encrypted ? 'https' : 'http'}://${req.headers.host}`);
  const [, version = ''] = url.pathname.split('/');
  const target = (req.url ?? '').replace(/^https?:\/\/[^/]*/, '').slice(version.length + 1);
  const isBatch = /^\/(\$|%24)batch$/i.test(target.split('?')[0] ?? '');
  return {
    method: req.method === 'HEAD' ? 'GET' : req.method ?? 'GET',
    segments: isBatch ? ['$batch'] : placeOf(target).segments,
    query: url.searchParams,
    headers: req.headers,
    body,
    base: `${url.origin}/${version}`,
    target,
  };
}

/** Resolves when the client has taken what was written, or has left. */
const drained = (res: ServerResponse): Promise<void> => new Promise((done) => {
  const go = (): void => {
    res.off('drain', go).off('close', go);
    done();
  };
  res.on('drain', go).on('close', go);
});

/** Sends parts no faster than the client takes them. */
async function stream(res: ServerResponse, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    if (res.destroyed) return;
    if (!res.write(chunk)) await drained(res);
  }
}

async function send(req: IncomingMessage, res: ServerResponse, answer: Answer, settings: Settings): Promise<void> {
  if (answer.lost) {
    res.destroy();
    return;
  }
  const ids = idsFor(req.headers);
  const bytes = answer.json === undefined ? answer.bytes : Buffer.from(JSON.stringify(withIds(answer.json, ids, settings)));
  const headers: Record<string, string> = {
    'cache-control': 'private',
    'request-id': ids.requestId,
    'client-request-id': ids.clientRequestId,
    ...(answer.json !== undefined && { 'content-type': 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8' }),
    ...answer.headers,
  };
  if (answer.chunks && req.method !== 'HEAD') {
    res.writeHead(answer.status, headers);
    await stream(res, answer.chunks);
    if (answer.cut) res.destroy();
    else res.end();
    return;
  }
  if (bytes && !('content-length' in headers)) headers['content-length'] = String(bytes.length);
  res.writeHead(answer.status, headers);
  if (answer.cut) {
    res.write(bytes ?? Buffer.alloc(0), () => { res.destroy(); });
    return;
  }
  res.end(req.method === 'HEAD' ? undefined : bytes);
}

/** Resolves when the whole answer has left, or the client has. */
const closed = (res: ServerResponse): Promise<void> => new Promise((done) => {
  if (res.writableFinished || res.destroyed) done();
  else res.once('close', done).once('finish', done);
});

/** Answers a request of which `isGraph` holds. */
export async function handleGraph(req: IncomingMessage, res: ServerResponse, { settings, record, keepSecret, identify }: Shared): Promise<void> {
  const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
  const identity = await identify(token);
  const path = req.url?.split('?')[0] ?? '';
  // A witness of what the client wants, without the words for which it searches.
  const seen = (status: number): void => {
    record({ event: 'request', what: 'mailbox', login: identity?.login, method: req.method, path, prefer: req.headers.prefer ?? null, status });
  };
  if (!identity) {
    req.resume();
    seen(401);
    return send(req, res, unknownToken(), settings);
  }
  const left = new AbortController();
  res.on('close', () => { left.abort(); });
  const context: GraphContext = {
    ...identity,
    settings,
    record,
    keepSecret,
    now: () => new Date(),
    signal: left.signal,
    dispatch: (request) => refusable(() => dispatch(request, context)),
  };
  let leave = (): void => {};
  const answer = await refusable(async () => {
    const request = requestOf(req, await readBody(req, MAX_REQUEST));
    if (request.segments[0] === '$batch') return answerBatch(request, context);
    const passed = await throughGate(request, context, () => context.dispatch(request));
    leave = passed.leave;
    return passed.answer;
  });
  try {
    seen(answer.status);
    const gone = closed(res);
    await send(req, res, answer, settings);
    await gone;
  } finally {
    leave();
  }
}

/** Answers what a test does to a mailbox; undefined for paths of other controls. */
export function controlGraph(path: string, wanted: unknown, settings: Settings): unknown {
  return path === '/__mailbox' ? control(wanted as { login: string; actions: Action[] }, settings) : controlPart(path, wanted, settings);
}
