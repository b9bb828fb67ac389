// One authorization server: oidc-provider with Microsoft's paths and claims. Each tenant segment
// (common, organizations, consumers, a GUID) has its own, so that two of them can act as two
// providers. Those of one directory share its grants and refresh tokens (store.mjs).

import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import Provider, { interactionPolicy } from 'oidc-provider';
import { proxyAddressesOf } from './graph/addresses.ts';
import { guidOf, interact } from './pages.mjs';
import { KNOWN_SCOPES } from './scopes.mjs';
import { adapterOf, PERSONAL_TENANT } from './store.mjs';

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** The directory of an account whose segment names none. */
export const HOME_TENANT = '5a1e0000-7e57-4000-8000-00000000c0de';

/** @param {string} segment */
export function tidOf(segment) {
  if (GUID.test(segment)) return segment.toLowerCase();
  return segment === 'consumers' ? PERSONAL_TENANT : HOME_TENANT;
}

const signingKey = () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'tests' };
};
/** @type {ReturnType<typeof signingKey> | undefined} */
let key;

/**
 * @param {string} segment
 * @param {string} tid
 * @param {{ settings: import('./settings.mjs').Settings }} shared
 */
function configuration(segment, tid, { settings }) {
  const policy = interactionPolicy.base();
  // Microsoft's `prompt=select_account`, which oidc-provider does not know by itself. It comes first,
  // so that one log-in page answers it and the missing log-in.
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);
  key ??= signingKey();
  return {
    adapter: adapterOf(tid, settings),
    jwks: { keys: [key] },
    routes: {
      authorization: `/${segment}/oauth2/v2.0/authorize`,
      token: `/${segment}/oauth2/v2.0/token`,
      jwks: `/${segment}/discovery/v2.0/keys`,
      userinfo: '/v1.0/me',
    },
    // Two servers on one host share its cookies, so each has its own names.
    cookies: {
      names: { session: `session-${segment}`, interaction: `interaction-${segment}`, resume: `resume-${segment}` },
      keys: [randomBytes(16).toString('hex')],
    },
    interactions: {
      policy,
      url: (/** @type {unknown} */ _, /** @type {{ uid: string }} */ interaction) => `/${segment}/interaction/${interaction.uid}`,
    },
    features: {
      // The grant with which credentials are tried without a sign-in.
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      revocation: { enabled: false },
      rpInitiatedLogout: { enabled: false },
    },
    // Not only late in a token's life, which is what oidc-provider does by itself.
    rotateRefreshToken: true,
    pkce: { required: () => true },
    scopes: KNOWN_SCOPES,
    claims: {
      openid: ['sub', 'tid', 'oid', 'ver', 'id', 'displayName', 'mail', 'userPrincipalName', 'proxyAddresses'],
      profile: ['name', 'preferred_username'],
    },
    // Microsoft puts the claims of `profile` into the ID token.
    conformIdTokenClaims: false,
    clientDefaults: {
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_post',
    },
    ttl: {
      AccessToken: () => settings.atTtl,
      AuthorizationCode: () => settings.codeTtl,
      Grant: 90 * 86400,
      IdToken: 3600,
      Interaction: 3600,
      RefreshToken: 90 * 86400,
      Session: 86400,
    },
    // Otherwise an access token of two seconds would be valid for seventeen.
    clockTolerance: 0,
    // A prompt other than `consent` makes oidc-provider drop `offline_access`, and with it the
    // refresh token; Microsoft still issues one.
    issueRefreshToken: (/** @type {unknown} */ _, /** @type {{ grantTypeAllowed: (type: string) => boolean }} */ client) =>
      settings.refreshToken && client.grantTypeAllowed('refresh_token'),
    // Microsoft's tokens outlive the session of the browser, also without `offline_access`.
    expiresWithSession: () => false,
    findAccount: (/** @type {unknown} */ _, /** @type {string} */ login) => ({
      accountId: login,
      claims: (/** @type {string} */ use) => {
        const oid = guidOf(login);
        const name = login.split('@')[0];
        return use === 'userinfo'
          ? { sub: login, id: oid, displayName: name, mail: settings.mail ? login : null, userPrincipalName: login, proxyAddresses: proxyAddressesOf(login, settings) }
          : { sub: login, tid, oid, ver: '2.0', name, preferred_username: login };
      },
    }),
  };
}

/** Events of oidc-provider that a test may count. */
const EVENTS = [
  'authorization.accepted', 'authorization.success', 'authorization.error', 'interaction.started', 'interaction.ended',
  'grant.success', 'grant.error', 'grant.revoked', 'userinfo.error', 'server_error',
];

/**
 * @param {string} segment
 * @param {{
 *   url: string, settings: import('./settings.mjs').Settings,
 *   clients: Map<string, object>, record: (event: Record<string, unknown>) => void,
 * }} shared
 */
export async function startTenant(segment, shared) {
  const tid = tidOf(segment);
  const oidc = new Provider(`${shared.url}/${tid}/v2.0`, configuration(segment, tid, shared));
  for (const name of EVENTS) {
    oidc.on(name, (/** @type {any} */ ctx, /** @type {any} */ error) => {
      shared.record({
        event: name,
        tenant: segment,
        method: ctx?.method,
        path: ctx?.path,
        account: ctx?.oidc?.entities?.Account?.accountId,
        grant_type: ctx?.oidc?.params?.grant_type,
        client_id: ctx?.oidc?.entities?.Client?.clientId ?? ctx?.oidc?.params?.client_id,
        origin: ctx?.headers?.origin ?? null,
        ...(error instanceof Error && { error: /** @type {any} */ (error).error ?? error.message, detail: /** @type {any} */ (error).error_detail }),
      });
    });
  }

  const answer = oidc.callback();
  const server = createServer({ keepAliveTimeout: 60 * 60 * 1000 }, (req, res) => {
    if (!req.url?.startsWith(`/${segment}/interaction/`)) return answer(req, res);
    return interact(oidc, req, res).catch((/** @type {Error} */ error) => {
      shared.record({ event: 'page.error', tenant: segment, error: error.message });
      res.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end('This sign-in is over. Start again.');
    });
  });
  await new Promise((/** @type {(value?: unknown) => void} */ done) => { server.listen(0, '127.0.0.1', done); });

  /** @param {Record<string, unknown>} client */
  const register = (client) => oidc.Client.adapter.upsert(client.client_id, client);
  for (const client of shared.clients.values()) await register(/** @type {any} */ (client));
  const address = server.address();

  /**
   * Issues grants without a sign-in: one for each login.
   * @param {{ client_id: string, logins: string[], scope: string }} wanted
   */
  const mint = async ({ client_id: clientId, logins, scope }) => {
    const client = await oidc.Client.find(clientId);
    if (!client) throw new Error(`no client is called ${clientId}`);
    return Promise.all(logins.map(async (login) => {
      const grant = new oidc.Grant({ accountId: login, clientId });
      grant.addOIDCScope(scope);
      const grantId = await grant.save();
      const token = new oidc.RefreshToken({ accountId: login, client, grantId, gty: 'authorization_code', scope });
      return { login, tid, oid: guidOf(login), refresh_token: await token.save() };
    }));
  };
  return { segment, tid, mint, port: typeof address === 'object' && address ? address.port : 0, register };
}
