// Changes of messages at the stand-in for Graph. Each test is named after the section of the facts about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import type { MessageWish } from '../provider/graph/deliver.ts';
import { Graph, IMMUTABLE, WRITING } from './calls.ts';

const at = (id: string | undefined): string => `/me/messages/${encodeURIComponent(id ?? '')}`;

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });

/** A new message in the inbox unless `message` names another folder, and its path. */
async function delivered(graph: Graph, message: MessageWish = {}): Promise<string> {
  const [made] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver', message }]);
  return at(made?.id);
}

const draft = (graph: Graph): Promise<string> => delivered(graph, { folder: 'drafts', subject: 'Not ready' });

test('2: PATCH changes what it names and answers the message', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph, { categories: ['Old', 'Older'] });
  const { body: before } = await graph.get(path);
  const change = { isRead: true, flag: { flagStatus: 'flagged' }, categories: ['A'], importance: 'High', inferenceClassification: 'other' };
  const answer = await graph.write('PATCH', path, change);
  expect(answer).toMatchObject({ status: 200, body: { ...change, importance: 'high', subject: before.subject, id: before.id } });
  // The list of categories is replaced.
  expect(answer.body.categories).toEqual(['A']);
  expect(answer.body['@odata.etag']).not.toBe(before['@odata.etag']);
  expect(answer.body.changeKey).not.toBe(before.changeKey);
  const { body: after } = await graph.get(path);
  expect(after).toEqual(answer.body);
  expect((await graph.write('PATCH', path, { isRead: false, categories: [] })).body).toMatchObject({ isRead: false, categories: [], flag: { flagStatus: 'flagged' } });
  expect((await graph.write('PATCH', path, {})).status).toBe(200);
});

test('2: PATCH works in a folder, by both sorts of ids, and answers as the request prefers', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const inFolder = (folder: string, id = ''): string => `/me/mailFolders/${folder}/messages/${encodeURIComponent(id)}`;
  const answer = await graph.write('PATCH', inFolder('inbox', made?.immutableId), { isRead: true }, { prefer: 'IdType="ImmutableId", outlook.body-content-type="text"' });
  expect(answer).toMatchObject({ status: 200, body: { id: made?.immutableId, isRead: true, body: { contentType: 'text' } } });
  expect(answer.headers.get('preference-applied')).toBe('IdType="ImmutableId", outlook.body-content-type="text"');
  expect((await graph.write('PATCH', inFolder('inbox', made?.id), { isRead: false })).body).toMatchObject({ id: made?.id, isRead: false });
  expect(await graph.write('PATCH', inFolder('archive', made?.id), { isRead: true })).toMatchObject(refused(404, 'ErrorItemNotFound'));
  const selected = await graph.write('PATCH', `${at(made?.id)}?$select=isRead`, { isRead: true });
  expect(Object.keys(selected.body).sort()).toEqual(['@odata.context', '@odata.etag', 'id', 'isRead']);
});

test('2: a flag has its dates, and loses them with the flag', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph);
  const [startDateTime, dueDateTime] = ['2026-12-01', '2026-12-04'].map((day) => ({ dateTime: `${day}T00:00:00.0000000`, timeZone: 'UTC' }));
  const flag = { flagStatus: 'flagged', startDateTime, dueDateTime };
  expect((await graph.write('PATCH', path, { flag })).body.flag).toEqual(flag);
  expect((await graph.get(path)).body.flag).toEqual(flag);
  // "To set the due date, you must also specify the startDateTime; otherwise, you will get a 400 Bad Request response."
  expect((await graph.write('PATCH', path, { flag: { flagStatus: 'flagged', dueDateTime } })).status).toBe(400);
  const complete = await graph.write('PATCH', path, { flag: { flagStatus: 'complete' } });
  expect(complete.body.flag).toEqual({ flagStatus: 'complete', completedDateTime: { dateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00\.0000000$/), timeZone: 'UTC' } });
  expect((await graph.write('PATCH', path, { flag: { flagStatus: 'notFlagged' } })).body.flag).toEqual({ flagStatus: 'notFlagged' });
});

test('2: the content of a draft can be changed', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await draft(graph);
  const people = (...addresses: string[]) => addresses.map((address) => ({ emailAddress: { name: `Name of ${address}`, address } }));
  const change = {
    subject: 'Ready', toRecipients: people('a@x.test', 'b@x.test'), ccRecipients: people('c@x.test'), bccRecipients: people('d@x.test'),
    replyTo: people('e@x.test'), from: people(graph.login)[0], internetMessageId: '<mine@x.test>',
    body: { contentType: 'html', content: '<p>Done &amp; dusted</p>' }, isReadReceiptRequested: true,
  };
  const answer = await graph.write('PATCH', path, change);
  expect(answer).toMatchObject({ status: 200, body: { ...change, isDraft: true, bodyPreview: 'Done & dusted' } });
  const text = await graph.write('PATCH', path, { body: { contentType: 'Text', content: 'a < b\n& more' }, toRecipients: [], subject: null });
  expect(text.body).toMatchObject({ subject: '', toRecipients: [], body: { content: expect.stringContaining('a &lt; b') } });
  expect((await graph.get(path, { prefer: 'outlook.body-content-type="text"' })).body.body).toEqual({ contentType: 'text', content: 'a < b\r\n& more' });
  expect((await graph.write('PATCH', path, { isReadReceiptRequested: false })).body.isReadReceiptRequested).toBe(false);
  const found = await graph.get(`/me/messages?${new URLSearchParams({ $filter: "internetMessageId eq '<mine@x.test>'" }).toString()}`);
  expect(found.body.value).toHaveLength(1);
});

test('1.6: the content of another message is final, with Mail-Advanced.ReadWrite alone it can be changed', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph);
  const before = await graph.get(path);
  const contents: object[] = [
    { subject: 'Other' }, { body: { contentType: 'text', content: 'Other' } }, { toRecipients: [] }, { ccRecipients: [] }, { bccRecipients: [] },
    { replyTo: [] }, { internetMessageId: '<other@x.test>' }, { from: { emailAddress: { address: 'other@x.test' } } }, { isRead: true, subject: 'Other' },
  ];
  for (const change of contents) {
    const answer = await graph.write('PATCH', path, change);
    expect(answer, JSON.stringify(change)).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidPropertySet', message: 'Message is not draft.' } } });
  }
  // Nothing of a refused change is kept.
  expect((await graph.get(path)).body).toEqual(before.body);
  await provider.set({ finalContent: 'denied' });
  expect(await graph.write('PATCH', path, { subject: 'Other' })).toMatchObject(refused(403, 'ErrorAccessDenied'));
  await provider.set({ finalContent: 'changed' });
  expect((await graph.write('PATCH', path, { subject: 'As until 2026' })).body.subject).toBe('As until 2026');

  await provider.set({ finalContent: 'invalid' });
  const advanced = await Graph.open(provider, `${WRITING} Mail-Advanced.ReadWrite`);
  expect((await advanced.write('PATCH', await delivered(advanced), { subject: 'Cleaned' })).body.subject).toBe('Cleaned');
});

test('2: properties that cannot be set, and values of another type, are refused', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await draft(graph);
  const unread: object[] = [
    { colour: 'red' }, { isRead: 'yes' }, { isRead: null }, { categories: 'A' }, { categories: [1] }, { importance: 'urgent' }, { flag: 'flagged' },
    { flag: { flagStatus: 'red' } }, { flag: { colour: 'red' } }, { toRecipients: ['a@x.test'] }, { toRecipients: {} }, { body: 'text' },
    { body: { contentType: 'rtf', content: '' } }, { subject: 5 }, { from: [] },
    { isReadReceiptRequested: 'yes' },
  ];
  for (const change of unread) expect(await graph.write('PATCH', path, change), JSON.stringify(change)).toMatchObject(refused(400, 'RequestBodyRead'));
  for (const change of [{ id: 'x' }, { isDraft: false }, { receivedDateTime: '2026-01-01T00:00:00Z' }, { parentFolderId: 'x' }, { hasAttachments: true }]) {
    expect(await graph.write('PATCH', path, change), JSON.stringify(change)).toMatchObject(refused(400, 'ErrorInvalidPropertySet'));
  }
  // "Only at creation" (1.4).
  const headers = [{ name: 'x-mine', value: '1' }];
  expect(await graph.write('PATCH', path, { internetMessageHeaders: headers })).toMatchObject(refused(400, 'InvalidInternetMessageHeader'));
});

test('2: a body that is not an object in JSON is refused', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph);
  const headers = { 'content-type': 'application/json' };
  for (const body of ['', '{', '[]', 'null', '"isRead"']) {
    const answer = await graph.request(path, { method: 'PATCH', headers, body });
    expect(answer.status, body).toBe(400);
  }
  expect((await graph.request(path, { method: 'PATCH', headers: { 'content-type': 'text/plain' }, body: '{"isRead":true}' })).status).toBe(400);
  const annotated = { '@odata.type': '#microsoft.graph.message', '@odata.etag': 'W/"1"', isRead: true };
  expect((await graph.write('PATCH', path, annotated)).body.isRead).toBe(true);
});

test('2: If-Match with an etag that is not the last one is answered 412, and changes nothing', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph);
  const stale = String((await graph.get(path)).body['@odata.etag']);
  const { body } = await graph.write('PATCH', path, { isRead: true }, { 'if-match': stale });
  expect(body.isRead).toBe(true);
  const missed = refused(412, 'ErrorIrresolvableConflict');
  expect(await graph.write('PATCH', path, { isRead: false }, { 'if-match': stale })).toMatchObject(missed);
  expect(await graph.write('DELETE', path, undefined, { 'if-match': stale })).toMatchObject(missed);
  expect((await graph.get(path)).body.isRead).toBe(true);
  expect((await graph.write('PATCH', path, { isRead: false }, { 'if-match': '*' })).status).toBe(200);
  const last = String((await graph.get(path)).body['@odata.etag']);
  expect((await graph.write('DELETE', path, undefined, { 'if-match': last })).status).toBe(204);
});

test('2: a second quick change of one message is a conflict, and can be repeated later', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [one, two] = [await delivered(graph), await delivered(graph)];
  for (const isRead of [true, false]) expect((await graph.write('PATCH', one, { isRead })).status).toBe(200);
  await provider.set({ conflictSeconds: 1 });
  const conflict = refused(409, 'ErrorIrresolvableConflict');
  expect((await graph.write('PATCH', two, { isRead: true })).status).toBe(200);
  expect(await graph.write('PATCH', two, { isRead: false })).toMatchObject(conflict);
  expect(await graph.write('POST', `${two}/move`, { destinationId: 'archive' })).toMatchObject(conflict);
  expect(await graph.write('DELETE', two)).toMatchObject(conflict);
  expect((await graph.get(two)).body.isRead).toBe(true);
  await expect.poll(async () => (await graph.write('PATCH', two, { isRead: false })).status, { timeout: 10_000 }).toBe(200);
  // Others report another status.
  await provider.set({ conflictStatus: 412 });
  expect(await graph.write('PATCH', two, { isRead: true })).toMatchObject(refused(412, 'ErrorIrresolvableConflict'));
  await provider.set({ conflictSeconds: 0 });
  expect((await graph.write('PATCH', two, { isRead: true })).status).toBe(200);
});

test('2: which quick changes conflict can be a share of them, and is the same each time', async ({ provider }) => {
  await provider.set({ conflictSeconds: 60, conflictShare: 40 });
  const graph = await Graph.open(provider, WRITING);
  const statuses: number[] = [];
  for (let number = 0; number < 20; number += 1) {
    const path = await delivered(graph);
    await graph.write('PATCH', path, { isRead: true });
    const first = await graph.write('PATCH', path, { isRead: false });
    // What is refused changes nothing, so it is refused again.
    if (first.status === 409) expect((await graph.write('PATCH', path, { isRead: false })).status).toBe(409);
    statuses.push(first.status);
  }
  expect(new Set(statuses)).toEqual(new Set([200, 409]));
  expect(statuses.filter((status) => status === 409).length).toBeLessThan(16);
});

test('6: changes of messages are in the changes of their folder', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const path = await delivered(graph);
  const { deltaLink } = await graph.pages('/me/mailFolders/inbox/messages/delta?$select=isRead', IMMUTABLE);
  await graph.write('PATCH', path, { isRead: true });
  const { body } = await graph.get(deltaLink, IMMUTABLE);
  expect(body.value).toMatchObject([{ isRead: true }]);
  expect((await graph.get(body['@odata.deltaLink'] ?? '', IMMUTABLE)).body.value).toEqual([]);
});

test('8: a change of a message needs Mail.ReadWrite', async ({ provider }) => {
  for (const scope of ['Mail.Read', 'Mail.ReadBasic', 'Mail.Send', 'Contacts.ReadWrite MailboxSettings.ReadWrite']) {
    const graph = await Graph.open(provider, `openid profile offline_access User.Read ${scope}`);
    const path = await delivered(graph);
    const calls: [method: string, target: string, body?: object][] = [
      ['PATCH', path, { isRead: true }], ['POST', `${path}/move`, { destinationId: 'archive' }], ['POST', `${path}/copy`, { destinationId: 'archive' }],
      ['DELETE', path], ['POST', `${path}/permanentDelete`],
    ];
    for (const [method, target, body] of calls) {
      expect(await graph.write(method, target, body), `${scope}: ${method} ${target}`).toMatchObject(refused(403, 'ErrorAccessDenied'));
    }
  }
});

test('2: what is not there cannot be changed, and what cannot be an id is malformed', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider, WRITING), await Graph.open(provider, WRITING)];
  const strange = await delivered(other);
  expect(await graph.write('PATCH', strange, { isRead: true })).toMatchObject(refused(404, 'ErrorItemNotFound'));
  expect(await graph.write('DELETE', strange)).toMatchObject(refused(404, 'ErrorItemNotFound'));
  expect(await graph.write('PATCH', at('1'), { isRead: true })).toMatchObject(refused(400, 'ErrorInvalidIdMalformed'));
  // Ids are case-sensitive here too.
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const swapped = (made?.id ?? '').replace(/[a-z](?=[^a-z]*$)/, (character) => character.toUpperCase());
  expect(swapped).not.toBe(made?.id);
  for (const [method, body] of [['PATCH', { isRead: true }], ['DELETE', undefined]] as const) {
    expect(await graph.write(method, at(swapped), body)).toMatchObject(refused(404, 'ErrorItemNotFound'));
  }
  expect((await graph.get(at(made?.id))).body.isRead).toBe(false);
  expect((await graph.write('PUT', await delivered(graph), { isRead: true })).status).toBe(405);
  expect((await graph.write('DELETE', '/me/messages')).status).toBe(405);
});
