// Changes of a folder's messages at the stand-in for Graph. Each test is named after the section of the facts about Graph
// that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';

const DELTA = '/me/mailFolders/inbox/messages/delta';
const asked = (options: Record<string, string>): string => `${DELTA}?${new URLSearchParams(options).toString()}`;
const removed = (id: string | undefined) => ({ id, '@removed': { reason: 'deleted' } });

test('6: the first round has every message of the folder, page by page, and ends with a deltaLink', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages, deltaLink } = await graph.pages(`${DELTA}?$select=subject`);
  const inbox = await graph.get('/me/mailFolders/inbox');
  expect(pages.flat()).toHaveLength(Number(inbox.body.totalItemCount));
  expect(pages[0]).toHaveLength(10);
  expect(deltaLink).toContain(`${provider.url}/v1.0${DELTA}?`);
  expect(Object.keys(pages[0]?.[0] ?? {}).sort()).toEqual(['@odata.etag', 'id', 'subject']);
  const next = await graph.get(deltaLink);
  expect(next.body.value).toEqual([]);
  expect(next.body['@odata.deltaLink']).toBeTruthy();
});

test('6: odata.maxpagesize sets the size of a page', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const answer = await graph.get(DELTA, { prefer: 'odata.maxpagesize=4, IdType="ImmutableId"' });
  expect(answer.body.value).toHaveLength(4);
  expect(answer.headers.get('preference-applied')).toBe('IdType="ImmutableId", odata.maxpagesize=4');
});

test('6: a move is a removal here and an addition there', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const inbox = await graph.pages(DELTA);
  const archive = await graph.pages('/me/mailFolders/archive/messages/delta');
  const [moved] = await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'archive' }]);
  expect((await graph.get(inbox.deltaLink)).body.value).toEqual([removed(made?.id)]);
  expect((await graph.get(archive.deltaLink)).body.value).toMatchObject([{ id: moved?.id }]);
  // Links work with ids of both sorts.
  expect((await graph.get(inbox.deltaLink, IMMUTABLE)).body.value).toEqual([removed(made?.immutableId)]);
  expect((await graph.get(archive.deltaLink, IMMUTABLE)).body.value).toMatchObject([{ id: made?.immutableId }]);
});

test('6: a round reports what came, changed and went, and the next one only what is new', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [one, two] = await provider.changeMailbox(graph.login, [{ do: 'deliver', count: 2 }]);
  const { deltaLink } = await graph.pages(DELTA, IMMUTABLE);
  const [three] = await provider.changeMailbox(graph.login, [
    { do: 'deliver' }, { do: 'change', id: one?.id ?? '', to: { isRead: true } }, { do: 'remove', id: two?.id ?? '' },
  ]);
  const round = await graph.get(deltaLink, IMMUTABLE);
  const ids = round.body.value?.map(({ id }) => id);
  expect(ids?.sort()).toEqual([one?.immutableId, two?.immutableId, three?.immutableId].sort());
  expect(round.body.value).toContainEqual(removed(two?.immutableId));
  expect((await graph.get(round.body['@odata.deltaLink'] ?? '', IMMUTABLE)).body.value).toEqual([]);
});

test('6: mail that arrives between two pages is in the next round', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const first = await graph.get(DELTA, IMMUTABLE);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const { pages, deltaLink } = await graph.pages(first.body['@odata.nextLink'] ?? '', IMMUTABLE);
  expect(pages.flat().map(({ id }) => id)).not.toContain(made?.immutableId);
  expect((await graph.get(deltaLink, IMMUTABLE)).body.value).toMatchObject([{ id: made?.immutableId }]);
});

test('6: changeType leaves out the other changes', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [one, two] = await provider.changeMailbox(graph.login, [{ do: 'deliver', count: 2 }]);
  const links: Record<string, string> = {};
  for (const changeType of ['created', 'updated', 'deleted']) links[changeType] = (await graph.pages(asked({ changeType }))).deltaLink;
  const [three] = await provider.changeMailbox(graph.login, [
    { do: 'deliver' }, { do: 'change', id: one?.id ?? '', to: { isRead: true } }, { do: 'remove', id: two?.id ?? '' },
  ]);
  const idsOf = async (link = ''): Promise<unknown[]> => ((await graph.get(link)).body.value ?? []).map(({ id }) => id);
  expect(await idsOf(links.created)).toEqual([three?.id]);
  expect(await idsOf(links.updated)).toEqual([one?.id]);
  expect(await idsOf(links.deleted)).toEqual([two?.id]);
});

test('6: a delta takes few filters, one order and no search', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages(asked({ $filter: 'receivedDateTime ge 2026-11-28T08:00:00Z', $orderby: 'receivedDateTime desc', $select: 'subject' }));
  expect(pages.flat().map(({ subject }) => subject)).toEqual(['🚀 Launch', 'Report with a file']);
  const wrong: Record<string, string>[] = [
    { $filter: 'isRead eq true' }, { $filter: 'receivedDateTime lt 2026-11-28T08:00:00Z' }, { $orderby: 'receivedDateTime asc' },
    { $orderby: 'subject' }, { $search: '"report"' }, { changeType: 'moved' }, { $select: 'colour' },
  ];
  for (const options of wrong) expect((await graph.get(asked(options))).status, JSON.stringify(options)).toBe(400);
  // There is none for the mailbox as a whole.
  expect((await graph.get('/me/messages/delta')).status).toBe(400);
});

test('6: an expired or unknown token is answered 410 with syncStateNotFound', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { deltaLink } = await graph.pages(DELTA);
  const other = await graph.pages('/me/mailFolders/archive/messages/delta');
  const stranger = new URL(deltaLink);
  stranger.search = new URL(other.deltaLink).search;
  const gone = { status: 410, body: { error: { code: 'syncStateNotFound' } } };
  expect(await graph.get(stranger.href)).toMatchObject(gone);
  expect(await graph.get(`${DELTA}?$deltatoken=made-up`)).toMatchObject(gone);
  expect((await graph.get(deltaLink)).status).toBe(200);
  await provider.changeMailbox(graph.login, [{ do: 'expire' }]);
  expect(await graph.get(deltaLink)).toMatchObject(gone);
  expect((await graph.get(DELTA)).status).toBe(200);
});

test('6: a delta with a filter answers at most 5,000 messages, the newest ones', async ({ provider }) => {
  await provider.set({ newestMessage: '' });
  const graph = await Graph.open(provider);
  const [first] = await provider.changeMailbox(graph.login, [{ do: 'deliver', count: 5_003, message: { at: '2026-01-01T00:00:00Z' } }]);
  const delta = async (query: string): Promise<Record<string, unknown>[]> => {
    const { pages } = await graph.pages(`/me/mailFolders/inbox/messages/delta?$select=receivedDateTime${query}`, { prefer: 'odata.maxpagesize=1000' });
    return pages.flat();
  };
  const filtered = await delta('&$filter=receivedDateTime%20ge%202025-12-31T00:00:00Z');
  expect(filtered).toHaveLength(5_000);
  expect(new Set(filtered.map(({ id }) => id)).size).toBe(5_000);
  expect(filtered.map(({ id }) => id)).not.toContain(first?.id);
  expect(await delta('')).toHaveLength(5_003);
});
