// The front of all tenants. It forwards each request to the tenant that the path names, and
// changes responses that differ between Microsoft and a certified server: the form of
// `scope`, and the missing `iss`. It also records how each request to the token endpoint was made.

import { approve } from './approval.mjs';
import { describe, fail } from './faults.mjs';
import { controlGraph, handleGraph, isGraph } from './graph/server.ts';
import { asked, body, json, passOn, witness } from './http.mjs';
import { change } from './settings.mjs';
import { reshape } from './scopes.mjs';
import { findAccessToken, forgetGrants } from './store.mjs';

/** Between a refresh token and what makes it longer; no token of the strict server has it. */
const PAD = '~';

/**
 * @param {{
 *   url: string, secondUrl: string, settings: import('./settings.mjs').Settings,
 *   tenants: Map<string, {
 *     segment: string, tid: string, port: number, register: (client: any) => Promise<void>,
 *     mint: (wanted: any) => Promise<{ login: string, refresh_token: string }[]>,
 *   }>,
 *   clients: Map<string, object>, addTenant: (segment: string) => Promise<void>,
 *   events: Record<string, unknown>[], record: (event: Record<string, unknown>) => void,
 *   secrets: { what: 'token' | 'verifier', value: string }[], keepSecret: (value: string) => void,
 * }} shared
 */
export function front(shared) {
  const { settings, tenants, clients, secrets, record } = shared;
  /** Graph has one address for all tenants; this remembers which tenant issued a token. @type {Map<string, string>} */
  const issuedBy = new Map();
  /** The directory of each refresh token. @type {Map<string, string>} */
  const homes = new Map();
  /** The grant of each refresh token: its log-in and a number. @type {Map<string, string>} */
  const grants = new Map();
  /** The refresh token that each grant was given last. @type {Map<string, string>} */
  const newest = new Map();

  /** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res @param {URL} url */
  async function control(req, res, url) {
    if (url.pathname === '/__events') return json(res, 200, shared.events);
    // Not among the events, which are kept for failed stories.
    if (url.pathname === '/__secrets') return json(res, 200, secrets);
    const wanted = JSON.parse((await body(req)).toString() || '{}');
    const done = await controlGraph(url.pathname, wanted, settings);
    if (done !== undefined) return json(res, 200, done);
    if (url.pathname === '/__clients') {
      clients.set(wanted.client_id, wanted);
      for (const tenant of tenants.values()) await tenant.register(wanted);
    } else if (url.pathname === '/__tenants') {
      await shared.addTenant(wanted.segment);
    } else if (url.pathname === '/__grants') {
      const tenant = tenants.get(wanted.tenant ?? 'common');
      if (!tenant) throw new Error(`no tenant is called ${wanted.tenant}`);
      const minted = await tenant.mint(wanted);
      for (const { login, refresh_token: token } of minted) {
        homes.set(token, tenant.tid);
        give(token, newGrant(login));
        secrets.push({ what: 'token', value: token });
      }
      return json(res, 200, minted);
    } else if (url.pathname === '/__forget') {
      forgetGrants();
    } else {
      change(settings, wanted);
    }
    return json(res, 200, settings);
  }

  /** @param {string} login */
  const newGrant = (login) => `${login} ${newest.size}`;

  /** Remembers the refresh token as the newest one of its grant. @param {string} token @param {string} grant */
  function give(token, grant) {
    grants.set(token, grant);
    newest.set(grant, token);
  }

  /** The log-in of a refresh token that came, and whether it is the newest one of its grant. @param {string} token */
  function presented(token) {
    const grant = grants.get(token);
    return grant === undefined ? {} : { login: grant.split(' ')[0], newest: newest.get(grant) === token };
  }

  /** @param {URL} url @param {import('node:http').IncomingMessage} req */
  function tenantOf(url, req) {
    if (!url.pathname.startsWith('/v1.0/me')) return tenants.get(url.pathname.split('/')[1] ?? '');
    return tenants.get(issuedBy.get(req.headers.authorization?.replace(/^Bearer /i, '') ?? '') ?? '');
  }

  /** @param {string} location */
  function wayBack(location) {
    const url = new URL(location, shared.url);
    if ([shared.url, shared.secondUrl].includes(url.origin)) return location;
    if (!settings.iss) url.searchParams.delete('iss');
    if (!settings.stateOnError && url.searchParams.has('error')) url.searchParams.delete('state');
    return url.href;
  }

  /** @param {URL} asked The redirect back with an error instead of a code. */
  function refused(asked) {
    const back = new URL(asked.searchParams.get('redirect_uri') ?? '');
    back.searchParams.set('error', settings.authorizeError);
    if (settings.authorizeCode) back.searchParams.set('error_description', describe(settings.authorizeCode).error_description);
    back.searchParams.set('state', asked.searchParams.get('state') ?? '');
    return back.href;
  }

  /** @param {Buffer} bytes @param {string} tenant @param {URLSearchParams} form What was sent. */
  function tokens(bytes, tenant, form) {
    const answer = JSON.parse(bytes.toString());
    if (typeof answer.access_token === 'string') {
      issuedBy.set(answer.access_token, tenant);
    }
    if (typeof answer.refresh_token === 'string') {
      homes.set(answer.refresh_token, tenants.get(tenant)?.tid ?? '');
      const signedIn = typeof answer.id_token === 'string' ? JSON.parse(Buffer.from(answer.id_token.split('.')[1] ?? '', 'base64url').toString()) : {};
      give(answer.refresh_token, grants.get(form.get('refresh_token') ?? '') ?? newGrant(String(signedIn.preferred_username)));
      if (settings.padding) answer.refresh_token += `${PAD}${'x'.repeat(settings.padding)}`;
    }
    if (!settings.expiresIn) delete answer.expires_in;
    for (const value of [answer.access_token, answer.refresh_token, answer.id_token]) {
      if (typeof value === 'string') secrets.push({ what: 'token', value });
    }
    return { answer, bytes: Buffer.from(JSON.stringify(reshape(answer, settings.scope))) };
  }

  /** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
  async function handle(req, res) {
    const url = new URL(req.url ?? '/', `http://${req.headers.host}`);
    if (url.pathname.startsWith('/__')) return control(req, res, url);
    if (isGraph(url.pathname)) return handleGraph(req, res, { settings, record, keepSecret: shared.keepSecret, identify: findAccessToken });

    const tenant = tenantOf(url, req);
    const isToken = url.pathname.endsWith('/oauth2/v2.0/token');
    if (!tenant) {
      record({ event: 'request', what: 'lost', method: req.method, path: url.pathname, status: 404 });
      if (isToken) return json(res, 400, { error: 'invalid_request', error_description: 'AADSTS90002: Tenant not found.' });
      if (url.pathname.startsWith('/v1.0/me')) return json(res, 401, { error: { code: 'InvalidAuthenticationToken', message: 'The access token is not known.' } });
      return json(res, 404, { error: 'AADSTS90002: Tenant not found.' });
    }

    if (url.pathname.endsWith('/oauth2/v2.0/authorize')) {
      record({ event: 'request', what: 'authorize', tenant: tenant.segment, method: req.method, site: req.headers['sec-fetch-site'] ?? null, referer: req.headers.referer ?? null, ...asked(url) });
      if (settings.authorizeError) return res.writeHead(302, { location: refused(url) }).end();
      if (settings.redirectFirst && url.origin === shared.url) {
        return res.writeHead(302, { location: shared.secondUrl + url.pathname + url.search }).end();
      }
    }

    if (url.pathname.endsWith('/v2.0/adminconsent')) {
      const client = clients.get(url.searchParams.get('client_id') ?? '');
      return approve(req, res, { url, tenant, client, settings, record });
    }

    let sent = await body(req);
    if (isToken) {
      const form = new URLSearchParams(sent.toString());
      const token = form.get('refresh_token')?.split(PAD)[0];
      const home = token && homes.get(token);
      if (home && home !== tenant.segment) {
        record({ event: 'request', what: 'token', tenant: tenant.segment, ...witness(req, sent.toString()), status: 400, error: 'invalid_grant' });
        return json(res, 400, { error: 'invalid_grant', ...describe(7000012), error_codes: [7000012] });
      }
      // oidc-provider drops `offline_access` from a sign-in that asks for no consent, and refuses a refresh that names it.
      const scopes = form.get('scope')?.split(' ').filter((scope) => scope !== 'offline_access').join(' ');
      if (token) {
        form.set('refresh_token', token);
        if (scopes) form.set('scope', scopes);
        else form.delete('scope');
        sent = Buffer.from(form.toString());
        req.headers['content-length'] = String(sent.length);
      }
    }
    const verifier = isToken && new URLSearchParams(sent.toString()).get('code_verifier');
    if (verifier) secrets.push({ what: 'verifier', value: verifier });
    if (isToken && settings.tokenDelay) await new Promise((done) => { setTimeout(done, settings.tokenDelay); });
    // The client has disconnected. Its event would appear in the next story.
    if (settings.tokenDelay && res.destroyed) return;
    const ask = () => passOn(tenant.port, req, sent);
    const isMe = url.pathname === '/v1.0/me';
    if (settings.fault && ((isToken && settings.faultAt === 'token') || (isMe && settings.faultAt === 'me'))) {
      const seen = isToken ? witness(req, sent.toString()) : { method: req.method, origin: req.headers.origin ?? null };
      record({ event: 'request', what: isToken ? 'token' : 'me', tenant: tenant.segment, ...seen, fault: settings.fault });
      // A changed response is remembered like a sound one, because its token may be valid.
      const sound = async () => {
        const bytes = await body(await ask());
        return JSON.parse((isToken ? tokens(bytes, tenant.segment, new URLSearchParams(sent.toString())).bytes : bytes).toString());
      };
      return fail(settings.fault, { res, sent: sent.toString(), sound, elsewhere: shared.secondUrl });
    }
    const form = new URLSearchParams(isToken ? sent.toString() : '');
    const used = presented(form.get('refresh_token') ?? '');
    const answer = await ask();
    let got = await body(answer);
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    if (headers.location) headers.location = wayBack(headers.location);
    if (isToken || isMe) {
      const shaped = isToken ? tokens(got, tenant.segment, form) : undefined;
      record({
        event: 'request',
        what: isToken ? 'token' : 'me',
        tenant: tenant.segment,
        ...(isToken ? { ...witness(req, sent.toString()), ...used } : { method: req.method, origin: req.headers.origin ?? null }),
        status: answer.statusCode,
        ...(shaped?.answer.error && { error: shaped.answer.error }),
      });
      if (shaped) got = shaped.bytes;
    }
    if (isToken && settings.answerDelay) await new Promise((done) => { setTimeout(done, settings.answerDelay); });
    headers['content-length'] = String(got.length);
    return res.writeHead(answer.statusCode ?? 502, headers).end(got);
  }

  return (/** @type {import('node:http').IncomingMessage} */ req, /** @type {import('node:http').ServerResponse} */ res) => {
    handle(req, res).catch((/** @type {Error} */ error) => {
      record({ event: 'front.error', path: req.url?.split('?')[0], error: error.message });
      if (!res.headersSent) json(res, req.url?.startsWith('/__') ? 400 : 502, { error: error.message });
      else res.end();
    });
  };
}
