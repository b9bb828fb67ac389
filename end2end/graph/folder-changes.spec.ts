// Changes of folders at the stand-in for Graph. Each test is named after the section of the facts about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph, READING, WRITING } from './calls.ts';

const at = (id: unknown): string => `/me/mailFolders/${encodeURIComponent(String(id))}`;

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });
const exists = refused(409, 'ErrorFolderExists');

const WELL_KNOWN = ['inbox', 'drafts', 'sentitems', 'deleteditems', 'junkemail', 'archive', 'outbox', 'msgfolderroot'];

/** Makes a folder, at the root unless a parent is named. */
const make = (graph: Graph, displayName: string, parent?: unknown): Promise<Answered> =>
  graph.write('POST', parent === undefined ? '/me/mailFolders' : `${at(parent)}/childFolders`, { displayName });

const namesIn = async (graph: Graph, folder: unknown): Promise<unknown[]> =>
  ((await graph.get(`${at(folder)}/childFolders?$top=100`)).body.value ?? []).map(({ displayName }) => displayName);

/** The id of a new message in a folder. */
async function delivered(graph: Graph, folder: unknown): Promise<string> {
  const [made] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver', message: { folder: String(folder) } }]);
  return encodeURIComponent(made?.immutableId ?? '');
}

test('3: a folder is made at the root, and below another folder by its id or its name', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const root = (await graph.get(at('msgfolderroot'))).body.id;
  const made = await make(graph, 'A / B %');
  expect(made).toMatchObject({ status: 201, body: { displayName: 'A / B %', parentFolderId: root, childFolderCount: 0, totalItemCount: 0, unreadItemCount: 0, isHidden: false } });
  expect(made.headers.get('location')).toContain(`/v1.0/users('${encodeURIComponent(graph.login)}')/mailFolders('`);
  const below = await make(graph, 'Below', made.body.id);
  expect(below).toMatchObject({ status: 201, body: { parentFolderId: made.body.id } });
  expect((await make(graph, 'Deeper', below.body.id)).status).toBe(201);
  expect((await make(graph, 'In the inbox', 'inbox')).body.parentFolderId).toBe((await graph.get(at('inbox'))).body.id);
  expect((await graph.get(at(made.body.id))).body).toMatchObject({ displayName: 'A / B %', childFolderCount: 1 });
  expect(await namesIn(graph, made.body.id)).toEqual(['Below']);
  // It is a folder as any other.
  await delivered(graph, below.body.id);
  expect((await graph.get(at(below.body.id))).body).toMatchObject({ totalItemCount: 1, unreadItemCount: 1 });
});

test('3: a folder can be made hidden, and stays so', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/mailFolders', { displayName: 'Secret', isHidden: true });
  expect(made).toMatchObject({ status: 201, body: { isHidden: true } });
  expect(await namesIn(graph, 'msgfolderroot')).not.toContain('Secret');
  expect(await graph.write('PATCH', at(made.body.id), { isHidden: false })).toMatchObject(refused(400, 'ErrorInvalidPropertySet'));
});

test('3: two folders with one parent do not have the same name, in whatever case', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Twice');
  expect(await make(graph, 'Twice')).toMatchObject(exists);
  expect(await make(graph, 'tWICE')).toMatchObject(exists);
  expect(await make(graph, 'Inbox')).toMatchObject(exists);
  const other = await make(graph, 'Twice', 'inbox');
  expect(other.status).toBe(201);
  // Hidden folders and search folders have names too.
  expect(await make(graph, 'Sync Issues')).toMatchObject(exists);
  expect(await make(graph, 'For follow-up')).toMatchObject(exists);
  expect(await graph.write('PATCH', at(made.body.id), { displayName: 'Projects' })).toMatchObject(exists);
  expect(await graph.write('POST', `${at(other.body.id)}/move`, { destinationId: 'msgfolderroot' })).toMatchObject(exists);
  expect(await graph.write('POST', `${at(other.body.id)}/copy`, { destinationId: 'msgfolderroot' })).toMatchObject(exists);
  // Others report another status.
  await provider.set({ folderExistsStatus: 400 });
  expect(await make(graph, 'Twice')).toMatchObject(refused(400, 'ErrorFolderExists'));
});

test('3: PATCH renames a folder, and its id stays', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Before');
  const answer = await graph.write('PATCH', at(made.body.id), { displayName: 'After' });
  expect(answer).toMatchObject({ status: 200, body: { id: made.body.id, displayName: 'After' } });
  expect((await graph.write('PATCH', at(made.body.id), { displayName: 'AFTER' })).body.displayName).toBe('AFTER');
  const names = await namesIn(graph, 'msgfolderroot');
  expect(names).toContain('AFTER');
  expect(names).not.toContain('Before');
});

test('3: a folder is moved with everything in it, and the ids stay', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Moving');
  const below = await make(graph, 'Below', made.body.id);
  const message = await delivered(graph, below.body.id);
  const answer = await graph.write('POST', `${at(made.body.id)}/move`, { destinationId: 'archive' });
  const archive = (await graph.get(at('archive'))).body.id;
  expect(answer).toMatchObject({ status: 200, body: { id: made.body.id, parentFolderId: archive, childFolderCount: 1 } });
  expect((await graph.get(`/me/messages/${message}`)).body.parentFolderId).toBe(below.body.id);
  const through = `${at('archive')}/childFolders/${encodeURIComponent(String(made.body.id))}/move`;
  expect((await graph.write('POST', through, { destinationId: 'inbox' })).body.parentFolderId).toBe((await graph.get(at('inbox'))).body.id);
});

test('3: a folder is not moved or copied below itself, nor copied beside itself', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Above');
  const below = await make(graph, 'Below', made.body.id);
  const deep = await make(graph, 'Deep', below.body.id);
  for (const destinationId of [made.body.id, below.body.id, deep.body.id]) {
    for (const action of ['move', 'copy']) {
      expect(await graph.write('POST', `${at(made.body.id)}/${action}`, { destinationId })).toMatchObject(refused(400, 'ErrorMoveCopyFailed'));
    }
  }
  // Others report it, seen live (io-msgraph, tests).
  expect(await graph.write('POST', `${at(below.body.id)}/copy`, { destinationId: made.body.id })).toMatchObject(refused(400, 'ErrorMoveCopyFailed'));
  expect((await graph.get(at(deep.body.id))).body.parentFolderId).toBe(below.body.id);
});

test('3: a copy of a folder has copies of everything in it', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Original');
  const below = await make(graph, 'Below', made.body.id);
  await delivered(graph, below.body.id);
  const answer = await graph.write('POST', `${at(made.body.id)}/copy`, { destinationId: 'archive' });
  expect(answer).toMatchObject({ status: 200, body: { displayName: 'Original', childFolderCount: 1 } });
  expect(answer.body.id).not.toBe(made.body.id);
  const [copied] = (await graph.get(`${at(answer.body.id)}/childFolders`)).body.value ?? [];
  expect(copied).toMatchObject({ displayName: 'Below', totalItemCount: 1 });
  expect((await graph.get(at(below.body.id))).body.totalItemCount).toBe(1);
});

test('3: DELETE moves a folder to Deleted Items, and there ends it with everything in it', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Old');
  const message = await delivered(graph, made.body.id);
  const answer = await graph.write('DELETE', at(made.body.id));
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect((await graph.get(at(made.body.id))).body).toMatchObject({ displayName: 'Old', parentFolderId: (await graph.get(at('deleteditems'))).body.id });
  expect((await graph.get(`/me/messages/${message}`)).status).toBe(200);
  // A second folder of the name has a place there too.
  const again = await make(graph, 'Old');
  expect((await graph.write('DELETE', at(again.body.id))).status).toBe(204);
  expect(new Set(await namesIn(graph, 'deleteditems')).size).toBe(2);

  expect((await graph.write('DELETE', at(made.body.id))).status).toBe(204);
  expect(await graph.get(at(made.body.id))).toMatchObject(refused(404, 'ErrorItemNotFound'));
  expect(await graph.get(`/me/messages/${message}`)).toMatchObject(refused(404, 'ErrorItemNotFound'));
  expect(await graph.write('DELETE', at(made.body.id))).toMatchObject(refused(404, 'ErrorItemNotFound'));
});

test('3: permanentDelete ends a folder at once, where the cloud has it', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [one, two] = [await make(graph, 'One'), await make(graph, 'Two')];
  const message = await delivered(graph, one.body.id);
  expect((await graph.write('POST', `${at(one.body.id)}/permanentDelete`)).status).toBe(204);
  expect((await graph.get(at(one.body.id))).status).toBe(404);
  expect((await graph.get(`/me/messages/${message}`)).status).toBe(404);
  expect(await namesIn(graph, 'deleteditems')).toEqual([]);
  await provider.set({ permanentDelete: false });
  expect(await graph.write('POST', `${at(two.body.id)}/permanentDelete`)).toMatchObject(refused(400, 'BadRequest'));
  expect((await graph.get(at(two.body.id))).status).toBe(200);
});

test('3: folders with a well-known name are not renamed, moved or deleted', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const other = await make(graph, 'Other');
  for (const name of WELL_KNOWN) {
    const id = (await graph.get(at(name))).body.id;
    for (const folder of [name, id]) {
      expect((await graph.write('PATCH', at(folder), { displayName: 'Mine' })).status, name).toBe(400);
      expect(await graph.write('POST', `${at(folder)}/move`, { destinationId: other.body.id }), name).toMatchObject(refused(400, 'ErrorMoveDistinguishedFolder'));
      for (const [method, target] of [['DELETE', at(folder)], ['POST', `${at(folder)}/permanentDelete`]] as const) {
        expect(await graph.write(method, target), name).toMatchObject(refused(400, 'ErrorDeleteDistinguishedFolder'));
      }
    }
    expect((await graph.get(at(id))).status).toBe(200);
  }
});

test('3: what is not a name, not a folder, or not a property is refused', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await make(graph, 'Sound');
  for (const body of [{}, { displayName: '' }, { displayName: null }, { displayName: 5 }, { displayName: 'A', colour: 'red' }, { displayName: 'A', isHidden: 'yes' }]) {
    expect((await graph.write('POST', '/me/mailFolders', body)).status, JSON.stringify(body)).toBe(400);
  }
  for (const body of [{ displayName: '' }, { displayName: null }, { parentFolderId: 'x' }, { totalItemCount: 1 }, { colour: 'red' }]) {
    expect((await graph.write('PATCH', at(made.body.id), body)).status, JSON.stringify(body)).toBe(400);
  }
  for (const destinationId of ['nowhere', undefined, 5]) expect((await graph.write('POST', `${at(made.body.id)}/move`, { destinationId })).status).toBe(400);
  expect(await make(graph, 'Lost', 'clutter')).toMatchObject(refused(404, 'ErrorItemNotFound'));
  expect(await graph.write('DELETE', at('1'))).toMatchObject(refused(400, 'ErrorInvalidIdMalformed'));
  const search = (await graph.get('/me/mailFolders?$top=50')).body.value?.find((folder) => folder['@odata.type'] !== undefined)?.id;
  expect((await make(graph, 'Below a search', search)).status).toBe(400);
  expect((await graph.write('POST', `${at(made.body.id)}/move`, { destinationId: search })).status).toBe(400);
  expect((await graph.write('PUT', at(made.body.id), { displayName: 'A' })).status).toBe(405);
});

test('3: each change of the tree is in mailFolders/delta', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  let link = (await graph.pages('/me/mailFolders/delta')).deltaLink;
  const changed = async (): Promise<Record<string, unknown>[]> => {
    const { pages, deltaLink } = await graph.pages(link);
    link = deltaLink;
    return pages.flat();
  };
  const made = await make(graph, 'New');
  expect(await changed()).toMatchObject([{ id: made.body.id, displayName: 'New' }]);
  await graph.write('PATCH', at(made.body.id), { displayName: 'Newer' });
  expect(await changed()).toMatchObject([{ id: made.body.id, displayName: 'Newer' }]);
  await graph.write('POST', `${at(made.body.id)}/move`, { destinationId: 'archive' });
  expect(await changed()).toMatchObject([{ id: made.body.id, parentFolderId: (await graph.get(at('archive'))).body.id }]);
  const copy = await graph.write('POST', `${at(made.body.id)}/copy`, { destinationId: 'inbox' });
  expect(await changed()).toMatchObject([{ id: copy.body.id, displayName: 'Newer' }]);
  await graph.write('DELETE', at(made.body.id));
  expect(await changed()).toMatchObject([{ id: made.body.id, parentFolderId: (await graph.get(at('deleteditems'))).body.id }]);
  await graph.write('DELETE', at(made.body.id));
  expect(await changed()).toEqual([{ id: made.body.id, '@removed': { reason: 'deleted' } }]);
  expect(await changed()).toEqual([]);
});

test('8: a change of a folder needs Mail.ReadWrite', async ({ provider }) => {
  const graph = await Graph.open(provider, READING);
  const [folder] = await provider.changeMailbox(graph.login, [{ do: 'make-folder', name: 'Mine' }]);
  const calls: [method: string, target: string, body?: object][] = [
    ['POST', '/me/mailFolders', { displayName: 'A' }], ['POST', '/me/mailFolders/inbox/childFolders', { displayName: 'A' }],
    ['PATCH', at(folder?.id), { displayName: 'A' }], ['POST', `${at(folder?.id)}/move`, { destinationId: 'inbox' }],
    ['POST', `${at(folder?.id)}/copy`, { destinationId: 'inbox' }], ['POST', `${at(folder?.id)}/permanentDelete`], ['DELETE', at(folder?.id)],
  ];
  for (const [method, target, body] of calls) expect(await graph.write(method, target, body), `${method} ${target}`).toMatchObject(refused(403, 'ErrorAccessDenied'));
});
