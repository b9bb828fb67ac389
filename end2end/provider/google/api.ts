// The APIs of Google behind the strict server: checks the token and its scopes, counts the quota, and lets myworld answer
// for the mailbox of the token.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { body } from '../http.mjs';
import { findToken } from '../store.mjs';
import { type Call, callOf, isApi } from './calls.ts';
import { type Answer, apiDisabled, noMailbox, notFound, overQuota, refusal, scopeMissing, tooLarge, unknownToken } from './errors.ts';
import { fail } from './faults.ts';
import { beyondMetadata, handleGmail, sentBy } from './gmail.ts';
import { DIRECTORY } from './issuer.ts';
import { Meter } from './meter.ts';
import { handlePeople } from './people.ts';
import { SCOPE } from './scopes.ts';
import type { Settings } from './settings.ts';
import { ACCESS, ownForm } from './tokens.ts';
import { asMultipart, Uploads } from './uploads.ts';
import type { FaultWish, World } from './world.ts';

export { isApi };

export interface Shared {
  url: string;
  settings: Settings;
  record: (event: Record<string, unknown>) => void;
  /** The mailboxes; without any, every call of an API is answered 404. */
  world: World | undefined;
}

/** What a test asks of the mailbox of a log-in. */
interface Wish {
  login: string;
  logins?: string[];
  faults?: FaultWish[];
  action?: string;
  params?: Record<string, unknown>;
}

export interface Api {
  handle: (req: IncomingMessage, res: ServerResponse, url: URL) => Promise<void>;
  /** Answers what a test does to a mailbox, or asks of it; undefined for paths of other controls. */
  control: (path: string, wish: Wish) => Promise<unknown>;
}

const TITLES = { 'gmail.googleapis.com': 'Gmail API', 'people.googleapis.com': 'People API' };

function send(req: IncomingMessage, res: ServerResponse, { status, headers = {}, json, bytes }: Answer): void {
  const sent = json === undefined ? bytes ?? Buffer.alloc(0) : Buffer.from(JSON.stringify(json));
  const type: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json; charset=UTF-8' };
  const length = status === 204 ? {} : { 'content-length': String(sent.length) };
  res.writeHead(status, { 'cache-control': 'private', vary: 'Origin, X-Origin, Referer', ...type, ...length, ...headers });
  res.end(req.method === 'HEAD' || status === 204 ? undefined : sent);
}

export function startApi({ url: own, settings, record, world }: Shared): Api {
  const meter = new Meter(Date.now);
  const uploads = new Uploads();

  const allows = (call: Call, scopes: string[]): boolean => call.scopes.some((scope) => scopes.includes(scope));

  /** Why a call with a valid token is refused before it gets to the mailbox. */
  function refused(call: Call, url: URL, login: string, scopes: string[]): Answer | undefined {
    const isGmail = call.host === 'gmail.googleapis.com';
    if (isGmail ? !settings.gmailApi : !settings.peopleApi) return apiDisabled(TITLES[call.host], call.host);
    if (!allows(call, scopes)) return scopeMissing(call.host, `google.${call.name}`);
    if (!isGmail) return undefined;
    const [user = ''] = call.ids;
    if (user !== 'me' && user.toLowerCase() !== login.toLowerCase()) return refusal(403, `Delegation denied for ${login}`, { reason: 'forbidden' });
    if (!settings.mailbox) return noMailbox();
    const readsContent = [SCOPE.read, SCOPE.modify, SCOPE.full].some((scope) => scopes.includes(scope));
    return scopes.includes(SCOPE.metadata) && !readsContent ? beyondMetadata(url, call) : undefined;
  }

  async function answer(req: IncomingMessage, url: URL, call: Call, login: string): Promise<Answer> {
    if (!world) return notFound();
    let method = req.method === 'HEAD' ? 'GET' : req.method ?? 'GET';
    let bytes: Buffer = await body(req);
    let type = req.headers['content-type'];
    const isUpload = url.pathname.startsWith('/upload/');
    if (!isUpload && bytes.length > settings.maxJsonBytes) return tooLarge();
    if (isUpload && url.searchParams.get('uploadType') === 'resumable') {
      const id = url.searchParams.get('upload_id');
      if (id === null) return uploads.begin(req, own, login, url, bytes, settings.maxMessageBytes);
      const taken = uploads.take(req, login, id, bytes, settings.maxMessageBytes);
      if ('status' in taken) return taken;
      method = taken.method;
      ({ body: bytes, type } = asMultipart(taken));
      url.searchParams.set('uploadType', 'multipart');
    }
    if (isUpload && bytes.length > settings.maxMessageBytes + 10_000) return tooLarge();
    const mailbox = await world.mailboxOf(login);
    const request = { call, method, url, body: bytes, type, mailbox, world, settings };
    return call.host === 'people.googleapis.com' ? handlePeople(request, method) : handleGmail(request);
  }

  async function handle(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const bearer = ownForm(/^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '', ACCESS);
    const token = findToken(DIRECTORY, 'AccessToken', bearer);
    const login = String(token?.accountId ?? '');
    // The pieces of an upload have the method of their own request, not of the call.
    const isPiece = url.searchParams.has('upload_id');
    const call = isPiece ? callOf('POST', url.pathname) ?? callOf('PUT', url.pathname) : callOf(req.method === 'HEAD' ? 'GET' : req.method ?? 'GET', url.pathname);
    const seen = (status: number): void => {
      record({ event: 'request', what: 'api', login, method: req.method, path: url.pathname, call: call?.name, status });
    };
    const refuse = (found: Answer): void => {
      req.resume();
      seen(found.status);
      send(req, res, found);
    };
    if (!token) return refuse(unknownToken());
    if (!call) return refuse(refusal(404, `The requested URL ${url.pathname} was not found on this server.`));
    const not = refused(call, url, login, String(token.scope ?? '').split(' '));
    if (not) return refuse(not);
    const counted = meter.admit(login, call.name, isPiece ? 0 : call.units, settings.unitsPerMinute);
    if (!counted) return refuse(overQuota());
    if (settings.fault && settings.faultAt === 'profile' && call.name === 'users.getProfile') {
      seen(0);
      req.resume();
      return fail(settings.fault, { res, sent: '', sound: async () => (await answer(req, url, call, login)).json as Record<string, unknown>, elsewhere: own });
    }
    const found = await answer(req, url, call, login);
    counted(found.status);
    seen(found.status);
    return send(req, res, found);
  }

  async function control(path: string, { login, logins = [], faults = [], action = '', params = {} }: Wish): Promise<unknown> {
    if (path === '/__meter') return { ...meter.report(login), list: meter.list(login) };
    if (!['/__reset', '/__worlds', '/__faults', '/__act', '/__sent', '/__sends', '/__expire'].includes(path)) return undefined;
    if (!world) throw new Error('there are no mailboxes: MYWORLD names no Python');
    if (path === '/__reset') {
      meter.reset();
      await world.reset();
      return {};
    }
    if (path === '/__worlds') {
      await world.open(logins);
      return {};
    }
    const mailbox = await world.mailboxOf(login);
    switch (path) {
      case '/__faults':
        await world.setFaults(mailbox, faults);
        return {};
      case '/__act': return { result: await world.act(mailbox, action, params) };
      case '/__sent': return sentBy(world, mailbox);
      case '/__sends': return world.sends(mailbox);
      default:
        mailbox.book.expire();
        return {};
    }
  }

  return { handle, control };
}
