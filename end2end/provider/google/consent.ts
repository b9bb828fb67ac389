// Google's consent page. Users choose each permission: what they untick is not granted, and the sign-in succeeds.

import { createHash } from 'node:crypto';
import type Provider from 'oidc-provider';
import { escape, page } from '../pages.mjs';
import { ABOUT_THE_USER } from './scopes.ts';

/** Google's number of an account. */
export function subOf(login: string): string {
  const number = BigInt(`0x${createHash('sha256').update(login.toLowerCase()).digest('hex').slice(0, 16)}`);
  return `1${(number % 10n ** 20n).toString().padStart(20, '0')}`;
}

const choice = (scope: string): string => (ABOUT_THE_USER.includes(scope)
  ? `<li>${escape(scope)}</li>`
  : `<li><label><input type="checkbox" name="scope" value="${escape(scope)}" checked style="display: inline; width: auto"> ${escape(scope)}</label></li>`);

const ask = (account: string, client: string, scopes: string[]): string => page('Permissions requested', `
<p>${escape(account)}</p>
<p>The application ${escape(client)} wants access to your Google Account. Select what it can access:</p>
<form method="post">
  <input type="hidden" name="choosing" value="yes">
  <ul>${scopes.map(choice).join('')}</ul>
  <button name="answer" value="go">Accept</button>
  <button name="answer" value="cancel">Cancel</button>
</form>`);

interface Interaction {
  params: Record<string, unknown>;
  session?: { accountId?: string };
}

/**
 * How the server asks for consent. Each consent makes a grant of its own; a refresh token belongs to it only if it was
 * asked for with `access_type=offline`.
 * @param offline Remembers the id of a grant for which a refresh token will be issued.
 */
export const consentWith = (offline: Set<string>) => ({
  ask,
  grant: async (oidc: Provider, { params, session }: Interaction, answer: URLSearchParams) => {
    const wanted = String(params.scope).split(' ');
    // A program that sends the form without opening it agrees to everything.
    const ticked = answer.has('choosing') ? answer.getAll('scope') : wanted;
    const isGranted = (scope: string): boolean => ABOUT_THE_USER.includes(scope) || ticked.includes(scope);
    const grant = new oidc.Grant({ accountId: session?.accountId, clientId: String(params.client_id) });
    grant.addOIDCScope(wanted.filter(isGranted).join(' '));
    const refused = wanted.filter((scope) => !isGranted(scope));
    if (refused.length) grant.rejectOIDCScope(refused.join(' '));
    const id: string = await grant.save();
    if (params.access_type === 'offline') offline.add(id);
    return grant;
  },
});
