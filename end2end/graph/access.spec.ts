// Tokens, permissions and errors of the stand-in for Graph. Each test is named after the section of the facts about Graph
// that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, READING } from './calls.ts';

const BASE = 'openid profile offline_access User.Read';

test('7: an error has a code, a message and the ids of its request', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const answer = await graph.get('/me/messages/1', { 'client-request-id': 'mine-1' });
  expect(answer.headers.get('client-request-id')).toBe('mine-1');
  const requestId = answer.headers.get('request-id');
  expect(answer.body.error).toEqual({
    code: 'ErrorInvalidIdMalformed',
    message: expect.any(String),
    innerError: { date: expect.stringMatching(/^\d{4}-\d\d-\d\dT/), 'request-id': requestId, 'client-request-id': 'mine-1' },
  });
  const sound = await graph.get('/me/messages?$top=1');
  expect(sound.headers.get('request-id')).toMatch(/^[0-9a-f-]{36}$/);
  expect(sound.headers.get('request-id')).not.toBe(requestId);
});

test('7: a token that is missing, unknown, expired or revoked is answered 401', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const status = async (headers: Record<string, string>): Promise<unknown[]> => {
    const answer = await fetch(`${provider.url}/v1.0/me/messages`, { headers });
    const body = (await answer.json()) as { error?: { code: string } };
    return [answer.status, body.error?.code];
  };
  const refused = [401, 'InvalidAuthenticationToken'];
  expect(await status({})).toEqual(refused);
  expect(await status({ authorization: 'Bearer unknown' })).toEqual(refused);
  expect(await status({ authorization: `Basic ${graph.token}` })).toEqual(refused);
  expect(await status({ authorization: `Bearer ${graph.token}` })).toEqual([200, undefined]);
  await provider.forgetGrants();
  expect(await status({ authorization: `Bearer ${graph.token}` })).toEqual(refused);

  await provider.set({ atTtl: 1 });
  const brief = await Graph.open(provider);
  await new Promise((done) => { setTimeout(done, 1_100); });
  expect((await brief.get('/me/messages')).status).toBe(401);
});

test('8: each call needs its permission', async ({ provider }) => {
  const mail = ['/me/messages', '/me/mailFolders', '/me/mailFolders/inbox/messages', '/me/mailFolders/inbox/messages/delta'];
  const contacts = ['/me/contacts', '/me/contactFolders'];
  const settings = ['/me/outlook/masterCategories'];
  const cases: [scope: string, allowed: string[]][] = [
    ['', []], ['Mail.ReadBasic', mail], ['Mail.Read', mail], ['Mail.ReadWrite', mail], ['Mail.Send', []], ['Contacts.Read', contacts],
    ['Contacts.ReadWrite', contacts], ['MailboxSettings.Read', settings], ['MailboxSettings.ReadWrite', settings],
  ];
  for (const [scope, allowed] of cases) {
    const graph = await Graph.open(provider, `${BASE} ${scope}`.trim());
    for (const path of [...mail, ...contacts, ...settings]) {
      const { status, body } = await graph.get(path);
      const expected = allowed.includes(path) ? [200, undefined] : [403, 'ErrorAccessDenied'];
      expect([status, body.error?.code], `${scope}: ${path}`).toEqual(expected);
    }
  }
});

test('8: Mail.ReadBasic shows no body, no preview, no attachments and no MIME', async ({ provider }) => {
  const graph = await Graph.open(provider, `${BASE} Mail.ReadBasic`);
  const id = await graph.messageId('Report with a file');
  const { status, body } = await graph.get(`/me/messages/${id}`);
  expect(status).toBe(200);
  for (const name of ['body', 'bodyPreview', 'uniqueBody', 'attachments']) expect(name in body, name).toBe(false);
  const denied = ['?$select=body', '?$select=subject,bodyPreview', '?$expand=attachments', '/attachments', '/$value'];
  for (const rest of denied) expect((await graph.get(`/me/messages/${id}${rest}`)).status, rest).toBe(403);
  expect((await graph.get('/me/messages?$search="report"')).status).toBe(403);
});

test('7: an account without a mailbox is answered 404 with a code of its own', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.set({ mailbox: false });
  for (const path of ['/me/messages', '/me/mailFolders/inbox', '/me/contacts']) {
    expect(await graph.get(path), path).toMatchObject({ status: 404, body: { error: { code: 'MailboxNotEnabledForRESTAPI' } } });
  }
});

test('0: /users/{id} is the same tree as /me, for the account of the token only', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  const mine = await graph.get('/me/messages?$top=2&$select=id');
  const named = await graph.get(`/users/${encodeURIComponent(graph.login)}/messages?$top=2&$select=id`);
  expect(named.body.value).toEqual(mine.body.value);
  expect(named.body['@odata.nextLink']).toContain(`/v1.0/users/${encodeURIComponent(graph.login)}/messages?`);
  expect((await graph.get(`/users/${encodeURIComponent(other.login)}/messages`)).status).toBe(403);
});

test('0: an unknown path is refused, and so is a method that a path does not have', async ({ provider }) => {
  const graph = await Graph.open(provider, `${READING} Mail.ReadWrite`);
  for (const path of ['/me/colours', '/me/messages/$value', '/me//messages', '/me/outlook', '/me/%zz']) expect((await graph.get(path)).status, path).toBe(400);
  const answer = await graph.request('/me/messages', { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{}' });
  expect(answer.status).toBe(405);
  const head = await graph.request('/me/messages', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('3: the owner\'s categories and their colours', async ({ provider }) => {
  const graph = await Graph.open(provider, `${BASE} MailboxSettings.Read`);
  const { body } = await graph.get('/me/outlook/masterCategories');
  expect(body.value?.map(({ displayName, color }) => [displayName, color])).toEqual([
    ['Red category', 'preset0'], ['Kunde: Ärger', 'preset3'], ['Later', 'preset7'],
  ]);
  const one = await graph.get(`/me/outlook/masterCategories/${String(body.value?.[2]?.id)}`);
  expect(one.body).toMatchObject({ displayName: 'Later' });
});

test('0: one log-in always has the same mailbox, and each log-in another one', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  const [one, two] = [await graph.get('/me/messages'), await other.get('/me/messages')];
  expect((await graph.get('/me/messages')).body.value).toEqual(one.body.value);
  const ids = new Set(one.body.value?.map(({ id }) => id));
  expect(two.body.value?.some(({ id }) => ids.has(id))).toBe(false);
  await provider.set({ messages: 3 });
  expect((await graph.get('/me/messages')).body.value).toHaveLength(3);
  await provider.set({ newestMessage: '' });
  expect((await graph.get('/me/messages')).body.value).toEqual([]);
});
