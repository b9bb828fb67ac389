// `POST /$batch`: up to twenty requests in one. Each is admitted, refused and answered by itself; up to four are under way
// at a time. Requests that depend on others wait for them and fail with them.

import { accessDenied, type Answer, type GraphContext, type GraphRequest, refusal, Refused } from './context.ts';
import { idsFor, withIds } from './envelope.ts';
import { type Gate, pass } from './gate.ts';
import { isOwner } from './owner.ts';
import { placeOf } from './path.ts';

/** One request of a batch. */
interface Part {
  id: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: Buffer;
  dependsOn: string[];
}

/** The answer to one. */
interface PartAnswer {
  id: string;
  status: number;
  headers: Record<string, string>;
  body?: unknown;
}

const MAX_PARTS = 20;
/** Graph sends this many requests of one mailbox to Exchange at a time. */
const AT_A_TIME = 4;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

const malformed = (message: string): Refused => new Refused(400, 'BadRequest', message);

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The header of a part, names in small letters as Node has them. */
function headersOf(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(isObject(value) ? value : {}).map(([name, text]) => [name.toLowerCase(), String(text)]));
}

/** JSON as it is, and other content from base64. */
function bodyOf(body: unknown, headers: Record<string, string>): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  const type = headers['content-type'];
  if (type === undefined) throw malformed('A request with a body needs a Content-Type.');
  return /\bjson\b/.test(type) ? Buffer.from(JSON.stringify(body)) : Buffer.from(String(body), 'base64');
}

function partOf(value: unknown): Part {
  if (!isObject(value)) throw malformed('Invalid batch payload format.');
  const { id, method, url, dependsOn = [] } = value;
  if (typeof id !== 'string' || !id) throw malformed('Invalid batch payload format: each request needs an id.');
  if (typeof method !== 'string' || !METHODS.includes(method.toUpperCase())) throw malformed(`Invalid method in the request ${id}.`);
  if (typeof url !== 'string' || /^[a-z]+:/i.test(url)) throw malformed(`Invalid url in the request ${id}: it must be relative.`);
  if (!Array.isArray(dependsOn)) throw malformed(`Invalid dependsOn in the request ${id}.`);
  const headers = headersOf(value.headers);
  return { id, method: method.toUpperCase(), url, headers, body: bodyOf(value.body, headers), dependsOn: dependsOn.map(String) };
}

/** The requests of a batch. The whole batch is refused if one of them is not well-formed. */
function partsOf(bytes: Buffer): Part[] {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw malformed('Invalid batch payload format.');
  }
  if (!isObject(value) || !Array.isArray(value.requests)) throw malformed('Invalid batch payload format.');
  if (value.requests.length > MAX_PARTS) throw malformed(`Number of batch request steps exceeds the maximum value of ${MAX_PARTS}.`);
  const parts = value.requests.map(partOf);
  // Ids do not differ in case.
  const ids = parts.map(({ id }) => id.toLowerCase());
  if (new Set(ids).size < ids.length) throw malformed('The ids of the requests must be unique.');
  const known = new Set<string>();
  for (const part of inOrder(parts)) known.add(part.id);
  if (known.size < parts.length) throw malformed('A request depends on a request that is not in the batch, or on itself.');
  return parts;
}

/** The parts, each after those on which it depends. Those that can never begin are left out. */
function inOrder(parts: Part[]): Part[] {
  const sorted: Part[] = [];
  const isSorted = (id: string): boolean => sorted.some((part) => part.id === id);
  for (let count = -1; count < sorted.length;) {
    count = sorted.length;
    sorted.push(...parts.filter((part) => !isSorted(part.id) && part.dependsOn.every(isSorted)));
  }
  return sorted;
}

const titleCase = (name: string): string => name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());

/** An answer in the form of a batch: JSON as it is, anything else in base64. */
async function partAnswer(part: Part, { status, headers = {}, json, bytes, chunks }: Answer, { settings }: GraphContext): Promise<PartAnswer> {
  const { id } = part;
  const named = Object.fromEntries(Object.entries(headers).map(([name, value]) => [titleCase(name), value]));
  if (json !== undefined) return { id, status, headers: { ...named, 'Content-Type': 'application/json' }, body: withIds(json, idsFor(part.headers), settings) };
  const pieces: Uint8Array[] = bytes ? [bytes] : [];
  for await (const chunk of chunks ?? []) pieces.push(chunk);
  const body = Buffer.concat(pieces);
  return { id, status, headers: named, ...(body.length > 0 && { body: body.toString('base64') }) };
}

/** Answers one part, through the limit and the faults, as if it had come alone. */
async function answerPart(part: Part, whole: GraphRequest, context: GraphContext, gate: Gate): Promise<PartAnswer> {
  try {
    const target = part.url.startsWith('/') ? part.url : `/${part.url}`;
    const { owner, segments } = placeOf(target);
    if (!isOwner(owner, context.login)) return await partAnswer(part, accessDenied(), context);
    const query = new URLSearchParams(target.split('?').slice(1).join('?'));
    const request: GraphRequest = {
      method: part.method, segments, query, headers: part.headers, body: part.body, base: whole.base, target,
    };
    const { answer, leave } = await pass(gate, request, context, () => context.dispatch(request));
    try {
      return await partAnswer(part, answer, context);
    } finally {
      leave();
    }
  } catch (error) {
    if (error instanceof Refused) return partAnswer(part, error.answer, context);
    throw error;
  }
}

/**
 * Answers a batch. The batch itself does not pass the limit; each of its requests does.
 * A batch inside a batch has no place that `placeOf` knows, so it is refused like any unknown path.
 */
export async function handleBatch(request: GraphRequest, context: GraphContext, gate: Gate): Promise<Answer> {
  if (request.method !== 'POST') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const parts = partsOf(request.body);
  const answers = new Map<string, Promise<PartAnswer>>();
  const free: (() => void)[] = [];
  let underWay = 0;

  const inTurn = async (work: () => Promise<PartAnswer>): Promise<PartAnswer> => {
    if (underWay >= AT_A_TIME) await new Promise<void>((next) => { free.push(next); });
    else underWay += 1;
    try {
      return await work();
    } finally {
      // The next one takes this place.
      const next = free.shift();
      if (next) next();
      else underWay -= 1;
    }
  };
  const answerInTurn = async (part: Part): Promise<PartAnswer> => {
    const before = await Promise.all(part.dependsOn.flatMap((id) => answers.get(id) ?? []));
    if (before.some(({ status }) => status >= 400)) {
      return partAnswer(part, refusal(424, 'FailedDependency', 'A request on which this one depends has failed.'), context);
    }
    return inTurn(() => answerPart(part, request, context, gate));
  };
  for (const part of inOrder(parts)) answers.set(part.id, answerInTurn(part));
  // "Individual responses might appear in a different order than the requests": here always in the opposite one.
  const responses = (await Promise.all(answers.values())).reverse();
  return { status: 200, json: { responses } };
}
