// The envelope of errors: the ids and the time that an error has besides its code and its message.

import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Settings } from '../settings.mjs';

export interface RequestIds {
  requestId: string;
  /** The id that the client sent, and otherwise the same one. */
  clientRequestId: string;
}

/** New ids for an answer. */
export function idsFor(headers: IncomingHttpHeaders): RequestIds {
  const requestId = randomUUID();
  const sent = headers['client-request-id'];
  return { requestId, clientRequestId: typeof sent === 'string' ? sent : requestId };
}

/** An answer with its ids and its time in the body, if it is an error. */
export function withIds(json: unknown, { requestId, clientRequestId }: RequestIds, { lowercaseInnerError }: Settings): unknown {
  if (typeof json !== 'object' || json === null || !('error' in json) || typeof json.error !== 'object') return json;
  const inner = { date: new Date().toISOString().slice(0, 19), 'request-id': requestId, 'client-request-id': clientRequestId };
  return { ...json, error: { ...json.error, [lowercaseInnerError ? 'innererror' : 'innerError']: inner } };
}
