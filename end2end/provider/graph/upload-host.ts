// The other host, to which the pieces of uploads go: `outlook.office.com` at Microsoft. The address of a session is all that
// a request there needs; one that also has a token of Graph is refused, so that a program that sends it shows.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './body.ts';
import { type Answer, type GraphContext, type GraphRequest, itemNotFound, refusal } from './context.ts';
import { throughGate } from './parts.ts';
import { closed, refusable, send, type Shared } from './server.ts';
import { MAX_REQUEST } from './sizes.ts';
import { handleUpload, sessionAt } from './uploads.ts';

const hasToken = (): Answer => refusal(401, 'InvalidAuthenticationToken', 'The address of an upload is authorised by itself. Do not send the header Authorization.');

/** The request as the limits, the faults and the session see it. Nothing but its path says where it belongs. */
function requestOf(req: IncomingMessage, url: URL, body: Buffer): GraphRequest {
  return { method: req.method ?? 'GET', segments: [], query: url.searchParams, headers: req.headers, body, base: url.origin, target: url.pathname };
}

/** Answers any request to the host. */
export async function handleUploadHost(req: IncomingMessage, res: ServerResponse, { settings, record, keepSecret }: Shared): Promise<void> {
  const url = new URL(req.url ?? '/', `http://${req.headers.host}`);
  const session = sessionAt(url);
  const login = session?.mailbox.login;
  const seen = (status: number): void => { record({ event: 'request', what: 'upload', login, method: req.method, path: url.pathname, status }); };
  if (req.headers.authorization !== undefined || !session || login === undefined) {
    req.resume();
    const answer = req.headers.authorization === undefined ? itemNotFound() : hasToken();
    seen(answer.status);
    return send(req, res, answer, settings);
  }
  const left = new AbortController();
  res.on('close', () => { left.abort(); });
  const work = (request: GraphRequest): Promise<Answer> => refusable(() => Promise.resolve(handleUpload(request, session, context)));
  const context: GraphContext = { login, scopes: [], isPersonal: false, settings, record, keepSecret, now: () => new Date(), signal: left.signal, dispatch: work };
  let leave = (): void => {};
  const answer = await refusable(async () => {
    const request = requestOf(req, url, await readBody(req, MAX_REQUEST));
    const passed = await throughGate(request, context, () => work(request));
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
