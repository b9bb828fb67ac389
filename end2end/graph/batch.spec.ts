// Batches of the stand-in for Graph, each rule as the facts about Graph have it: section 6 and rule 7 of section 1.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph } from './calls.ts';

const part = (id: string, url = '/me/contacts?$top=1', more: object = {}): object => ({ id, method: 'GET', url, ...more });

/** The status of each part by its id. */
const statuses = ({ body }: Answered): Record<string, number> => Object.fromEntries((body.responses ?? []).map(({ id, status }) => [id, status]));

test('6: up to 20 requests, answered in another order, each with its headers and body', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const twenty = Array.from({ length: 20 }, (_, number) => part(String(number)));
  const answer = await graph.batch(twenty);
  expect(answer.status).toBe(200);
  expect(answer.body.responses).toHaveLength(20);
  expect(answer.body.responses?.map(({ id }) => id)).not.toEqual(twenty.map((_, number) => String(number)));
  expect(answer.body.responses?.[0]).toMatchObject({ status: 200, headers: { 'Content-Type': 'application/json' }, body: { value: [{ displayName: 'Ada Lovelace' }] } });
  expect((await graph.batch([...twenty, part('20')])).body.error?.code).toBe('BadRequest');
});

test('1.7: a batch sends four requests at a time', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ faults: [{ kind: 'slow', seconds: 0.3, times: 0, login: graph.login }] });
  const answer = await graph.batch(Array.from({ length: 8 }, (_, number) => part(String(number))));
  expect(Object.values(statuses(answer))).toEqual(Array.from({ length: 8 }, () => 200));
  expect((await provider.gate())[graph.login]).toMatchObject({ most: 4, requests: 8, refused: 0 });
});

test('1.7: requests that depend on each other go one at a time', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ faults: [{ kind: 'slow', seconds: 0.1, times: 0, login: graph.login }] });
  await graph.batch([part('1'), part('2', undefined, { dependsOn: ['1'] }), part('3', undefined, { dependsOn: ['2'] })]);
  expect((await provider.gate())[graph.login]).toMatchObject({ most: 1, requests: 3 });
});

test('6: each request can be refused by itself, with its own Retry-After', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ faults: [{ kind: 'throttled', seconds: 9, login: graph.login, path: '^/me/messages' }] });
  const answer = await graph.batch([part('1'), part('2', '/me/messages?$top=1'), part('3', '/me/contacts/nonsense')]);
  expect(statuses(answer)).toEqual({ 1: 200, 2: 429, 3: 400 });
  expect(answer.body.responses?.find(({ id }) => id === '2')?.headers).toMatchObject({ 'Retry-After': '9' });
});

test('6: what depends on a failed request fails with 424', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const answer = await graph.batch([
    part('later', undefined, { dependsOn: ['wrong'] }), part('last', undefined, { dependsOn: ['later'] }), part('wrong', '/me/contacts/nonsense'), part('alone'),
  ]);
  expect(statuses(answer)).toEqual({ wrong: 400, later: 424, last: 424, alone: 200 });
});

test('6: a body that is not JSON is base64', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const id = await graph.messageId('Report with a file');
  const mime = await graph.get(`/me/messages/${id}/$value`);
  const { body } = await graph.batch([part('mime', `/me/messages/${id}/$value`)]);
  const [response] = body.responses ?? [];
  expect(response?.headers['Content-Type']).toMatch(/^text\/plain/);
  expect(Buffer.from(String(response?.body), 'base64').equals(mime.bytes)).toBe(true);
});

test('6: a batch that is not well-formed is refused whole', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const wrong: object[][] = [
    [part('1'), part('1')],
    [{ method: 'GET', url: '/me/contacts' }],
    [{ id: '1', method: 'FETCH', url: '/me/contacts' }],
    [part('1', 'https://graph.microsoft.com/v1.0/me/contacts')],
    [part('1', undefined, { dependsOn: ['2'] })],
    [part('1', undefined, { dependsOn: ['1'] })],
    [part('1', undefined, { dependsOn: ['2'] }), part('2', undefined, { dependsOn: ['1'] })],
    [{ id: '1', method: 'POST', url: '/me/contacts', body: {} }],
  ];
  for (const requests of wrong) expect((await graph.batch(requests)).status, JSON.stringify(requests)).toBe(400);
  const headers = { 'content-type': 'application/json' };
  expect((await graph.request('/$batch', { method: 'POST', headers, body: '{' })).status).toBe(400);
  expect((await graph.request('/$batch')).status).toBe(405);
  // A batch in a batch, and a mailbox of another owner.
  expect(statuses(await graph.batch([part('1', '/$batch')]))).toEqual({ 1: 400 });
  const [answer] = (await graph.batch([part('1', '/users/grace@contoso.test/contacts')])).body.responses ?? [];
  expect([403, 404]).toContain(answer?.status);
});
