// Ids of the stand-in for Graph. Each test is named after the rule of the facts about Graph (section.rule) that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';

const asked = (path: string, options: Record<string, string>): string => `${path}?${new URLSearchParams(options).toString()}`;
const at = (id: string | undefined): string => `/me/messages/${encodeURIComponent(id ?? '')}`;

test('1.1: an id changes when its message is moved, and an immutable id does not', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [before] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'Moving' } }]);
  expect(before?.id).not.toBe(before?.immutableId);
  expect((await graph.get(at(before?.id))).body).toMatchObject({ id: before?.id, subject: 'Moving' });
  expect((await graph.get(at(before?.immutableId), IMMUTABLE)).body).toMatchObject({ id: before?.immutableId });

  const [after] = await provider.changeMailbox(graph.login, [{ do: 'move', id: before?.id ?? '', to: 'archive' }]);
  expect(after?.id).not.toBe(before?.id);
  expect(after?.immutableId).toBe(before?.immutableId);
  expect(await graph.get(at(before?.id))).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
  const moved = await graph.get(at(before?.immutableId), IMMUTABLE);
  expect(moved).toMatchObject({ status: 200, body: { id: before?.immutableId, parentFolderId: after?.folderId } });
});

test('1.1: back in its first folder a message has a third id', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [one] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const [two] = await provider.changeMailbox(graph.login, [{ do: 'move', id: one?.id ?? '', to: 'archive' }]);
  const [three] = await provider.changeMailbox(graph.login, [{ do: 'move', id: two?.id ?? '', to: 'inbox' }]);
  expect(new Set([one?.id, two?.id, three?.id]).size).toBe(3);
  expect((await graph.get(at(one?.id))).status).toBe(404);
});

test('1.1: the preference holds for its request only, and Preference-Applied confirms it', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const preferred = await graph.get('/me/messages?$top=3', IMMUTABLE);
  const usual = await graph.get('/me/messages?$top=3');
  expect(preferred.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  expect(usual.headers.get('preference-applied')).toBeNull();
  const [one, two] = [preferred, usual].map(({ body }) => body.value?.map(({ id }) => id));
  expect(one).toHaveLength(3);
  for (const id of one ?? []) expect(two).not.toContain(id);
});

test('1.1: the next page of a list has immutable ids only if its request prefers them', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/messages', IMMUTABLE);
  const link = body['@odata.nextLink'] ?? '';
  const [one, two] = [await graph.get(link, IMMUTABLE), await graph.get(link)];
  expect(one.body.value?.[0]?.id).not.toBe(two.body.value?.[0]?.id);
  expect(one.body.value?.[0]?.subject).toBe(two.body.value?.[0]?.subject);
});

test('1.1: $search ignores the preference, and its ids die on a move', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'Rhubarb' } }]);
  const answer = await graph.get(asked('/me/messages', { $search: '"subject:rhubarb"' }), IMMUTABLE);
  expect(answer.headers.get('preference-applied')).toBeNull();
  expect(answer.body.value?.map(({ id }) => id)).toEqual([made?.id]);
  await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'archive' }]);
  expect((await graph.get(at(made?.id), IMMUTABLE)).status).toBe(404);
});

test('1.1: a list filtered by internetMessageId answers immutable ids', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [one, two] = await provider.changeMailbox(graph.login, [{ do: 'deliver', count: 2 }]);
  const filter = `internetMessageId eq '${one?.internetMessageId}' or internetMessageId eq '${two?.internetMessageId}'`;
  const { body } = await graph.get(asked('/me/messages', { $filter: filter, $select: 'id' }), IMMUTABLE);
  expect(body.value?.map(({ id }) => id).sort()).toEqual([one?.immutableId, two?.immutableId].sort());
});

test('1.1: the ids of attachments follow the same rule, and those of folders never change', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [before] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { attachments: [{ name: 'a.txt', text: 'a' }] } }]);
  const ids = async (headers: Record<string, string>): Promise<unknown[]> => {
    const { body } = await graph.get(`${at(before?.immutableId)}/attachments?$select=id`, headers);
    return (body.value ?? []).map(({ id }) => id);
  };
  const [changeable, immutable] = [await ids({}), await ids(IMMUTABLE)];
  await provider.changeMailbox(graph.login, [{ do: 'move', id: before?.id ?? '', to: 'archive' }]);
  expect(await ids(IMMUTABLE)).toEqual(immutable);
  expect(await ids({})).not.toEqual(changeable);
  const folders = [await graph.get('/me/mailFolders/inbox'), await graph.get('/me/mailFolders/inbox', IMMUTABLE)];
  expect(folders[0]?.body.id).toBe(folders[1]?.body.id);
});

test('0: ids are case-sensitive, and may hold slashes, plus signs and equals signs', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/messages?$top=1');
  const id = String(body.value?.[0]?.id);
  expect(id).toMatch(/^[A-Za-z0-9+/]+=$/);
  expect(id).toContain('/');
  expect(id).toContain('+');
  // As one segment of the path it is percent-encoded; a bare slash ends the segment.
  expect((await graph.get(at(id))).status).toBe(200);
  expect((await graph.get(`/me/messages/${id}`)).status).toBe(400);
  const last = [...id].findLastIndex((character) => /[b-y]/.test(character));
  const otherCase = id.slice(0, last) + (id[last] ?? '').toUpperCase() + id.slice(last + 1);
  expect(await graph.get(at(otherCase))).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
});

test('7: what cannot be an id is malformed, and an id of another mailbox is not found', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  for (const id of ['1', 'AAMk', 'inbox', `${'A'.repeat(160)}!`]) {
    expect(await graph.get(at(id)), id).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidIdMalformed' } } });
  }
  const { body } = await other.get('/me/messages?$top=1', IMMUTABLE);
  expect(await graph.get(at(String(body.value?.[0]?.id)))).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
});

test('1.8: with immutable ids a message that left a folder and came back can stay removed', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const delta = '/me/mailFolders/inbox/messages/delta?$select=subject';
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const { deltaLink } = await graph.pages(delta, IMMUTABLE);
  const [away] = await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'archive' }]);
  await provider.changeMailbox(graph.login, [{ do: 'move', id: away?.id ?? '', to: 'inbox' }]);
  expect((await graph.get(deltaLink, IMMUTABLE)).body.value).toMatchObject([{ id: made?.immutableId, subject: expect.any(String) }]);
  await provider.set({ lostReturns: true });
  expect((await graph.get(deltaLink, IMMUTABLE)).body.value).toEqual([{ id: made?.immutableId, '@removed': { reason: 'deleted' } }]);
  // The message is there nevertheless.
  const inFolder = await graph.get(`/me/mailFolders/inbox/messages/${encodeURIComponent(made?.immutableId ?? '')}`, IMMUTABLE);
  expect(inFolder.status).toBe(200);
});
