// The strict server is the witness of refreshing, so it must be strict itself. No browser and no program of ours here.

import { expect, type Provider, test } from '../fixtures.ts';
import type { Client } from '../support/provider.ts';

const SCOPES = 'openid profile offline_access User.Read Mail.Read Contacts.Read';

interface Answer {
  status: number;
  access_token?: string;
  refresh_token?: string;
  expires_in?: number;
  error?: string;
  error_codes?: number[];
}

async function refresh(provider: Provider, client: Client, tenant: string, token = ''): Promise<Answer> {
  const body = new URLSearchParams({
    grant_type: 'refresh_token', client_id: client.id, client_secret: client.secret, refresh_token: token,
  });
  const answer = await fetch(`${provider.url}/${tenant}/oauth2/v2.0/token`, { method: 'POST', body });
  return { status: answer.status, ...(await answer.json()) as object };
}

async function grantOf(provider: Provider, login = 'ada@contoso.test') {
  const client = await provider.addClient('http://localhost:3000/api/connectors');
  const [grant] = await provider.mint(client, [login], 'common', SCOPES);
  if (!grant) throw new Error('no grant');
  return { client, ...grant };
}

test('each refresh rotates the token, and a second use of one token revokes the grant', async ({ provider }) => {
  const { client, tid, refresh_token: first } = await grantOf(provider);
  const second = await refresh(provider, client, tid, first);
  const third = await refresh(provider, client, tid, second.refresh_token);
  expect([second.status, third.status]).toEqual([200, 200]);
  expect(new Set([first, second.refresh_token, third.refresh_token]).size).toBe(3);
  expect(await refresh(provider, client, tid, second.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  // The newest token is dead as well, and so is its access token.
  expect(await refresh(provider, client, tid, third.refresh_token)).toMatchObject({ status: 400, error: 'invalid_grant' });
  const me = await fetch(`${provider.url}/v1.0/me`, { headers: { authorization: `Bearer ${third.access_token}` } });
  expect(me.status).toBe(401);
  expect((await provider.grants()).map(({ event }) => event)).toContain('grant.revoked');
});

test('of eight refreshes at once with one token one succeeds, and the grant is revoked', async ({ provider }) => {
  const { client, tid, refresh_token: token } = await grantOf(provider);
  const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(provider, client, tid, token)));
  const good = answers.filter(({ status }) => status === 200);
  expect(good).toHaveLength(1);
  expect(await refresh(provider, client, tid, good[0]?.refresh_token)).toMatchObject({ status: 400 });
});

test('in the way of Microsoft a refresh gives a new token and the old one stays valid', async ({ provider }) => {
  await provider.set({ reuse: 'allow' });
  const { client, tid, refresh_token: token } = await grantOf(provider);
  const answers = [await refresh(provider, client, tid, token), await refresh(provider, client, tid, token)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(new Set([token, ...answers.map((answer) => answer.refresh_token)]).size).toBe(3);
});

test('a token is redeemed at the directory of its account and refused elsewhere', async ({ provider }) => {
  const { client, tid, refresh_token: token } = await grantOf(provider);
  for (const elsewhere of ['common', 'organizations', 'consumers']) {
    const refused = await refresh(provider, client, elsewhere, token);
    expect(refused, elsewhere).toMatchObject({ status: 400, error: 'invalid_grant', error_codes: [7000012] });
  }
  expect((await refresh(provider, client, tid, token)).status).toBe(200);
});

test('3,000 grants are all kept', async ({ provider }) => {
  const client = await provider.addClient('http://localhost:3000/api/connectors');
  const grants = await provider.mint(client, Array.from({ length: 3000 }, (_, n) => `owner${n}@contoso.test`));
  for (const { tid, refresh_token: token } of [grants[0], grants[1500], grants[2999]].flatMap((grant) => grant ?? [])) {
    expect((await refresh(provider, client, tid, token)).status).toBe(200);
  }
});

test('an answer may lack the lifetime, and a token may be very long', async ({ provider }) => {
  await provider.set({ expiresIn: false, padding: 200_000 });
  const { client, tid, refresh_token: token } = await grantOf(provider);
  const answer = await refresh(provider, client, tid, token);
  expect(answer).not.toHaveProperty('expires_in');
  expect(answer.refresh_token?.length).toBeGreaterThan(200_000);
  expect((await refresh(provider, client, tid, answer.refresh_token)).status).toBe(200);
});

test('the mailbox answers a token with the permission for it', async ({ provider }) => {
  const { client, tid, refresh_token: token } = await grantOf(provider);
  const { access_token: access } = await refresh(provider, client, tid, token);
  const read = async (path: string, bearer = access) => {
    const answer = await fetch(`${provider.url}/v1.0/me${path}`, { headers: { authorization: `Bearer ${bearer}` } });
    return [answer.status, await answer.json()] as unknown[];
  };
  expect(await read('/mailFolders/inbox')).toMatchObject([200, { displayName: 'Inbox' }]);
  expect(await read('/messages?$top=1')).toMatchObject([200, { value: [{ receivedDateTime: '2026-11-28T09:30:00Z' }] }]);
  expect(await read('/contacts/$count')).toEqual([200, 12]);
  expect(await read('/messages', 'unknown')).toMatchObject([401, { error: { code: 'InvalidAuthenticationToken' } }]);
  const [plain] = await provider.mint(client, ['grace@contoso.test']);
  const { access_token: without } = await refresh(provider, client, plain?.tid ?? '', plain?.refresh_token);
  expect(await read('/messages', without)).toMatchObject([403, { error: { code: 'ErrorAccessDenied' } }]);
  await provider.set({ mailbox: false });
  expect(await read('/mailFolders/inbox')).toMatchObject([404, { error: { code: 'MailboxNotEnabledForRESTAPI' } }]);
});
