// Lists of messages of the stand-in for Graph: pages, filters, orders. Each test is named after the section of the facts
// about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';

const asked = (options: Record<string, string>, path = '/me/messages'): string => `${path}?${new URLSearchParams(options).toString()}`;
const ALWAYS = 'receivedDateTime ge 1970-01-01T00:00:00Z';
const NEWEST_FIRST = 'receivedDateTime desc';

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });
const valuesOf = (value: Record<string, unknown>[] | undefined, name: string): unknown[] => (value ?? []).map((one) => one[name]);

test('2: a page has 10 messages unless $top says another number', async ({ provider }) => {
  const graph = await Graph.open(provider);
  expect((await graph.get('/me/messages')).body.value).toHaveLength(10);
  expect((await graph.get('/me/messages?$top=25')).body.value).toHaveLength(25);
  const all = await graph.get('/me/messages?$top=1000');
  expect(all.body.value).toHaveLength(40);
  expect(all.body['@odata.nextLink']).toBeUndefined();
});

test('2: $top is from 1 to 1000', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const top of ['0', '1001', '-1', 'ten', '']) expect((await graph.get(asked({ $top: top }))).status, top).toBe(400);
});

test('2: @odata.nextLink is absolute and has the whole query', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const options = { $filter: `${ALWAYS} and isRead eq false`, $orderby: NEWEST_FIRST, $select: 'subject,isRead,receivedDateTime', $top: '4' };
  const { pages } = await graph.pages(asked(options));
  const { body } = await graph.get(asked(options));
  expect(body['@odata.nextLink']).toMatch(new RegExp(`^${provider.url}/v1\\.0/me/messages\\?`));
  const messages = pages.flat();
  expect(pages.length).toBeGreaterThan(2);
  expect(new Set(valuesOf(messages, 'id')).size).toBe(messages.length);
  expect(new Set(valuesOf(messages, 'isRead'))).toEqual(new Set([false]));
  for (const message of messages) expect(Object.keys(message).sort()).toEqual(['@odata.etag', 'id', 'isRead', 'receivedDateTime', 'subject']);
  const times = valuesOf(messages, 'receivedDateTime').map((time) => Date.parse(String(time)));
  expect(times).toEqual([...times].sort((one, two) => two - one));
});

test('2: without an order the newest message comes first', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/messages?$select=receivedDateTime');
  const times = valuesOf(pages.flat(), 'receivedDateTime').map((time) => Date.parse(String(time)));
  expect(times[0]).toBe(Date.parse('2026-11-28T09:30:00Z'));
  expect(times).toEqual([...times].sort((one, two) => two - one));
});

test('2: the list of the mailbox has every folder, deleted items and drafts too', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/messages?$top=1000&$select=parentFolderId,isDraft');
  for (const name of ['inbox', 'drafts', 'sentitems', 'deleteditems', 'junkemail', 'archive']) {
    const folder = await graph.get(`/me/mailFolders/${name}`);
    expect(valuesOf(body.value, 'parentFolderId'), name).toContain(folder.body.id);
    const inside = await graph.get(`/me/mailFolders/${name}/messages?$top=1000`);
    expect(inside.body.value, name).toHaveLength(Number(folder.body.totalItemCount));
  }
  expect(valuesOf(body.value, 'isDraft').filter(Boolean)).toHaveLength(2);
});

test('2: $skip and $count', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/messages?$top=3&$skip=2&$count=true&$select=id');
  const whole = await graph.get('/me/messages?$top=5&$select=id');
  expect(body['@odata.count']).toBe(40);
  expect(valuesOf(body.value, 'id')).toEqual(valuesOf(whole.body.value, 'id').slice(2));
  expect((await graph.get('/me/messages/$count')).text).toBe('40');
  expect((await graph.get(asked({ $skip: '-1' }))).status).toBe(400);
});

test('2: what is in $orderby must be in $filter, in the same order and first', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const refusals: [filter: string, orderby: string][] = [
    ['isRead eq false', NEWEST_FIRST],
    [`isRead eq false and ${ALWAYS}`, NEWEST_FIRST],
    [`${ALWAYS} and subject ge ''`, 'subject, receivedDateTime'],
    [ALWAYS, 'receivedDateTime desc, subject'],
    [ALWAYS, 'subject'],
  ];
  for (const [$filter, $orderby] of refusals) {
    expect(await graph.get(asked({ $filter, $orderby })), `${$filter} | ${$orderby}`).toMatchObject(refused(400, 'InefficientFilter'));
  }
  const taken: [filter: string, orderby: string][] = [
    [`${ALWAYS} and isRead eq false`, NEWEST_FIRST],
    [`${ALWAYS} and subject ge '' and isRead eq true`, 'receivedDateTime desc, subject asc'],
    [`subject ge '' and ${ALWAYS}`, 'subject'],
  ];
  for (const [$filter, $orderby] of taken) expect((await graph.get(asked({ $filter, $orderby }))).status, `${$filter} | ${$orderby}`).toBe(200);
  // An order alone, or a filter alone, is no combination.
  expect((await graph.get(asked({ $orderby: 'subject' }))).status).toBe(200);
  expect((await graph.get(asked({ $filter: 'isRead eq false' }))).status).toBe(200);
});

test('2: a filter by conversationId takes no order at all', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const actions = [1, 2, 3].map((number) => ({ do: 'deliver', message: { conversation: 'a thread', subject: `Part ${number}` } }) as const);
  const [first] = await provider.changeMailbox(graph.login, actions);
  const filter = `conversationId eq '${first?.conversationId}'`;
  for (const $filter of [filter, `${ALWAYS} and ${filter}`]) {
    expect(await graph.get(asked({ $filter, $orderby: NEWEST_FIRST })), $filter).toMatchObject(refused(400, 'InefficientFilter'));
  }
  const { body } = await graph.get(asked({ $filter: filter, $select: 'subject' }), IMMUTABLE);
  expect(valuesOf(body.value, 'subject').sort()).toEqual(['Part 1', 'Part 2', 'Part 3']);
});

test('2: some mailboxes refuse a filter by category with an order', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const $filter = `${ALWAYS} and categories/any(c:c eq 'Red category')`;
  expect((await graph.get(asked({ $filter, $orderby: NEWEST_FIRST }))).body.value).toMatchObject([{ subject: 'For follow-up' }]);
  await provider.set({ refuseOrderedCategories: true });
  expect(await graph.get(asked({ $filter, $orderby: NEWEST_FIRST }))).toMatchObject(refused(400, 'InefficientFilter'));
  expect((await graph.get(asked({ $filter }))).body.value).toHaveLength(1);
});

test('2: filters find what they say', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const subjectsOf = async ($filter: string): Promise<unknown[]> => valuesOf((await graph.get(asked({ $filter, $top: '1000' }))).body.value, 'subject');
  expect(await subjectsOf("subject eq 'Contract'")).toEqual(['Contract']);
  expect(await subjectsOf("startswith(subject, 'Report with')")).toEqual(['Report with a file']);
  expect(await subjectsOf("contains(subject,'picture')")).toEqual(['A picture in the text']);
  expect(await subjectsOf("from/emailAddress/address eq 'win@example.test'")).toEqual(['You have won']);
  expect(await subjectsOf("importance eq 'high'")).toHaveLength(1);
  expect(await subjectsOf("flag/flagStatus eq 'flagged'")).toEqual(['For follow-up']);
  expect(await subjectsOf("categories/any(c:c eq 'Kunde: Ärger')")).toEqual(['For follow-up']);
  const attached = ['A colleague to call', 'A link to a file', 'Fwd: The first program', 'Report with a file', 'The meeting'];
  expect((await subjectsOf('hasAttachments eq true')).sort()).toEqual(attached);
  expect(await subjectsOf('not (isDraft eq false)')).toHaveLength(2);
  const read = await subjectsOf('isRead eq true');
  expect(read.length + (await subjectsOf('isRead eq false')).length).toBe(40);
  expect(await subjectsOf("receivedDateTime ge 2026-11-28T08:00:00Z and (subject eq '🚀 Launch' or subject eq 'Contract')")).toEqual(['🚀 Launch']);
});

test('2: a quotation mark in a filter is written twice', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { from: { name: '', address: "o'brien@fabrikam.test" }, subject: 'Hers' } }]);
  const { body } = await graph.get(asked({ $filter: "from/emailAddress/address eq 'o''brien@fabrikam.test' and subject eq 'Hers'" }));
  expect(valuesOf(body.value, 'subject')).toEqual(['Hers']);
  expect((await graph.get(asked({ $filter: "from/emailAddress/address eq 'o'brien@fabrikam.test'" }))).status).toBe(400);
});

test('2: what is no filter, order or selection is refused', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const wrong: Record<string, string>[] = [
    { $filter: 'colour eq 1' }, { $filter: 'subject' }, { $filter: "receivedDateTime ge '2026-11-01'" }, { $filter: "isRead eq 'true'" },
    { $filter: 'isRead eq true and' }, { $filter: '(isRead eq true' }, { $filter: "toRecipients/any(r:r/emailAddress/address eq 'a@b.test')" },
    { $orderby: 'colour' }, { $orderby: 'subject sideways' }, { $select: 'subject,colour' }, { $expand: 'colour' }, { $colour: 'red' }, { $count: 'yes' },
  ];
  for (const options of wrong) {
    const answer = await graph.get(asked(options));
    expect(answer.status, JSON.stringify(options)).toBe(400);
    expect(answer.body.error?.code, JSON.stringify(options)).toBeTruthy();
  }
});

test('2: names of properties and folders may have any case, and + is a blank', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/messages?$top=1&$select=SUBJECT&$orderby=receivedDateTime+desc');
  expect(Object.keys(body.value?.[0] ?? {}).sort()).toEqual(['@odata.etag', 'id', 'subject']);
  expect((await graph.get('/me/mailfolders/Inbox/messages?$top=1')).status).toBe(200);
});
