// Batches that change something at the stand-in for Graph, each rule as the facts about Graph have it: section 6 and rule 7
// of section 1.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph, IMMUTABLE, READING, WRITING } from './calls.ts';

const at = (id: unknown): string => `/me/messages/${encodeURIComponent(String(id))}`;

/** A part with a body in JSON. */
const part = (id: string, method: string, url: string, body?: object, more: object = {}): object =>
  ({ id, method, url, ...(body && { headers: { 'Content-Type': 'application/json' }, body }), ...more });

const statuses = ({ body }: Answered): Record<string, number> => Object.fromEntries((body.responses ?? []).map(({ id, status }) => [id, status]));
const partOf = ({ body }: Answered, wanted: string) => body.responses?.find(({ id }) => id === wanted);

/** The immutable ids of new messages in the inbox. */
async function delivered(graph: Graph, count: number): Promise<string[]> {
  const made = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver', count }]);
  return made.map(({ immutableId = '' }) => immutableId);
}

test('6: a batch changes, moves, copies and deletes, each part with its status', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const ids = await delivered(graph, 5);
  const [one, two, three, four, five] = ids.map(at);
  const answer = await graph.batch([
    part('read', 'PATCH', one ?? '', { isRead: true }),
    part('move', 'POST', `${two}/move`, { destinationId: 'archive' }, { headers: { 'Content-Type': 'application/json', Prefer: IMMUTABLE.prefer } }),
    part('copy', 'POST', `${three}/copy`, { destinationId: 'archive' }),
    part('delete', 'DELETE', four ?? ''),
    part('purge', 'POST', `${five}/permanentDelete`),
    part('folder', 'POST', '/me/mailFolders', { displayName: 'By batch' }),
    part('contact', 'POST', '/me/contacts', { displayName: 'By batch' }),
  ]);
  expect(statuses(answer)).toEqual({ read: 200, move: 201, copy: 201, delete: 204, purge: 204, folder: 201, contact: 201 });
  expect(partOf(answer, 'read')?.body).toMatchObject({ isRead: true });
  expect(partOf(answer, 'move')).toMatchObject({ body: { id: ids[1] }, headers: { 'Preference-Applied': 'IdType="ImmutableId"' } });
  expect(partOf(answer, 'delete')).not.toHaveProperty('body');
  const deleted = await graph.get('/me/mailFolders/deleteditems/messages?$select=id', IMMUTABLE);
  expect(deleted.body.value?.map(({ id }) => id)).toContain(ids[3]);
  expect((await graph.get(at(ids[4]))).status).toBe(404);
});

test('6: parts that depend on each other are done in their order, and fail with each other', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [id] = await delivered(graph, 1);
  const sound = await graph.batch([
    part('3', 'DELETE', at(id), undefined, { dependsOn: ['2'] }),
    part('2', 'PATCH', at(id), { isRead: true }, { dependsOn: ['1'] }),
    part('1', 'POST', `${at(id)}/move`, { destinationId: 'archive' }),
  ]);
  expect(statuses(sound)).toEqual({ 1: 201, 2: 200, 3: 204 });

  const [other] = await delivered(graph, 1);
  const failed = await graph.batch([
    part('1', 'POST', `${at(other)}/move`, { destinationId: 'nowhere' }),
    part('2', 'DELETE', at(other), undefined, { dependsOn: ['1'] }),
    part('3', 'PATCH', at(other), { isRead: true }),
  ]);
  expect(statuses(failed)).toEqual({ 1: 400, 2: 424, 3: 200 });
  // What failed with another part was not done.
  expect((await graph.get(at(other))).body).toMatchObject({ isRead: true, parentFolderId: (await graph.get('/me/mailFolders/inbox')).body.id });
});

test('6: a part can be throttled by itself, is not done then, and can be sent again', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const ids = await delivered(graph, 3);
  await provider.gate({ faults: [{ kind: 'throttled', seconds: 3, login: graph.login, method: 'POST', after: 1 }] });
  const parts = ids.map((id, number) => part(String(number), 'POST', `${at(id)}/move`, { destinationId: 'archive' }));
  const answer = await graph.batch(parts);
  expect(Object.values(statuses(answer)).sort()).toEqual([201, 201, 429]);
  const refused = answer.body.responses?.find(({ status }) => status === 429);
  expect(refused).toMatchObject({ headers: { 'Retry-After': '3' }, body: { error: { code: 'ApplicationThrottled' } } });
  const inbox = (await graph.get('/me/mailFolders/inbox')).body.id;
  expect((await graph.get(at(ids[Number(refused?.id)]))).body.parentFolderId).toBe(inbox);
  expect(statuses(await graph.batch([parts[Number(refused?.id)] ?? {}]))).toEqual({ [String(refused?.id)]: 201 });
});

test('2: two parts that change one message at once are a conflict of one of them', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  await provider.set({ conflictSeconds: 30 });
  const [id] = await delivered(graph, 1);
  const answer = await graph.batch([part('1', 'PATCH', at(id), { isRead: true }), part('2', 'PATCH', at(id), { flag: { flagStatus: 'flagged' } })]);
  expect(Object.values(statuses(answer)).sort()).toEqual([200, 409]);
  expect(answer.body.responses?.find(({ status }) => status === 409)?.body).toMatchObject({ error: { code: 'ErrorIrresolvableConflict' } });
});

test('8: each part needs its permission', async ({ provider }) => {
  const graph = await Graph.open(provider, READING);
  const [id] = await delivered(graph, 1);
  const answer = await graph.batch([part('1', 'PATCH', at(id), { isRead: true }), part('2', 'GET', at(id)), part('3', 'DELETE', at(id))]);
  expect(statuses(answer)).toEqual({ 1: 403, 2: 200, 3: 403 });
});

test('1.7: changes count in the limit of a mailbox as reads do', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const ids = await delivered(graph, 8);
  await provider.gate({ faults: [{ kind: 'slow', seconds: 0.3, times: 0, login: graph.login }] });
  const answer = await graph.batch(ids.map((id, number) => part(String(number), 'PATCH', at(id), { isRead: true })));
  expect(new Set(Object.values(statuses(answer)))).toEqual(new Set([200]));
  expect((await provider.gate())[graph.login]).toMatchObject({ most: 4, requests: 8, refused: 0 });
  // Five that come alone are one too many.
  const alone = await Promise.all(ids.slice(0, 5).map((id) => graph.write('PATCH', at(id), { isRead: false })));
  expect(alone.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429]);
});
