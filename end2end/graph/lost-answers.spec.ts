// Answers that are lost before or after a change was done, at the stand-in for Graph: rule 2 of section 1 and section 7 of
// the facts about Graph.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph, IMMUTABLE, WRITING } from './calls.ts';

const at = (id: unknown): string => `/me/messages/${encodeURIComponent(String(id))}`;

async function delivered(graph: Graph): Promise<string> {
  const [made] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  return made?.immutableId ?? '';
}

/** Sends one call that meets a fault. */
async function failing(graph: Graph, kind: string, send: () => Promise<Answered>, more: object = {}): Promise<Answered> {
  await graph.provider.gate({ faults: [{ kind, login: graph.login, ...more }] });
  return send();
}

const folderOf = async (graph: Graph, id: string): Promise<unknown> => (await graph.get(at(id), IMMUTABLE)).body.parentFolderId;
const folder = async (graph: Graph, name: string): Promise<unknown> => (await graph.get(`/me/mailFolders/${name}`)).body.id;

test('7: a 504 before the change: nothing was done', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const id = await delivered(graph);
  const move = () => graph.write('POST', `${at(id)}/move`, { destinationId: 'archive' });
  expect(await failing(graph, 'gateway-timeout', move)).toMatchObject({ status: 504, body: { error: { code: 'UnknownError' } } });
  expect(await folderOf(graph, id)).toBe(await folder(graph, 'inbox'));
  expect((await move()).status).toBe(201);
});

test('7: a 504 after the change: it was done, and a second try does it twice or finds nothing', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [one, two] = [await delivered(graph), await delivered(graph)];
  const changed = await failing(graph, 'gateway-timeout-after', () => graph.write('PATCH', at(one), { isRead: true }));
  expect(changed.status).toBe(504);
  expect((await graph.get(at(one))).body.isRead).toBe(true);

  const copy = () => graph.write('POST', `${at(one)}/copy`, { destinationId: 'archive' });
  const before = Number((await graph.get('/me/mailFolders/archive')).body.totalItemCount);
  expect((await failing(graph, 'gateway-timeout-after', copy)).status).toBe(504);
  expect((await copy()).status).toBe(201);
  expect((await graph.get('/me/mailFolders/archive')).body.totalItemCount).toBe(before + 2);

  const { body } = await graph.get(at(two));
  const remove = () => graph.write('DELETE', at(body.id));
  expect((await failing(graph, 'gateway-timeout-after', remove)).status).toBe(504);
  expect((await remove()).status).toBe(404);
  const make = () => graph.write('POST', '/me/contacts', { displayName: 'Doubled' });
  expect((await failing(graph, 'gateway-timeout-after', make)).status).toBe(504);
  expect((await make()).status).toBe(201);
  expect((await graph.get("/me/contacts?$filter=displayName eq 'Doubled'")).body.value).toHaveLength(2);
});

test('7: a connection that is cut before or after the change has no answer at all', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [one, two] = [await delivered(graph), await delivered(graph)];
  const move = (id: string) => () => graph.write('POST', `${at(id)}/move`, { destinationId: 'archive' });
  await expect(failing(graph, 'lost-before', move(one))).rejects.toThrow('fetch failed');
  expect(await folderOf(graph, one)).toBe(await folder(graph, 'inbox'));
  await expect(failing(graph, 'lost-after', move(two))).rejects.toThrow('fetch failed');
  expect(await folderOf(graph, two)).toBe(await folder(graph, 'archive'));
  // Half of an answer, after the change.
  await expect(failing(graph, 'cut', move(one))).rejects.toThrow();
  expect(await folderOf(graph, one)).toBe(await folder(graph, 'archive'));
  await expect(failing(graph, 'lost-after', () => graph.write('DELETE', at(one)))).rejects.toThrow('fetch failed');
  expect(await folderOf(graph, one)).toBe(await folder(graph, 'deleteditems'));
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
});

test('7: a change that is done at once can be answered late, after its client has left', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const id = await delivered(graph);
  await provider.gate({ faults: [{ kind: 'late', login: graph.login, seconds: 30, method: 'PATCH' }] });
  const leaving = new AbortController();
  const answer = graph.request(at(id), { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: '{"isRead":true}', signal: leaving.signal });
  await expect.poll(async () => (await graph.get(at(id))).body.isRead).toBe(true);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
  const start = Date.now();
  expect((await failing(graph, 'late', () => graph.write('PATCH', at(id), { isRead: false }), { seconds: 1 })).status).toBe(200);
  expect(Date.now() - start).toBeGreaterThanOrEqual(950);
});

test('2: a conflict that a test asks for changes nothing', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const id = await delivered(graph);
  for (const [kind, status] of [['conflict', 409], ['conflict-412', 412]] as const) {
    const answer = await failing(graph, kind, () => graph.write('PATCH', at(id), { isRead: true }), { method: 'PATCH' });
    expect(answer).toMatchObject({ status, body: { error: { code: 'ErrorIrresolvableConflict' } } });
  }
  expect((await graph.get(at(id))).body.isRead).toBe(false);
});

test('7: the answer of a whole batch is lost after its parts were done, if a fault names it', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const ids = [await delivered(graph), await delivered(graph)];
  const headers = { 'Content-Type': 'application/json' };
  const batch = () => graph.batch(ids.map((id, number) => ({ id: String(number), method: 'POST', url: `${at(id)}/move`, headers, body: { destinationId: 'archive' } })));
  // A fault that names no path meets the parts, one here.
  const parts = await failing(graph, 'lost-after', batch);
  expect(parts.body.responses?.map(({ status }) => status).sort()).toEqual([201, 504]);
  for (const id of ids) expect(await folderOf(graph, id)).toBe(await folder(graph, 'archive'));

  for (const id of ids) await graph.write('POST', `${at(id)}/move`, { destinationId: 'inbox' });
  expect((await failing(graph, 'gateway-timeout', batch, { path: '^/\\$batch' })).status).toBe(504);
  expect(await folderOf(graph, ids[0] ?? '')).toBe(await folder(graph, 'inbox'));
  expect((await failing(graph, 'gateway-timeout-after', batch, { path: '^/\\$batch' })).status).toBe(504);
  for (const id of ids) expect(await folderOf(graph, id)).toBe(await folder(graph, 'archive'));
  await expect(failing(graph, 'lost-after', batch, { path: '^/\\$batch' })).rejects.toThrow('fetch failed');
  expect((await batch()).status).toBe(200);
});
