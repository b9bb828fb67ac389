// Attachments of the stand-in for Graph, each rule as the facts about Graph have it: section 4.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph, IMMUTABLE } from './calls.ts';

/** The message with this subject, and the first of its attachments. */
async function attached(graph: Graph, subject: string): Promise<{ list: string; one: string; answer: Answered }> {
  const list = `/me/messages/${await graph.messageId(subject)}/attachments`;
  const answer = await graph.get(list);
  return { list, one: `${list}/${encodeURIComponent(String(answer.body.value?.[0]?.id))}`, answer };
}

test('4: a file in a list has its bytes, unless others are selected', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { list, one, answer } = await attached(graph, 'Report with a file');
  expect(answer.body.value).toEqual([{
    '@odata.type': '#microsoft.graph.fileAttachment',
    id: expect.any(String),
    lastModifiedDateTime: expect.any(String),
    name: 'Bericht – März.pdf',
    contentType: 'application/pdf',
    size: expect.any(Number),
    isInline: false,
    contentId: null,
    contentLocation: null,
    contentBytes: expect.any(String),
  }]);
  const { body } = await graph.get(`${list}?$select=id,name,contentType,size,isInline`);
  expect(Object.keys(body.value?.[0] ?? {}).sort()).toEqual(['@odata.type', 'contentType', 'id', 'isInline', 'name', 'size']);
  expect((await graph.get(`${list}/$count`)).text).toBe('1');
  expect((await graph.get(one)).body).toMatchObject({ name: 'Bericht – März.pdf', contentBytes: answer.body.value?.[0]?.contentBytes });
});

test('4: the content of a file comes with its own type, and `size` is a little larger', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { one, answer } = await attached(graph, 'Report with a file');
  const [file] = answer.body.value ?? [];
  const content = await graph.get(`${one}/$value`);
  expect([content.status, content.headers.get('content-type')]).toEqual([200, 'application/pdf']);
  expect(content.bytes.toString('base64')).toBe(file?.contentBytes);
  expect(Number(file?.size) - content.bytes.length).toBeGreaterThan(0);
  expect(Number(file?.size) - content.bytes.length).toBeLessThan(1_000);
});

test('4: the content id of a file is selected only with the name of its type before it', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { list, answer } = await attached(graph, 'A picture in the text');
  expect(answer.body.value).toMatchObject([{ isInline: true, contentId: 'pixel@contoso', contentType: 'image/png' }]);
  expect((await graph.get(`${list}?$select=id,contentId`)).status).toBe(400);
  const { body } = await graph.get(`${list}?$select=id,microsoft.graph.fileAttachment/contentId`);
  expect(Object.keys(body.value?.[0] ?? {}).sort()).toEqual(['@odata.type', 'contentId', 'id']);
});

test('4: an item has no type, is read with $expand, and its content is MIME', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { one, answer } = await attached(graph, 'Fwd: The first program');
  expect(answer.body.value).toMatchObject([{ '@odata.type': '#microsoft.graph.itemAttachment', contentType: null, name: 'The first program' }]);
  expect(answer.body.value?.[0]).not.toHaveProperty('item');
  expect(answer.body.value?.[0]).not.toHaveProperty('contentBytes');
  const { body } = await graph.get(`${one}?$expand=microsoft.graph.itemattachment/item`);
  expect(body.item).toMatchObject({ '@odata.type': '#microsoft.graph.message', subject: 'The first program', internetMessageId: '<first@contoso.test>' });
  const content = await graph.get(`${one}/$value`);
  expect(content.text).toMatch(/^From: "Ada" <ada@contoso\.test>\r\n/);
  expect(content.headers.get('content-type')).toBe('text/plain');
  expect((await graph.get(`${one}?$expand=item`)).status).toBe(400);
});

test('4: an attached contact is read with $expand, and its content is a vCard', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { one, answer } = await attached(graph, 'A colleague to call');
  expect(answer.body.value).toMatchObject([{ '@odata.type': '#microsoft.graph.itemAttachment', contentType: null, name: 'Ada Lovelace' }]);
  const { body } = await graph.get(`${one}?$expand=microsoft.graph.itemattachment/item`);
  expect(body.item).toMatchObject({
    '@odata.type': '#microsoft.graph.contact',
    displayName: 'Ada Lovelace',
    givenName: 'Ada',
    surname: 'Lovelace',
    companyName: 'Fabrikam, Engines',
    jobTitle: 'Analyst',
    emailAddresses: [{ name: 'Ada Lovelace', address: 'ada@fabrikam.test' }, { name: 'Ada Lovelace', address: 'ada@home.test' }],
    businessPhones: ['+44 20 7946 0002'],
    mobilePhone: '+44 7700 900001',
    personalNotes: 'Prefers letters.\r\nAnd long ones, as this sentence is, which does not fit into one line.',
  });
  const content = await graph.get(`${one}/$value`);
  expect(content.headers.get('content-type')).toMatch(/^text\/vcard(;|$)/);
  expect(content.text).toMatch(/^BEGIN:VCARD\r\n[^]*\r\nFN:Ada Lovelace\r\n[^]*END:VCARD\r\n$/);
});

test('4: an attached event is read with $expand, and its content is iCalendar', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { list, one, answer } = await attached(graph, 'The meeting');
  expect(answer.body.value).toMatchObject([{ '@odata.type': '#microsoft.graph.itemAttachment', contentType: null }, { name: 'Summer party' }]);
  const { body } = await graph.get(`${one}?$expand=microsoft.graph.itemattachment/item`);
  expect(body.item).toMatchObject({
    '@odata.type': '#microsoft.graph.event',
    subject: 'Review; part 2',
    iCalUId: 'review-2@contoso.test',
    start: { dateTime: '2026-12-01T14:00:00.0000000', timeZone: 'UTC' },
    end: { dateTime: '2026-12-01T15:30:00.0000000', timeZone: 'UTC' },
    isAllDay: false,
    location: { displayName: 'Room 7' },
    organizer: { emailAddress: { name: 'Grace Hopper', address: 'grace@fabrikam.test' } },
    attendees: [{ type: 'required', emailAddress: { name: 'Jürgen Groß', address: 'juergen.gross@litware.test' } }],
  });
  const content = await graph.get(`${one}/$value`);
  expect(content.headers.get('content-type')).toMatch(/^text\/calendar(;|$)/);
  expect(content.text).toMatch(/^BEGIN:VCALENDAR\r\n[^]*\r\nSUMMARY;LANGUAGE=en-GB:Review\\; part 2\r\n[^]*END:VCALENDAR\r\n$/);
  // A whole day begins and ends at midnight.
  const both = await graph.get(`${list}?$expand=microsoft.graph.itemattachment/item`);
  expect(both.body.value?.[1]?.item).toMatchObject({
    isAllDay: true, start: { dateTime: '2026-07-01T00:00:00.0000000', timeZone: 'UTC' }, end: { dateTime: '2026-07-02T00:00:00.0000000', timeZone: 'UTC' },
  });
});

test('4: an item whose content cannot be an item of its kind is not delivered', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const message = { attachments: [{ kind: 'item' as const, name: 'Card', text: 'BEGIN:VCARD\nFN:Half' }] };
  await expect(provider.changeMailbox(graph.login, [{ do: 'deliver', message }])).rejects.toThrow('END:VCARD');
});

test('2: attached contacts and events are in the MIME of their message with their types', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const card = await graph.get(`/me/messages/${await graph.messageId('A colleague to call')}/$value`);
  expect(card.text).toContain('Content-Type: text/vcard; charset="utf-8"; name="Ada Lovelace.vcf"');
  const event = await graph.get(`/me/messages/${await graph.messageId('The meeting')}/$value`);
  expect(event.text).toContain('Content-Type: text/calendar; charset="utf-8"; name="Review; part 2.ics"');
});

test('4: a link has neither bytes nor content: 405', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { one, answer } = await attached(graph, 'A link to a file');
  expect(answer.body.value).toMatchObject([{ '@odata.type': '#microsoft.graph.referenceAttachment', name: 'Plan.docx' }]);
  expect(answer.body.value?.[0]).not.toHaveProperty('contentBytes');
  expect((await graph.get(`${one}/$value`)).status).toBe(405);
});

test('4: a message shows its attachments with $expand', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const id = await graph.messageId('Report with a file');
  const { body } = await graph.get(`/me/messages/${id}?$select=subject&$expand=attachments($select=id,name)`);
  expect(body).toMatchObject({ subject: 'Report with a file', attachments: [{ name: 'Bericht – März.pdf' }] });
  expect((await graph.get(`/me/messages/${id}?$expand=attachments($select=colour)`)).status).toBe(400);
});

test('1: the ids of attachments follow the preference', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { list, answer } = await attached(graph, 'Report with a file');
  const lasting = await graph.get(list, IMMUTABLE);
  expect(lasting.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  const id = String(lasting.body.value?.[0]?.id);
  expect(id).not.toBe(answer.body.value?.[0]?.id);
  expect((await graph.get(`${list}/${encodeURIComponent(id)}`, IMMUTABLE)).body).toMatchObject({ id });
});

test('4: attachments of another message, of a wrong id and without the scope', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { one } = await attached(graph, 'Report with a file');
  const attachment = one.split('/').at(-1) ?? '';
  const other = await graph.messageId('A picture in the text');
  expect((await graph.get(`/me/messages/${other}/attachments/${attachment}`)).status).toBe(404);
  expect((await graph.get(`/me/messages/${other}/attachments/nonsense`)).body.error?.code).toBe('ErrorInvalidIdMalformed');
  expect((await graph.get('/me/messages/nonsense/attachments')).body.error?.code).toBe('ErrorInvalidIdMalformed');
  const inFolder = await graph.get(`/me/mailFolders/inbox/messages/${other}/attachments`);
  expect(inFolder.body.value).toHaveLength(1);
  expect((await graph.get(`/me/mailFolders/drafts/messages/${other}/attachments`)).status).toBe(404);
  const without = await Graph.open(provider, 'openid profile offline_access User.Read Contacts.Read');
  expect(await without.get(`/me/messages/${other}/attachments`)).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
});
