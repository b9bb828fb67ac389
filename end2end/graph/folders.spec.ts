// Folders of mail at the stand-in for Graph. Each test is named after the section of the facts about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph } from './calls.ts';

const namesOf = (value: Record<string, unknown>[] | undefined): unknown[] => (value ?? []).map(({ displayName }) => displayName);

/** The names that Graph accepts in place of an id. */
const WELL_KNOWN = [
  'archive', 'conflicts', 'conversationhistory', 'deleteditems', 'drafts', 'inbox', 'junkemail', 'localfailures', 'msgfolderroot', 'outbox',
  'recoverableitemsdeletions', 'searchfolders', 'sentitems', 'serverfailures', 'syncissues',
];

test('3: the list has the children of the root only, 10 per page', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/mailFolders');
  expect(pages.map((page) => page.length)).toEqual([10, 1]);
  const root = await graph.get('/me/mailFolders/msgfolderroot');
  for (const folder of pages.flat()) expect(folder.parentFolderId, String(folder.displayName)).toBe(root.body.id);
  expect(namesOf(pages.flat())).not.toContain('2026/Q1');
});

test('3: each further level is a list of its own, and names may have slashes and percent signs', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/mailFolders');
  const projects = pages.flat().find(({ displayName }) => displayName === 'Projects');
  expect(projects?.childFolderCount).toBe(2);
  const below = await graph.get(`/me/mailFolders/${encodeURIComponent(String(projects?.id))}/childFolders`);
  expect(namesOf(below.body.value)).toEqual(['2026/Q1', '100 % done']);
  const quarter = String(below.body.value?.[0]?.id);
  const deep = await graph.get(`/me/mailFolders/${encodeURIComponent(quarter)}/childFolders`);
  expect(deep.body.value).toMatchObject([{ displayName: 'Deep', parentFolderId: quarter, childFolderCount: 0 }]);
});

test('3: hidden folders are left out unless they are asked for', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const hidden = async (query: string): Promise<unknown[]> => (await graph.pages(`/me/mailFolders${query}`)).pages.flat().filter(({ isHidden }) => isHidden);
  expect(await hidden('')).toEqual([]);
  expect(await hidden('?includeHiddenFolders=true')).toMatchObject([{ displayName: 'Sync Issues' }]);
});

test('3: search folders are mixed in', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/mailFolders');
  const search = pages.flat().filter((folder) => folder['@odata.type'] === '#microsoft.graph.mailSearchFolder');
  expect(search).toMatchObject([{ displayName: 'For follow-up', totalItemCount: 1, filterQuery: "flag/flagStatus eq 'flagged'" }]);
  const { body } = await graph.get(`/me/mailFolders/${encodeURIComponent(String(search[0]?.id))}/messages`);
  const inbox = await graph.get('/me/mailFolders/inbox');
  // Its messages are in another folder.
  expect(body.value).toMatchObject([{ subject: 'For follow-up', parentFolderId: inbox.body.id }]);
});

test('3: a well-known name is usable wherever an id is, in each language', async ({ provider }) => {
  await provider.set({ language: 'de' });
  const graph = await Graph.open(provider);
  for (const name of WELL_KNOWN) expect((await graph.get(`/me/mailFolders/${name}`)).status, name).toBe(200);
  const inbox = await graph.get('/me/mailFolders/inbox');
  expect(inbox.body).toMatchObject({ displayName: 'Posteingang', isHidden: false });
  expect((await graph.get("/me/mailFolders('inbox')/messages?$top=1")).body.value).toHaveLength(1);
  expect((await graph.get('/me/mailFolders/inbox/childFolders')).body.value).toMatchObject([{ displayName: 'Projects', parentFolderId: inbox.body.id }]);
  const { pages } = await graph.pages('/me/mailFolders');
  expect(namesOf(pages.flat())).toEqual(expect.arrayContaining(['Posteingang', 'Entwürfe', 'Gesendete Elemente', 'Gelöschte Elemente', 'Junk-E-Mail']));
});

test('3: the list does not say which folder is which', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/mailFolders?$top=1');
  expect(Object.keys(body.value?.[0] ?? {}).sort()).toEqual([
    'childFolderCount', 'displayName', 'id', 'isHidden', 'parentFolderId', 'totalItemCount', 'unreadItemCount',
  ]);
});

test('3: a mailbox may lack a well-known folder, and what is neither name nor id is malformed', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const name of ['clutter', 'scheduled']) {
    expect(await graph.get(`/me/mailFolders/${name}`), name).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
  }
  for (const id of ['posteingang', 'AQMk', '1']) {
    expect(await graph.get(`/me/mailFolders/${id}/messages`), id).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidIdMalformed' } } });
  }
});

test('3: the numbers of a folder follow its messages', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const counts = async (): Promise<number[]> => {
    const { body } = await graph.get('/me/mailFolders/archive?$select=totalItemCount,unreadItemCount');
    return [Number(body.totalItemCount), Number(body.unreadItemCount)];
  };
  expect(await counts()).toEqual([1, 0]);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { folder: 'archive' } }]);
  expect(await counts()).toEqual([2, 1]);
  await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'inbox' }]);
  expect(await counts()).toEqual([1, 0]);
});

test('3: the whole tree comes by mailFolders/delta', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages, deltaLink } = await graph.pages('/me/mailFolders/delta');
  const folders = pages.flat();
  expect(pages.every((page) => page.length <= 10)).toBe(true);
  expect(namesOf(folders)).toEqual(expect.arrayContaining(['Inbox', 'Projects', '2026/Q1', 'Deep']));
  expect((await graph.get(deltaLink)).body.value).toEqual([]);

  const [made] = await provider.changeMailbox(graph.login, [{ do: 'make-folder', name: 'New', parent: 'inbox' }]);
  const next = await graph.get(deltaLink);
  expect(next.body.value).toMatchObject([{ id: made?.id, displayName: 'New' }]);
  await provider.changeMailbox(graph.login, [{ do: 'rename-folder', id: made?.id ?? '', name: 'Newer' }]);
  const renamed = await graph.get(next.body['@odata.deltaLink'] ?? '');
  expect(renamed.body.value).toMatchObject([{ id: made?.id, displayName: 'Newer' }]);
  await provider.changeMailbox(graph.login, [{ do: 'remove-folder', id: made?.id ?? '' }]);
  expect((await graph.get(renamed.body['@odata.deltaLink'] ?? '')).body.value).toEqual([{ id: made?.id, '@removed': { reason: 'deleted' } }]);
});
