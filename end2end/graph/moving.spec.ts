// Moves, copies and deletions of messages at the stand-in for Graph. Each test is named after the section of the facts
// about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import type { Done } from '../provider/graph/control.ts';
import type { MessageWish } from '../provider/graph/deliver.ts';
import { Graph, IMMUTABLE, WRITING } from './calls.ts';

const at = (id: unknown): string => `/me/messages/${encodeURIComponent(String(id))}`;

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });
const notFound = refused(404, 'ErrorItemNotFound');

async function delivered(graph: Graph, message: MessageWish = {}): Promise<Done> {
  const [made] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver', message }]);
  if (!made) throw new Error('nothing was delivered');
  return made;
}

const folderId = async (graph: Graph, name: string): Promise<unknown> => (await graph.get(`/me/mailFolders/${name}`)).body.id;

/** The ids in a folder. */
async function idsIn(graph: Graph, folder: string, headers = {}): Promise<unknown[]> {
  const { body } = await graph.get(`/me/mailFolders/${folder}/messages?$select=id&$top=1000`, headers);
  return (body.value ?? []).map(({ id }) => id);
}

test('1.1: POST move answers 201 with a new id, and the old one is gone', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph);
  const answer = await graph.write('POST', `${at(made.id)}/move`, { destinationId: 'archive' });
  expect(answer).toMatchObject({ status: 201, body: { parentFolderId: await folderId(graph, 'archive'), internetMessageId: made.internetMessageId } });
  expect(answer.body.id).not.toBe(made.id);
  expect(await graph.get(at(made.id))).toMatchObject(notFound);
  expect(await graph.write('POST', `${at(made.id)}/move`, { destinationId: 'inbox' })).toMatchObject(notFound);
  expect((await graph.get(at(answer.body.id))).status).toBe(200);
  expect(await idsIn(graph, 'inbox')).not.toContain(made.id);
  expect(await idsIn(graph, 'archive')).toContain(answer.body.id);
});

test('1.1: with the immutable preference the id stays, and without it the answer has the changeable one', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph, { attachments: [{ name: 'a.txt', text: 'a' }] });
  const preferred = await graph.write('POST', `${at(made.immutableId)}/move`, { destinationId: 'archive' }, IMMUTABLE);
  expect(preferred).toMatchObject({ status: 201, body: { id: made.immutableId } });
  expect(preferred.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  const usual = await graph.write('POST', `${at(made.immutableId)}/move`, { destinationId: 'inbox' });
  expect(usual.body.id).not.toBe(made.immutableId);
  expect(usual.body.id).not.toBe(made.id);
  expect((await graph.get(at(made.immutableId), IMMUTABLE)).body.id).toBe(made.immutableId);
  expect((await graph.get(`${at(made.immutableId)}/attachments`, IMMUTABLE)).body.value).toHaveLength(1);
});

test('2: a destination is a folder by its id or its well-known name', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph);
  const path = at(made.immutableId);
  const junk = await folderId(graph, 'junkemail');
  expect((await graph.write('POST', `${path}/move`, { destinationId: junk })).body.parentFolderId).toBe(junk);
  expect((await graph.write('POST', `/me/mailFolders/junkemail/messages/${encodeURIComponent(made.immutableId ?? '')}/move`, { DestinationId: 'DeletedItems' })).status, 'as Microsoft\'s client for Python writes it').toBe(201);
  const other = await Graph.open(provider, WRITING);
  for (const [destinationId, status, code] of [
    ['posteingang', 400, 'ErrorInvalidIdMalformed'], ['clutter', 404, 'ErrorItemNotFound'], [await folderId(other, 'inbox'), 404, 'ErrorItemNotFound'],
  ] as const) {
    for (const action of ['move', 'copy']) {
      expect(await graph.write('POST', `${path}/${action}`, { destinationId }), String(destinationId)).toMatchObject(refused(status, code));
    }
  }
  for (const body of [{}, { destinationId: 5 }, { destinationId: null }, { destinationId: 'inbox', colour: 'red' }]) {
    expect((await graph.write('POST', `${path}/move`, body)).status, JSON.stringify(body)).toBe(400);
  }
  // A search folder has no messages of its own.
  const { body } = await graph.get('/me/mailFolders?$top=50');
  const search = body.value?.find((folder) => folder['@odata.type'] !== undefined)?.id;
  expect((await graph.write('POST', `${path}/move`, { destinationId: search })).status).toBe(400);
  expect((await graph.get(path)).body.parentFolderId).toBe(await folderId(graph, 'deleteditems'));
});

test('2: POST copy answers 201 with a second message, and the first one stays', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph, { subject: 'Twice', flag: 'flagged', categories: ['Later'], attachments: [{ name: 'a.txt', text: 'inside' }] });
  const answer = await graph.write('POST', `${at(made.id)}/copy`, { destinationId: 'archive' }, IMMUTABLE);
  expect(answer).toMatchObject({
    status: 201,
    body: { subject: 'Twice', internetMessageId: made.internetMessageId, conversationId: made.conversationId, categories: ['Later'], hasAttachments: true },
  });
  expect(answer.body.id).not.toBe(made.immutableId);
  expect((await graph.get(at(made.id))).status).toBe(200);
  const [own, copied] = [await graph.get(`${at(made.id)}/attachments`), await graph.get(`${at(answer.body.id)}/attachments`)];
  expect(copied.body.value).toMatchObject([{ name: 'a.txt', contentBytes: Buffer.from('inside').toString('base64') }]);
  expect(copied.body.value?.[0]?.id).not.toBe(own.body.value?.[0]?.id);
  // A copy has its own life.
  await graph.write('PATCH', at(answer.body.id), { isRead: true, categories: [] });
  expect((await graph.get(at(made.id))).body).toMatchObject({ isRead: false, categories: ['Later'] });
  expect((await graph.write('POST', `${at(made.id)}/copy`, { destinationId: 'inbox' })).status).toBe(201);
});

test('6: a move is a removal here and an addition there, and a copy only an addition', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph);
  const inbox = await graph.pages('/me/mailFolders/inbox/messages/delta', IMMUTABLE);
  const archive = await graph.pages('/me/mailFolders/archive/messages/delta', IMMUTABLE);
  const copy = await graph.write('POST', `${at(made.id)}/copy`, { destinationId: 'archive' }, IMMUTABLE);
  await graph.write('POST', `${at(made.id)}/move`, { destinationId: 'archive' });
  expect((await graph.get(inbox.deltaLink, IMMUTABLE)).body.value).toEqual([{ id: made.immutableId, '@removed': { reason: 'deleted' } }]);
  expect((await graph.get(archive.deltaLink, IMMUTABLE)).body.value?.map(({ id }) => id)).toEqual([copy.body.id, made.immutableId]);
});

test('2: DELETE answers 204, and the message is in Deleted Items', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph);
  const { deltaLink } = await graph.pages('/me/mailFolders/inbox/messages/delta');
  const answer = await graph.write('DELETE', at(made.id));
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(await graph.get(at(made.id))).toMatchObject(notFound);
  expect((await graph.get(at(made.immutableId), IMMUTABLE)).body.parentFolderId).toBe(await folderId(graph, 'deleteditems'));
  expect(await idsIn(graph, 'deleteditems', IMMUTABLE)).toContain(made.immutableId);
  expect((await graph.get(deltaLink)).body.value).toEqual([{ id: made.id, '@removed': { reason: 'deleted' } }]);
});

test('2: DELETE in Deleted Items and below it: the message is gone, and a second DELETE is refused', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [folder] = await provider.changeMailbox(graph.login, [{ do: 'make-folder', name: 'Old project', parent: 'deleteditems' }]);
  for (const place of ['deleteditems', folder?.id ?? '']) {
    const made = await delivered(graph, { folder: place });
    const { deltaLink } = await graph.pages(`/me/mailFolders/${encodeURIComponent(place)}/messages/delta`);
    expect((await graph.write('DELETE', at(made.id))).status).toBe(204);
    for (const id of [made.id, made.immutableId]) {
      expect(await graph.get(at(id), IMMUTABLE)).toMatchObject(notFound);
      expect(await graph.write('PATCH', at(id), { isRead: true })).toMatchObject(notFound);
    }
    const found = await graph.get(`/me/messages?${new URLSearchParams({ $filter: `internetMessageId eq '${made.internetMessageId}'` }).toString()}`);
    expect(found.body.value).toEqual([]);
    expect((await graph.get(deltaLink)).body.value).toEqual([{ id: made.id, '@removed': { reason: 'deleted' } }]);
    // Others report both (msgraph-sdk-dotnet, issue 3047).
    expect(await graph.write('DELETE', at(made.id))).toMatchObject(notFound);
    expect(await graph.write('DELETE', at(made.immutableId))).toMatchObject(refused(403, 'ErrorCannotDeleteObject'));
  }
});

test('2: what was deleted there can be read and moved back from the recoverable items, and not deleted', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph, { folder: 'deleteditems', attachments: [{ name: 'a.txt', text: 'a' }] });
  await graph.write('DELETE', at(made.id));
  const there = `/me/mailFolders/recoverableitemsdeletions/messages/${encodeURIComponent(made.immutableId ?? '')}`;
  expect(await idsIn(graph, 'recoverableitemsdeletions', IMMUTABLE)).toEqual([made.immutableId]);
  expect((await graph.get(`${there}/attachments`, IMMUTABLE)).body.value).toHaveLength(1);
  expect(await graph.get(`${at(made.immutableId)}/attachments`)).toMatchObject(notFound);
  expect(await graph.write('DELETE', there)).toMatchObject(refused(403, 'ErrorCannotDeleteObject'));
  expect((await graph.write('POST', `${there}/move`, { destinationId: 'inbox' })).status).toBe(201);
  expect((await graph.get(at(made.immutableId), IMMUTABLE)).status).toBe(200);
});

test('2: on some mailboxes DELETE skips Deleted Items, as others report', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  await provider.set({ deletedGoTo: 'recoverableitemsdeletions' });
  const made = await delivered(graph);
  expect((await graph.write('DELETE', at(made.id))).status).toBe(204);
  expect(await idsIn(graph, 'deleteditems', IMMUTABLE)).not.toContain(made.immutableId);
  expect(await graph.get(at(made.immutableId), IMMUTABLE)).toMatchObject(notFound);
  expect(await graph.write('DELETE', at(made.immutableId))).toMatchObject(refused(403, 'ErrorCannotDeleteObject'));
});

test('2: permanentDelete answers 204, and only Purges has the message', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await delivered(graph);
  const { deltaLink } = await graph.pages('/me/mailFolders/inbox/messages/delta');
  const answer = await graph.write('POST', `${at(made.id)}/permanentDelete`);
  expect([answer.status, answer.text]).toEqual([204, '']);
  for (const id of [made.id, made.immutableId]) {
    expect(await graph.get(at(id), IMMUTABLE)).toMatchObject(notFound);
    expect(await graph.write('DELETE', at(id))).toMatchObject(notFound);
  }
  for (const folder of ['deleteditems', 'recoverableitemsdeletions']) expect(await idsIn(graph, folder, IMMUTABLE)).not.toContain(made.immutableId);
  expect((await graph.get(deltaLink)).body.value).toEqual([{ id: made.id, '@removed': { reason: 'deleted' } }]);
  expect(await provider.changeMailbox(graph.login, [{ do: 'list-purges' }])).toMatchObject([{ immutableId: made.immutableId, internetMessageId: made.internetMessageId }]);
});

test('2: a cloud may lack permanentDelete, and then a message is moved to Deleted Items and deleted there', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  await provider.set({ permanentDelete: false });
  const made = await delivered(graph);
  expect(await graph.write('POST', `${at(made.immutableId)}/permanentDelete`)).toMatchObject(refused(400, 'BadRequest'));
  expect((await graph.write('POST', `${at(made.immutableId)}/move`, { destinationId: 'deleteditems' })).status).toBe(201);
  expect((await graph.write('DELETE', at(made.immutableId))).status).toBe(204);
  expect(await graph.get(at(made.immutableId), IMMUTABLE)).toMatchObject(notFound);
  expect(await provider.changeMailbox(graph.login, [{ do: 'list-purges' }])).toEqual([]);
});

test('3: the numbers of the folders follow', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const counts = async (folder: string): Promise<number[]> => {
    const { body } = await graph.get(`/me/mailFolders/${folder}?$select=totalItemCount,unreadItemCount`);
    return [Number(body.totalItemCount), Number(body.unreadItemCount)];
  };
  const [total = 0, unread = 0] = await counts('archive');
  const made = await delivered(graph);
  await graph.write('POST', `${at(made.immutableId)}/move`, { destinationId: 'archive' });
  expect(await counts('archive')).toEqual([total + 1, unread + 1]);
  await graph.write('PATCH', at(made.immutableId), { isRead: true });
  expect(await counts('archive')).toEqual([total + 1, unread]);
  await graph.write('DELETE', at(made.immutableId));
  expect(await counts('archive')).toEqual([total, unread]);
});
