// The strict OAuth server under Google's paths is the judge of sign-ins and refreshes, so it must be strict itself.

import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from '../google-fixtures.ts';
import { Gmail, MAIL, redeem, REDIRECT_URI, refresh, SCOPE, tokenRequest, Visitor } from './calls.ts';

const claimsOf = (token: string): Record<string, any> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, any>;

test('a code is redeemed once, for tokens with Google\'s beginnings and no other permissions than granted', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const { back, verifier } = await new Visitor(google).signIn(client);
  expect(back?.href).toContain(`${REDIRECT_URI}?`);
  expect(back?.searchParams.get('state')).toBe('state-1');
  expect(back?.searchParams.get('iss')).toBe(google.url);
  const code = back?.searchParams.get('code') ?? '';
  expect(code).toMatch(/^4\/0/);
  const { status, body } = await redeem(google, client, code, verifier);
  expect(status).toBe(200);
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599, access_token: expect.stringMatching(/^ya29\./), refresh_token: expect.stringMatching(/^1\/\/0/) });
  expect(String(body.scope).split(' ').sort()).toEqual(['https://www.googleapis.com/auth/userinfo.email', ...MAIL.filter((scope) => scope !== 'email')].sort());
  expect(body.refresh_token_expires_in).toBeUndefined();
  const again = await redeem(google, client, code, verifier);
  expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
});

test('the ID token is signed and says who signed in, for whom and in which domain', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const { body, nonce } = await new Visitor(google).tokens(client, { login: 'Ada@contoso.test' });
  const claims = claimsOf(String(body.id_token));
  expect(claims).toMatchObject({
    iss: google.url, aud: client.id, azp: client.id, sub: expect.stringMatching(/^\d{21}$/), email: 'Ada@contoso.test', email_verified: true, hd: 'contoso.test', nonce,
  });
  const [head = '', payload = '', signature = ''] = String(body.id_token).split('.');
  expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toMatchObject({ alg: 'RS256' });
  const { keys: [key] } = (await (await fetch(`${google.url}/oauth2/v3/certs`)).json()) as { keys: [JsonWebKey] };
  expect(verify('RSA-SHA256', Buffer.from(`${head}.${payload}`), createPublicKey({ key, format: 'jwk' } as never), Buffer.from(signature, 'base64url'))).toBe(true);
  const own = await new Visitor(google).tokens(client, { login: 'ada@gmail.com' });
  expect(claimsOf(String(own.body.id_token)).hd).toBeUndefined();
  await google.set({ emailVerified: false });
  const doubtful = await new Visitor(google).tokens(client);
  expect(claimsOf(String(doubtful.body.id_token)).email_verified).toBe(false);
});

test('a refresh gives no new refresh token, and the old one stays valid', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const { body: { refresh_token: token } } = await new Visitor(google).tokens(client);
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(google, client, String(token))));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  for (const { body } of answers) expect(body.refresh_token).toBeUndefined();
  expect(new Set(answers.map(({ body }) => body.access_token)).size).toBe(8);
});

test('a refresh token needs offline access and consent', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const online = await new Visitor(google).tokens(client, { parameters: { access_type: '' } });
  expect([online.status, online.body.refresh_token]).toEqual([200, undefined]);
  const browser = new Visitor(google);
  expect((await browser.tokens(client)).body.refresh_token).toBeDefined();
  // The same browser once more: Google knows the account and its consent, and asks nothing.
  const again = await browser.tokens(client, { parameters: { prompt: '' } });
  expect([again.status, again.body.refresh_token]).toEqual([200, undefined]);
  expect((await browser.tokens(client, { parameters: { prompt: 'consent' } })).body.refresh_token).toBeDefined();
  await google.set({ refreshToken: false });
  expect((await browser.tokens(client)).body.refresh_token).toBeUndefined();
});

test('unticked permissions are missing in the grant, and the sign-in succeeds', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const { status, body } = await new Visitor(google).tokens(client, { ticked: [SCOPE.contacts] });
  expect(status).toBe(200);
  expect(String(body.scope).split(' ').sort()).toEqual(['https://www.googleapis.com/auth/userinfo.email', SCOPE.contacts, 'openid'].sort());
  const refreshed = await refresh(google, client, String(body.refresh_token));
  expect(String(refreshed.body.scope).split(' ')).not.toContain(SCOPE.modify);
});

test('a cancelled sign-in comes back with access_denied and the state', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const { back } = await new Visitor(google).signIn(client, { answer: 'cancel' });
  expect([back?.searchParams.get('error'), back?.searchParams.get('state'), back?.searchParams.get('code')]).toEqual(['access_denied', 'state-1', null]);
});

test('Google\'s own page stops a request whose Redirect URI, client or permissions it does not know', async ({ google }) => {
  const client = await google.addClient(REDIRECT_URI);
  const stopped = async (asked: Parameters<Visitor['signIn']>[1], of = client): Promise<[number, boolean, string]> => {
    const { status, back, html } = await new Visitor(google).signIn(of, asked);
    return [status, back === undefined, /Error \d+: (\w+)/.exec(html)?.[1] ?? ''];
  };
  for (const redirectUri of [`${REDIRECT_URI}/`, REDIRECT_URI.toUpperCase(), `${REDIRECT_URI}?a=b`, 'http://127.0.0.1:3000/api/connectors']) {
    expect(await stopped({ redirectUri }), redirectUri).toEqual([400, true, 'redirect_uri_mismatch']);
  }
  expect(await stopped({}, { id: '1-a.apps.googleusercontent.com', secret: 'x' })).toEqual([401, true, 'invalid_client']);
  expect(await stopped({ scopes: ['openid', 'offline_access'] })).toEqual([400, true, 'invalid_scope']);
  for (const [blocked, status] of [['org_internal', 403], ['admin_policy_enforced', 400], ['access_denied', 403], ['disallowed_useragent', 403]] as const) {
    await google.set({ blocked });
    expect(await stopped({})).toEqual([status, true, blocked]);
  }
});

test('a wrong secret, an unknown client and a wrong code are told apart', async ({ google }) => {
  const [client, other] = [await google.addClient(REDIRECT_URI), await google.addClient(REDIRECT_URI)];
  const said = async (of: typeof client, code = '4/0unknown', verifier = 'v'.repeat(43), redirectUri = REDIRECT_URI): Promise<unknown[]> => {
    const { status, body } = await redeem(google, of, code, verifier, redirectUri);
    return [status, body.error, body.error_description];
  };
  expect(await said({ ...client, secret: 'GOCSPX-wrong' })).toEqual([401, 'invalid_client', 'Unauthorized']);
  expect(await said({ ...client, id: '1-a.apps.googleusercontent.com' })).toEqual([401, 'invalid_client', 'The OAuth client was not found.']);
  // The right secret with a code that Google has not given: this is how credentials are tried.
  expect(await said(client)).toEqual([400, 'invalid_grant', 'Malformed auth code.']);
  expect(await said(client, '4/0unknown', 'v'.repeat(43), `${REDIRECT_URI}/`)).toEqual([400, 'redirect_uri_mismatch', 'Bad Request']);
  const codeOf = async (): Promise<[code: string, verifier: string]> => {
    const { back, verifier } = await new Visitor(google).signIn(client);
    return [back?.searchParams.get('code') ?? '', verifier];
  };
  // A code of a foreign client, one without its verifier, and one that comes too late.
  expect(await said(other, ...(await codeOf()))).toEqual([400, 'invalid_grant', 'Malformed auth code.']);
  expect(await said(client, (await codeOf())[0])).toEqual([400, 'invalid_grant', 'Invalid code verifier.']);
  const bare = await tokenRequest(google, client, { grant_type: 'authorization_code', code: (await codeOf())[0], redirect_uri: REDIRECT_URI });
  expect([bare.status, bare.body.error_description]).toEqual([400, 'Missing code verifier.']);
  await google.set({ codeTtl: 1 });
  const late = await codeOf();
  await new Promise((done) => { setTimeout(done, 1_200); });
  expect(await said(client, ...late)).toEqual([400, 'invalid_grant', 'Malformed auth code.']);
});

test('a refresh with the token of another client, or without the secret, is refused', async ({ google }) => {
  const [client, other] = [await google.addClient(REDIRECT_URI), await google.addClient(REDIRECT_URI)];
  const { body: { refresh_token: token } } = await new Visitor(google).tokens(client);
  expect((await refresh(google, other, String(token))).body.error).toBe('invalid_grant');
  expect((await refresh(google, { ...client, secret: '' }, String(token))).status).toBe(401);
  expect((await refresh(google, client, String(token))).status).toBe(200);
});

test('revoking a token ends the grant with all of its tokens', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const revoke = (token: string): Promise<Response> => fetch(`${google.url}/revoke`, { method: 'POST', body: new URLSearchParams({ token }) });
  expect((await gmail.get('/profile')).status).toBe(200);
  expect((await revoke(gmail.refreshToken)).status).toBe(200);
  const refreshed = await refresh(google, gmail.client, gmail.refreshToken);
  expect([refreshed.status, refreshed.body]).toEqual([400, { error: 'invalid_grant', error_description: 'Token has been expired or revoked.' }]);
  expect((await gmail.get('/profile')).status).toBe(401);
  const again = await revoke(gmail.refreshToken);
  expect([again.status, await again.json()]).toEqual([400, { error: 'invalid_token', error_description: 'Token expired or revoked' }]);
  const owned = await Gmail.open(google);
  await google.removeAccess(owned.login);
  expect((await refresh(google, owned.client, owned.refreshToken)).status).toBe(400);
});

test('an access token ends, and in Testing the refresh token says when it ends', async ({ google }) => {
  await google.set({ atTtl: 1, testing: true });
  const gmail = await Gmail.open(google);
  await new Promise((done) => { setTimeout(done, 1_200); });
  expect((await gmail.get('/profile')).status).toBe(401);
  const client = await google.addClient(REDIRECT_URI);
  expect((await new Visitor(google).tokens(client)).body.refresh_token_expires_in).toBe(604_799);
  await google.set({ refreshTtl: 1 });
  const brief = await new Visitor(google).tokens(client);
  await new Promise((done) => { setTimeout(done, 1_200); });
  expect((await refresh(google, client, String(brief.body.refresh_token))).body.error_description).toBe('Token has been expired or revoked.');
});

test('a fault answers in place of the token endpoint', async ({ google }) => {
  const gmail = await Gmail.open(google);
  await google.set({ fault: 'session-control' });
  expect((await refresh(google, gmail.client, gmail.refreshToken)).body).toMatchObject({ error: 'invalid_grant', error_subtype: 'invalid_rapt' });
  await google.set({ fault: 'no-access-token' });
  expect((await refresh(google, gmail.client, gmail.refreshToken)).body).not.toHaveProperty('access_token');
  await expect(google.set({ fault: 'no such fault' })).rejects.toThrow('no fault is called');
  const events = await google.requests('token');
  expect(events.at(-1)).toMatchObject({ fault: 'no-access-token', grant_type: 'refresh_token', login: gmail.login, has_secret: true, query: false });
});
