// Microsoft's page on which an administrator approves the permissions of an application for all users of a tenant:
// `/{tenant}/v2.0/adminconsent`. Any administrator may. As at Microsoft the browser then returns to a registered
// Redirect URI with `admin_consent=True`; with the setting `approvalReturns` off it stays on a page that says so, which
// Microsoft's own page often does too.

import { describe } from './faults.mjs';
import { escape, form, page } from './pages.mjs';

/** @param {string} tenant @param {string} client @param {string[]} scopes */
const ask = (tenant, client, scopes) => page('Approve for your company', `
<p>Tenant ${escape(tenant)}</p>
<p>The application ${escape(client)} would like to do this for all users:</p>
<ul>${scopes.map((scope) => `<li>${escape(scope)}</li>`).join('')}</ul>
<form method="post">
  <button name="answer" value="go" autofocus>Accept</button>
  <button name="answer" value="cancel">Cancel</button>
</form>`);

/**
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {{
 *   url: URL, tenant: { segment: string, tid: string }, client: object | undefined,
 *   settings: import('./settings.mjs').Settings, record: (event: Record<string, unknown>) => void,
 * }} asked
 */
export async function approve(req, res, { url, tenant, client, settings, record }) {
  const [id, to, scope, state] = ['client_id', 'redirect_uri', 'scope', 'state'].map((name) => url.searchParams.get(name) ?? '');
  /** @param {number} status @param {string} html */
  const show = (status, html) => res.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html);
  const answer = req.method === 'POST' ? (await form(req)).get('answer') : null;
  record({ event: 'request', what: 'approval', tenant: tenant.segment, method: req.method, client_id: id, redirect_uri: to, scope, has_state: Boolean(state), referer: req.headers.referer ?? null, answer });

  const uris = /** @type {{ redirect_uris?: string[] } | undefined} */ (client)?.redirect_uris ?? [];
  if (tenant.segment === 'common') return show(400, page('Sorry', '<p>AADSTS90009: This page is not at /common.</p>'));
  if (!client) return show(400, page('Sorry', `<p>${escape(describe(700016).error_description)}</p>`));
  if (!to || !uris.includes(to)) return show(400, page('Sorry', `<p>${escape(describe(50011).error_description)}</p>`));
  if (req.method !== 'POST') return show(200, ask(tenant.segment, id ?? '', (scope ?? '').split(' ')));
  if (!settings.approvalReturns) return show(200, page('Your approval was stored', '<p>You may close this window.</p>'));

  const back = new URL(to);
  back.searchParams.set('admin_consent', 'True');
  if (answer === 'go') {
    back.searchParams.set('tenant', tenant.tid);
    back.searchParams.set('scope', scope ?? '');
  } else {
    back.searchParams.set('error', 'access_denied');
    back.searchParams.set('error_description', describe(65004).error_description);
  }
  if (state) back.searchParams.set('state', state);
  return res.writeHead(302, { location: back.href }).end();
}
