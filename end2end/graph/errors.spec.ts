// The errors of the stand-in for Graph, each as the facts about Graph have it: section 7, and 2 for large pages.

import { expect, test } from '../provider-fixtures.ts';
import { Graph } from './calls.ts';

/** Answers the next request of the mailbox by a fault. */
async function failing(graph: Graph, kind: string, more: object = {}, target = '/me/messages?$top=1') {
  await graph.provider.gate({ faults: [{ kind, login: graph.login, ...more }] });
  return graph.get(target);
}

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });

test('7: each documented error, in the envelope with its ids', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const errors: [kind: string, status: number, code: string][] = [
    ['unavailable', 503, 'serviceNotAvailable'],
    ['gateway-timeout', 504, 'UnknownError'],
    ['server-error', 500, 'generalException'],
    ['token-refused', 401, 'InvalidAuthenticationToken'],
    ['access-denied', 403, 'ErrorAccessDenied'],
    ['request-denied', 403, 'Authorization_RequestDenied'],
    ['claims-wanted', 403, 'accessDenied'],
    ['insufficient-claims', 403, 'insufficient_claims'],
    ['no-mailbox', 404, 'MailboxNotEnabledForRESTAPI'],
    ['no-mailbox-403', 403, 'MailboxNotEnabledForRESTAPI'],
    ['no-mailbox-error', 404, 'ErrorMailboxNotEnabledForRESTAPI'],
    ['no-mailbox-error-403', 403, 'ErrorMailboxNotEnabledForRESTAPI'],
    ['activity-limit', 509, 'activityLimitReached'],
    ['activity-limit-429', 429, 'activityLimitReached'],
    ['tokens-expired', 410, 'resyncRequired'],
  ];
  await provider.gate({ faults: errors.map(([kind]) => ({ kind, login: graph.login })) });
  for (const [kind, status, code] of errors) {
    const { headers, ...answer } = await graph.get('/me/messages?$top=1', { 'client-request-id': `asked-${kind}` });
    expect(answer, kind).toMatchObject(refused(status, code));
    expect(headers.get('request-id'), kind).toBeTruthy();
    expect(answer.body.error?.innerError, kind).toMatchObject({ 'request-id': headers.get('request-id'), 'client-request-id': `asked-${kind}` });
  }
});

test('7: Conditional Access wants a new sign-in: 403 insufficient_claims, or accessDenied with the error in WWW-Authenticate', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const byCode = await failing(graph, 'insufficient-claims');
  expect(byCode).toMatchObject(refused(403, 'insufficient_claims'));
  expect(byCode.headers.get('www-authenticate')).toBeNull();
  const byHeader = await failing(graph, 'claims-wanted');
  expect(byHeader).toMatchObject(refused(403, 'accessDenied'));
  const challenge = byHeader.headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^Bearer .*error="insufficient_claims"/);
  const claims = /claims="([^"]+)"/.exec(challenge)?.[1] ?? '';
  expect(JSON.parse(Buffer.from(claims, 'base64').toString())).toHaveProperty('access_token');
});

test('7: Authorization_RequestDenied where a permission about the user is missing', async ({ provider }) => {
  const graph = await Graph.open(provider, 'openid profile offline_access Mail.Read');
  expect(await graph.get(`/users/${encodeURIComponent(graph.login)}`)).toMatchObject(refused(403, 'Authorization_RequestDenied'));
  expect((await graph.get('/me/messages')).status).toBe(200);
});

test('7: 503 and activityLimitReached come with Retry-After and without it', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const [kind, status] of [['unavailable', 503], ['activity-limit', 509], ['activity-limit-429', 429]] as const) {
    const waiting = await failing(graph, kind, { seconds: 11 });
    expect([waiting.status, waiting.headers.get('retry-after')], kind).toEqual([status, '11']);
    const other = await failing(graph, kind);
    expect([other.status, other.headers.get('retry-after')], kind).toEqual([status, null]);
  }
});

test('7: innerError is also spelt innererror', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.set({ lowercaseInnerError: true });
  const { body, headers } = await graph.get('/me/messages/1', { 'client-request-id': 'mine-1' });
  expect(body.error).toEqual({
    code: 'ErrorInvalidIdMalformed',
    message: expect.any(String),
    innererror: { date: expect.any(String), 'request-id': headers.get('request-id'), 'client-request-id': 'mine-1' },
  });
});

test('7: an error in a batch has its ids too', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const part = { id: '1', method: 'GET', url: '/me/messages/1', headers: { 'client-request-id': 'mine-2' } };
  const inner = { date: expect.any(String), 'request-id': expect.stringMatching(/^[0-9a-f-]{36}$/), 'client-request-id': 'mine-2' };
  const [answer] = (await graph.batch([part])).body.responses ?? [];
  expect(answer).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidIdMalformed', innerError: inner } } });
  await provider.set({ lowercaseInnerError: true });
  const [again] = (await graph.batch([part])).body.responses ?? [];
  expect(again).toMatchObject({ body: { error: { innererror: inner } } });
});

test('2: a large page with bodies can be answered 504, and the same page without bodies is sound', async ({ provider }) => {
  const graph = await Graph.open(provider);
  expect((await graph.get('/me/messages?$top=30')).status).toBe(200);
  await provider.set({ maxBodies: 20 });
  for (const query of ['', '&$select=subject,body', '&$select=uniqueBody', '&$search="kind:email"']) {
    expect(await graph.get(`/me/messages?$top=30${query}`), query).toMatchObject(refused(504, 'UnknownError'));
  }
  expect((await graph.get('/me/messages?$top=30&$select=subject,bodyPreview')).body.value).toHaveLength(30);
  expect((await graph.get('/me/messages?$top=20')).body.value).toHaveLength(20);
  // It is the page that counts, not what it was asked to hold at most.
  expect((await graph.get('/me/mailFolders/archive/messages?$top=1000')).status).toBe(200);
});
