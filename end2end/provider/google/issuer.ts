// The authorization server: oidc-provider with Google's paths, claims and rules. No refresh token is ever replaced, and one
// is issued only for offline access and only after consent (Google, *Using OAuth 2.0 for Web Server Applications*).

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { interactionPolicy } from 'oidc-provider';
import { interact } from '../pages.mjs';
import { adapterOf } from '../store.mjs';
import { consentWith, subOf } from './consent.ts';
import { KNOWN_SCOPES, LONG } from './scopes.ts';
import type { Settings } from './settings.ts';

/** The directory of all accounts in the shared store. */
export const DIRECTORY = 'google';
export const AUTHORIZE = '/o/oauth2/v2/auth';
export const TOKEN = '/token';
const INTERACTION = '/interaction/';

/** A header by which the front finds the reason of a refusal. It comes from no client. */
export const EXCHANGE = 'x-exchange';

export interface Shared {
  /** The address of the front, which is the issuer. */
  url: string;
  settings: Settings;
  clients: Map<string, object>;
  record: (event: Record<string, unknown>) => void;
}

export interface Minted {
  login: string;
  sub: string;
  refresh_token: string;
}

export interface Issuer {
  port: number;
  /** Why the token endpoint refused a request, by the value of its header `EXCHANGE`. */
  reasons: Map<string, string>;
  register: (client: Record<string, unknown>) => Promise<void>;
  /** Issues grants without a sign-in: one for each login. */
  mint: (wanted: { client_id: string; logins: string[]; scope: string }) => Promise<Minted[]>;
}

const domainOf = (login: string): string => login.split('@')[1] ?? '';

const EMAIL = ['email', 'email_verified'];
const NAME = ['name', 'given_name'];

/** What an ID token says about an account (Google, *OpenID Connect*). */
function claimsOf(login: string, clientId: string, settings: Settings): Record<string, unknown> {
  const name = login.split('@')[0] ?? '';
  const isWorkspace = settings.hostedDomain && !['gmail.com', 'googlemail.com', ''].includes(domainOf(login));
  return {
    sub: login, azp: clientId, email: login, email_verified: settings.emailVerified, name, given_name: name,
    ...(isWorkspace && { hd: domainOf(login) }),
  };
}

function configuration({ settings }: Shared, offline: Set<string>): Record<string, unknown> {
  const policy = interactionPolicy.base();
  // `prompt=select_account`, which oidc-provider does not know by itself. It comes first, so that one page answers it and
  // the missing log-in.
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    adapter: adapterOf(DIRECTORY, settings),
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'tests' }] },
    routes: { authorization: AUTHORIZE, token: TOKEN, jwks: '/oauth2/v3/certs', userinfo: '/v1/userinfo' },
    cookies: {
      names: { session: 'google-session', interaction: 'google-interaction', resume: 'google-resume' },
      keys: [randomBytes(16).toString('hex')],
    },
    interactions: { policy, url: (_: unknown, { uid }: { uid: string }) => INTERACTION + uid },
    features: { devInteractions: { enabled: false }, revocation: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    extraParams: ['access_type', 'include_granted_scopes', 'hd'],
    rotateRefreshToken: false,
    pkce: { required: () => true },
    scopes: KNOWN_SCOPES,
    claims: { openid: ['sub', 'azp', 'hd'], email: EMAIL, profile: NAME, [LONG.email]: EMAIL, [LONG.profile]: NAME },
    // A number in place of the log-in. At Google it is the same one for each application.
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: (_: unknown, login: string) => subOf(login),
    // Google puts the claims of the scopes into the ID token.
    conformIdTokenClaims: false,
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'], token_endpoint_auth_method: 'client_secret_post',
      id_token_signed_response_alg: 'RS256',
    },
    ttl: {
      AccessToken: () => settings.atTtl,
      AuthorizationCode: () => settings.codeTtl,
      Grant: 400 * 86_400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: () => (settings.testing ? Math.min(settings.refreshTtl, 7 * 86_400) : settings.refreshTtl),
      Session: 86_400,
    },
    // Otherwise an access token of two seconds would be valid for seventeen.
    clockTolerance: 0,
    // Once for each consent: a sign-in without one gets none.
    issueRefreshToken: (_: unknown, __: unknown, source: { grantId: string }) => settings.refreshToken && offline.delete(source.grantId),
    expiresWithSession: () => false,
    findAccount: (ctx: { oidc: { client: { clientId: string } } }, login: string) => ({
      accountId: login,
      claims: () => claimsOf(login, ctx.oidc.client.clientId, settings),
    }),
  };
}

/** Events of oidc-provider that a test may count. */
const EVENTS = [
  'authorization.accepted', 'authorization.success', 'authorization.error', 'interaction.started', 'interaction.ended',
  'grant.success', 'grant.error', 'grant.revoked', 'server_error',
];

/** Why oidc-provider refused something; its answer does not say so. */
function reasonOf(error: Error & { error_detail?: string }): string {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  return [error.error_detail, cause, error.message].filter(Boolean).join(': ');
}

export async function startIssuer(shared: Shared): Promise<Issuer> {
  const offline = new Set<string>();
  const reasons = new Map<string, string>();
  const oidc = new Provider(shared.url, configuration(shared, offline));
  for (const name of EVENTS) {
    oidc.on(name, (ctx: any, error: any) => {
      const exchange = ctx?.headers?.[EXCHANGE];
      const reason = error instanceof Error ? reasonOf(error) : undefined;
      if (exchange && reason !== undefined) reasons.set(exchange, reason);
      shared.record({
        event: name,
        method: ctx?.method,
        path: ctx?.path,
        account: ctx?.oidc?.entities?.Account?.accountId,
        grant_type: ctx?.oidc?.params?.grant_type,
        client_id: ctx?.oidc?.entities?.Client?.clientId ?? ctx?.oidc?.params?.client_id,
        ...(reason !== undefined && { error: (error as { error?: string }).error ?? error.message, detail: reason }),
      });
    });
  }

  const answer = oidc.callback();
  const consent = consentWith(offline);
  const server = createServer({ keepAliveTimeout: 60 * 60 * 1000 }, (req, res) => {
    if (!req.url?.startsWith(INTERACTION)) return answer(req, res);
    return interact(oidc, req, res, consent).catch((error: Error) => {
      shared.record({ event: 'page.error', error: error.message });
      res.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('This sign-in is over. Start again.');
    });
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });

  const register = (client: Record<string, unknown>): Promise<void> => oidc.Client.adapter.upsert(client.client_id, client);
  for (const client of shared.clients.values()) await register(client as Record<string, unknown>);

  const mint: Issuer['mint'] = async ({ client_id: clientId, logins, scope }) => {
    const client = await oidc.Client.find(clientId);
    if (!client) throw new Error(`no client is called ${clientId}`);
    return Promise.all(logins.map(async (login) => {
      const grant = new oidc.Grant({ accountId: login, clientId });
      grant.addOIDCScope(scope);
      const grantId = await grant.save();
      const token = new oidc.RefreshToken({ accountId: login, client, grantId, gty: 'authorization_code', scope });
      return { login, sub: subOf(login), refresh_token: await token.save() };
    }));
  };
  return { port: (server.address() as AddressInfo).port, reasons, register, mint };
}
