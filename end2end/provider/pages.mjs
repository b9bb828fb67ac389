// The provider's own pages: log-in and consent. They are ours because the pages of
// oidc-provider answer 501 to the prompt `select_account`. Every log-in is accepted.

import { createHash } from 'node:crypto';

/** @param {unknown} text */
export const escape = (text) => String(text ?? '').replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** @param {string} title @param {string} body */
export const page = (title, body) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escape(title)}</title><link rel="icon" href="data:,">
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 15vh auto; padding: 0 1rem; color: #1b1b1b; background: #fff }
  label, input { display: block; width: 100%; box-sizing: border-box; font: inherit } input { padding: .4rem; margin: .2rem 0 1rem }
  button { font: inherit; padding: .4rem 1.2rem; margin-right: .5rem }
</style>
<main><h1>${escape(title)}</h1>${body}</main></html>`;

/** @param {string} hint */
const logIn = (hint) => page('Sign in to your account', `
<p>This provider exists for tests and demonstrations: any log-in will do.</p>
<form method="post">
  <label for="login">Email</label>
  <input id="login" name="login" type="email" required autofocus autocomplete="off" value="${escape(hint)}">
  <label for="password">Password</label>
  <input id="password" name="password" type="password" autocomplete="off">
  <button name="answer" value="go">Sign in</button>
  <button name="answer" value="cancel" formnovalidate>Cancel</button>
</form>`);

/**
 * The page with which a server asks for consent, and the grant that it makes of the answer.
 * @typedef {{
 *   ask: (account: string, client: string, scopes: string[]) => string,
 *   grant: (oidc: import('oidc-provider').default, interaction: any, answer: URLSearchParams) => Promise<any>,
 * }} Consent
 */

/** @param {string} account @param {string} client @param {string[]} scopes */
const consent = (account, client, scopes) => page('Permissions requested', `
<p>${escape(account)}</p>
<p>The application ${escape(client)} would like to:</p>
<ul>${scopes.map((scope) => `<li>${escape(scope)}</li>`).join('')}</ul>
<form method="post">
  <button name="answer" value="go" autofocus>Accept</button>
  <button name="answer" value="cancel">Cancel</button>
</form>`);

/** @param {string} login A stable GUID for a log-in, like Microsoft's `oid`. */
export function guidOf(login) {
  const hex = createHash('sha256').update(login.toLowerCase()).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

/** @param {import('node:http').IncomingMessage} req */
export async function form(req) {
  let text = '';
  for await (const chunk of req) {
    text += chunk;
    if (text.length > 10_000) throw new Error('the form is too large');
  }
  return new URLSearchParams(text);
}

/** The whole of what is asked for, as Microsoft's page has it. @type {Consent} */
const WHOLE = {
  ask: consent,
  grant: async (oidc, { prompt, params, session, grantId }) => {
    const missing = /** @type {{ missingOIDCScope?: string[] }} */ (prompt.details).missingOIDCScope;
    const grant = grantId ? await oidc.Grant.find(grantId) : new oidc.Grant({ accountId: session?.accountId, clientId: String(params.client_id) });
    if (!grant) throw new Error('the grant is gone');
    if (missing) grant.addOIDCScope(missing.join(' '));
    return grant;
  },
};

/**
 * Answers `/{segment}/interaction/{uid}`.
 * @param {import('oidc-provider').default} oidc
 * @param {import('node:http').IncomingMessage} req
 * @param {import('node:http').ServerResponse} res
 * @param {Consent} how
 */
export async function interact(oidc, req, res, how = WHOLE) {
  const interaction = await oidc.interactionDetails(req, res);
  const { prompt, params, session } = interaction;
  const asksWho = prompt.name !== 'consent';

  if (req.method === 'GET') {
    const wanted = /** @type {{ missingOIDCScope?: string[] }} */ (prompt.details).missingOIDCScope ?? [];
    res.setHeader('content-type', 'text/html; charset=utf-8');
    res.setHeader('cache-control', 'no-store');
    res.end(asksWho
      ? logIn(String(params.login_hint ?? ''))
      : how.ask(session?.accountId ?? '', String(params.client_id), wanted.length ? wanted : String(params.scope).split(' ')));
    return;
  }

  const answer = await form(req);
  if (answer.get('answer') === 'cancel') {
    const result = { error: 'access_denied', error_description: 'the user canceled the authentication' };
    await oidc.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    return;
  }

  if (asksWho) {
    // Each sign-in begins without a session. With an earlier session, another account would get
    // oidc-provider's log-out page, which needs JavaScript.
    if (interaction.session?.uid) {
      await (await oidc.Session.findByUid(interaction.session.uid))?.destroy();
      delete interaction.session;
      await interaction.save(interaction.exp - Math.floor(Date.now() / 1000));
    }
    const login = answer.get('login')?.trim() || 'somebody@example.com';
    const result = { select_account: {}, login: { accountId: login } };
    await oidc.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
    return;
  }

  const grant = await how.grant(oidc, interaction, answer);
  await oidc.interactionFinished(req, res, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}
