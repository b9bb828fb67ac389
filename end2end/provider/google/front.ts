// The front of the stand-in for Google: the authorization server under Google's paths, the APIs, and the control calls of
// the tests. It answers where Google differs from a certified server: pages on which a sign-in ends, the texts of
// errors, the forms of tokens and scopes.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { asked, body, json, passOn, witness } from '../http.mjs';
import { change } from '../settings.mjs';
import { findToken, forgetGrants, revokeGrants } from '../store.mjs';
import { type Api, isApi } from './api.ts';
import { blockedPage } from './blocked.ts';
import { fail, FAULT_NAMES } from './faults.ts';
import { AUTHORIZE, DIRECTORY, EXCHANGE, type Issuer, type Shared as IssuerShared, TOKEN } from './issuer.ts';
import { asGoogleNames, KNOWN_SCOPES } from './scopes.ts';
import { ACCESS, CODE, ownForm, REFRESH } from './tokens.ts';

const REVOKE = '/revoke';

export interface Shared extends IssuerShared {
  issuer: Issuer;
  api: Api;
  events: Record<string, unknown>[];
  secrets: { what: 'token' | 'verifier'; value: string }[];
  keepSecret: (value: string) => void;
}

interface Client {
  client_id: string;
  redirect_uris: string[];
}

const pause = (milliseconds: number): Promise<void> => new Promise((done) => { setTimeout(done, milliseconds); });

function show(res: ServerResponse, error: string, detail = ''): void {
  const { status, html } = blockedPage(error, detail);
  res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
}

/** The error of a request that the server refused, as Google writes it. */
function refusalOf(value: Record<string, unknown>, reason: string, form: URLSearchParams, client: Client | undefined): [number, Record<string, unknown>] {
  const error = String(value.error);
  const write = (status: number, name: string, text: string): [number, Record<string, unknown>] => [status, { error: name, error_description: text }];
  if (error === 'invalid_client') return write(401, error, client ? 'Unauthorized' : 'The OAuth client was not found.');
  if (error !== 'invalid_grant') return [400, value];
  if (form.get('grant_type') === 'refresh_token') return write(400, error, 'Token has been expired or revoked.');
  const redirect = form.get('redirect_uri') ?? '';
  if (!client?.redirect_uris.includes(redirect) || /redirect_uri/.test(reason)) return write(400, 'redirect_uri_mismatch', 'Bad Request');
  if (/PKCE|verifier/i.test(reason)) return write(400, error, form.has('code_verifier') ? 'Invalid code verifier.' : 'Missing code verifier.');
  return write(400, error, 'Malformed auth code.');
}

export function front(shared: Shared): (req: IncomingMessage, res: ServerResponse) => void {
  const { url: own, settings, clients, issuer, api, secrets, record, keepSecret } = shared;
  const clientOf = (id: string | null): Client | undefined => clients.get(id ?? '') as Client | undefined;

  async function control(req: IncomingMessage, res: ServerResponse, path: string): Promise<void> {
    if (path === '/__events') return json(res, 200, shared.events);
    // Not among the events, which are kept for failed stories.
    if (path === '/__secrets') return json(res, 200, secrets);
    const wanted = JSON.parse((await body(req)).toString() || '{}');
    const done = await api.control(path, wanted);
    if (done !== undefined) return json(res, 200, done);
    if (path === '/__clients') {
      clients.set(wanted.client_id, wanted);
      await issuer.register(wanted);
    } else if (path === '/__grants') {
      const minted = await issuer.mint(wanted);
      for (const grant of minted) {
        grant.refresh_token = REFRESH + grant.refresh_token;
        keepSecret(grant.refresh_token);
      }
      return json(res, 200, minted);
    } else if (path === '/__revoke') {
      // As the owner does in the settings of the Google account.
      for (const id of clients.keys()) revokeGrants(DIRECTORY, { accountId: wanted.login, clientId: id });
    } else if (path === '/__forget') {
      forgetGrants();
    } else {
      change(settings, wanted, FAULT_NAMES);
    }
    return json(res, 200, settings);
  }

  /** Adds to the way back what Google adds, and gives a code Google's form. */
  function wayBack(location: string): string {
    const url = new URL(location, own);
    if (url.origin === own) return location;
    const code = url.searchParams.get('code');
    if (code) {
      url.searchParams.set('code', CODE + code);
      url.searchParams.set('authuser', '0');
      url.searchParams.set('prompt', 'consent');
    }
    if (!settings.iss) url.searchParams.delete('iss');
    return url.href;
  }

  /** A page of the authorization server, or the way back from it. */
  async function pages(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const answer = await passOn(issuer.port, req, await body(req));
    const bytes = await body(answer);
    const { 'transfer-encoding': _, ...headers } = answer.headers;
    if (headers.location) headers.location = wayBack(headers.location);
    res.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': String(bytes.length) }).end(bytes);
  }

  /** Stops a sign-in on a page of Google's own, or lets it begin. */
  async function authorize(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const get = (name: string): string => url.searchParams.get(name) ?? '';
    record({ event: 'request', what: 'authorize', method: req.method, site: req.headers['sec-fetch-site'] ?? null, referer: req.headers.referer ?? null, ...asked(url, ['access_type', 'include_granted_scopes', 'hd']) });
    const client = clientOf(get('client_id'));
    if (!client) return show(res, 'invalid_client');
    // Exactly: also case and a slash at the end count (Google, *Redirect URI validation rules*).
    if (!client.redirect_uris.includes(get('redirect_uri'))) return show(res, 'redirect_uri_mismatch', `redirect_uri=${get('redirect_uri')} flowName=GeneralOAuthFlow`);
    if (settings.blocked) return show(res, settings.blocked);
    if (get('response_type') !== 'code') return show(res, 'unsupported_response_type');
    const unknown = get('scope').split(' ').filter((scope) => !KNOWN_SCOPES.includes(scope));
    if (unknown.length) return show(res, 'invalid_scope', `scope=[${unknown.join(', ')}]`);
    if (settings.authorizeError) {
      const back = new URL(get('redirect_uri'));
      back.searchParams.set('error', settings.authorizeError);
      back.searchParams.set('state', get('state'));
      res.writeHead(302, { location: back.href }).end();
      return undefined;
    }
    return pages(req, res);
  }

  /** The answer of the strict server to a token request, in Google's form. */
  async function exchange(req: IncomingMessage, text: string): Promise<[number, Record<string, unknown>]> {
    const form = new URLSearchParams(text);
    for (const [name, prefix] of [['code', CODE], ['refresh_token', REFRESH]] as const) {
      const value = form.get(name);
      // Without its beginning no token is one of ours.
      if (value !== null) form.set(name, ownForm(value, prefix) ?? 'unknown');
    }
    const id = randomUUID();
    const sent = Buffer.from(form.toString());
    Object.assign(req.headers, { [EXCHANGE]: id, 'content-length': String(sent.length) });
    const answer = await passOn(issuer.port, req, sent);
    const value = JSON.parse((await body(answer)).toString()) as Record<string, unknown>;
    const reason = issuer.reasons.get(id) ?? '';
    issuer.reasons.delete(id);
    if (answer.statusCode !== 200) return refusalOf(value, reason, form, clientOf(form.get('client_id')));

    value.access_token = ACCESS + String(value.access_token);
    // A refresh gives no new refresh token.
    if (form.get('grant_type') === 'refresh_token') delete value.refresh_token;
    if (typeof value.refresh_token === 'string') {
      value.refresh_token = REFRESH + value.refresh_token;
      if (settings.testing) value.refresh_token_expires_in = 7 * 86_400 - 1;
    }
    if (!settings.expiresIn) delete value.expires_in;
    if (settings.scope === 'absent') delete value.scope;
    else value.scope = asGoogleNames(String(value.scope ?? ''));
    for (const one of [value.access_token, value.refresh_token, value.id_token]) if (typeof one === 'string') keepSecret(one);
    return [200, value];
  }

  async function token(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const text = (await body(req)).toString();
    const form = new URLSearchParams(text);
    const used = findToken(DIRECTORY, 'RefreshToken', ownForm(form.get('refresh_token') ?? '', REFRESH));
    const seen = { event: 'request', what: 'token', ...witness(req, text), ...(used && { login: used.accountId }) };
    const verifier = form.get('code_verifier');
    if (verifier) secrets.push({ what: 'verifier', value: verifier });
    if (settings.tokenDelay) await pause(settings.tokenDelay);
    // The client has disconnected. Its event would appear in the next story.
    if (settings.tokenDelay && res.destroyed) return undefined;
    if (settings.fault && settings.faultAt === 'token') {
      record({ ...seen, fault: settings.fault });
      return fail(settings.fault, { res, sent: text, sound: async () => (await exchange(req, text))[1], elsewhere: own });
    }
    const [status, value] = await exchange(req, text);
    record({ ...seen, status, ...(value.error !== undefined && { error: value.error }) });
    if (settings.answerDelay) await pause(settings.answerDelay);
    return json(res, status, value);
  }

  /** Revokes the whole grant of a token (Google, *Revoking a token*). It needs no secret of the application. */
  async function revoke(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const text = (await body(req)).toString();
    const value = new URLSearchParams(text).get('token') ?? url.searchParams.get('token') ?? '';
    const found = findToken(DIRECTORY, 'RefreshToken', ownForm(value, REFRESH)) ?? findToken(DIRECTORY, 'AccessToken', ownForm(value, ACCESS));
    const status = found ? 200 : 400;
    const isFault = settings.fault !== '' && settings.faultAt === 'revoke';
    record({ event: 'request', what: 'revoke', method: req.method, query: url.search !== '', login: found?.accountId, ...(isFault ? { fault: settings.fault } : { status }) });
    if (isFault) return fail(settings.fault, { res, sent: text, sound: async () => ({}), elsewhere: own });
    if (!found) return json(res, 400, { error: 'invalid_token', error_description: 'Token expired or revoked' });
    revokeGrants(DIRECTORY, { accountId: String(found.accountId), clientId: String(found.clientId) });
    return json(res, 200, {});
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', own);
    delete req.headers[EXCHANGE];
    if (url.pathname.startsWith('/__')) return control(req, res, url.pathname);
    if (isApi(url.pathname)) return api.handle(req, res, url);
    if (url.pathname === TOKEN && req.method === 'POST') return token(req, res);
    if (url.pathname === REVOKE && req.method === 'POST') return revoke(req, res, url);
    if (url.pathname === AUTHORIZE) return authorize(req, res, url);
    if (/^\/(o\/oauth2|interaction|oauth2\/v3\/certs|\.well-known)(\/|$)/.test(url.pathname)) return pages(req, res);
    record({ event: 'request', what: 'lost', method: req.method, path: url.pathname, status: 404 });
    return json(res, 404, { error: { code: 404, message: 'The requested URL was not found on this server.', status: 'NOT_FOUND' } });
  }

  return (req, res) => {
    handle(req, res).catch((error: Error) => {
      record({ event: 'front.error', path: req.url?.split('?')[0], error: error.message });
      if (!res.headersSent) json(res, req.url?.startsWith('/__') ? 400 : 502, { error: error.message });
      else res.end();
    });
  };
}
