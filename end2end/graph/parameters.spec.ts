// The parameters of a query that do not begin with `$`, at the stand-in for Graph. The service ignores those that it does
// not know, so that a misspelt one shows in no answer; the stand-in refuses them unless a setting says otherwise.

import { expect, type Provider, test } from '../provider-fixtures.ts';
import { Graph, READING } from './calls.ts';

const HIDDEN = 'includeHiddenMessages=true';

const subjectsOf = (value: Record<string, unknown>[] | undefined): unknown[] => (value ?? []).map(({ subject }) => subject);

/** A mailbox with one visible message, and a hidden one of the same folder. */
async function openWithHidden(provider: Provider): Promise<{ graph: Graph; hidden: string }> {
  await provider.set({ newestMessage: '' });
  const graph = await Graph.open(provider);
  const [, hidden] = await provider.changeMailbox(graph.login, [
    { do: 'deliver', message: { subject: 'Visible', at: '2026-11-01T10:00:00Z' } },
    { do: 'deliver', message: { subject: 'Hidden', at: '2026-11-02T10:00:00Z', isHidden: true } },
  ]);
  return { graph, hidden: hidden?.id ?? '' };
}

test('2: lists leave out hidden messages unless includeHiddenMessages is true', async ({ provider }) => {
  const { graph } = await openWithHidden(provider);
  for (const list of ['/me/messages', '/me/mailFolders/inbox/messages']) {
    expect(subjectsOf((await graph.get(list)).body.value), list).toEqual(['Visible']);
    expect(subjectsOf((await graph.get(`${list}?includeHiddenMessages=false`)).body.value), list).toEqual(['Visible']);
    expect(subjectsOf((await graph.get(`${list}?${HIDDEN}`)).body.value), list).toEqual(['Hidden', 'Visible']);
  }
  const filter = '$filter=receivedDateTime%20ge%202026-01-01T00:00:00Z';
  expect(subjectsOf((await graph.get(`/me/messages?${filter}`)).body.value)).toEqual(['Visible']);
  expect((await graph.get(`/me/messages?${filter}&${HIDDEN}`)).body.value).toHaveLength(2);
});

test('2: the link of a page keeps includeHiddenMessages', async ({ provider }) => {
  const { graph } = await openWithHidden(provider);
  const { pages } = await graph.pages(`/me/messages?$top=1&${HIDDEN}`);
  expect(subjectsOf(pages.flat())).toEqual(['Hidden', 'Visible']);
});

test('2: numbers, searches and changes have no hidden messages', async ({ provider }) => {
  const { graph, hidden } = await openWithHidden(provider);
  expect((await graph.get('/me/messages/$count')).text).toBe('1');
  expect((await graph.get('/me/mailFolders/inbox')).body).toMatchObject({ totalItemCount: 1, unreadItemCount: 1 });
  expect(subjectsOf((await graph.get('/me/messages?$search="kind:email"')).body.value)).toEqual(['Visible']);
  const { pages, deltaLink } = await graph.pages('/me/mailFolders/inbox/messages/delta');
  expect(subjectsOf(pages.flat())).toEqual(['Visible']);
  await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { isHidden: true } }, { do: 'remove', id: hidden }]);
  expect((await graph.get(deltaLink)).body.value).toEqual([]);
});

test('2: a hidden message is read by its id', async ({ provider }) => {
  const { graph, hidden } = await openWithHidden(provider);
  for (const owner of ['/me', '/me/mailFolders/inbox']) {
    expect((await graph.get(`${owner}/messages/${encodeURIComponent(hidden)}?${HIDDEN}`)).body, owner).toMatchObject({ subject: 'Hidden' });
  }
});

test('2: what is neither true nor false is refused', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const target of ['/me/messages?includeHiddenMessages=yes', '/me/mailFolders?includeHiddenFolders=1']) {
    expect((await graph.get(target)).status, target).toBe(400);
  }
});

test('2: unknown parameters with $ are refused wherever they come', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.set({ unknownParameters: 'ignore' });
  const id = await graph.messageId('Report with a file');
  for (const path of ['/me/messages', `/me/messages/${id}`, '/me/mailFolders', '/me/mailFolders/inbox', '/me/contacts', `/me/messages/${id}/attachments`]) {
    expect((await graph.get(`${path}?$colour=red`)).status, path).toBe(400);
  }
});

test('a parameter that the path does not have is refused, and noted', async ({ provider }) => {
  const graph = await Graph.open(provider, `${READING} MailboxSettings.Read`);
  const id = await graph.messageId('Report with a file');
  const wrong = [
    '/me/messages?colour=red', `/me/messages/${id}?colour=red`, `/me/messages/${id}/attachments?colour=red`, '/me/mailFolders/inbox?colour=red',
    '/me/contacts?colour=red', '/me/contacts/delta?colour=red', '/me/outlook/masterCategories?colour=red',
    // Parameters of other paths, and names that differ in a letter.
    '/me/mailFolders?includeHiddenMessages=true', '/me/messages?includeHiddenFolders=true', '/me/messages?changeType=created',
    '/me/contacts/delta?changeType=created', '/me/messages?includeHidenMessages=true',
  ];
  for (const target of wrong) {
    expect(await graph.get(target), target).toMatchObject({ status: 400, body: { error: { code: 'UnknownParameter' } } });
  }
  const noted = (await provider.events()).filter(({ event }) => event === 'graph.unknown-parameter');
  expect(noted.map(({ name }) => name).sort()).toEqual([
    ...Array.from({ length: 2 }, () => 'changeType'), ...Array.from({ length: 7 }, () => 'colour'), 'includeHiddenFolders', 'includeHiddenMessages', 'includeHidenMessages',
  ]);
  expect(noted[0]).toMatchObject({ login: graph.login, path: '/me/messages' });
});

test('a parameter that the path does not have is refused in a batch too', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.batch([{ id: '1', method: 'GET', url: '/me/messages?colour=red' }, { id: '2', method: 'GET', url: '/me/messages?$top=1' }]);
  expect(body.responses?.map(({ id, status }) => [id, status]).sort()).toEqual([['1', 400], ['2', 200]]);
});

test('the setting unknownParameters has them ignored, as at the service', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.set({ unknownParameters: 'ignore' });
  const { status, body } = await graph.get('/me/messages?colour=red&$top=3');
  expect([status, body.value?.length]).toEqual([200, 3]);
  expect((await provider.events()).filter(({ event }) => event === 'graph.unknown-parameter')).toMatchObject([{ name: 'colour' }]);
});

test('names of parameters with $ may lack it, and may have any case', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const query of ['top=3', '$TOP=3', 'Top=3', '%24top=3']) expect((await graph.get(`/me/messages?${query}`)).body.value, query).toHaveLength(3);
});
