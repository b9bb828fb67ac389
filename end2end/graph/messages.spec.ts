// One message at the stand-in for Graph: its properties, its body, its header, its MIME. Each test is named after the
// section of the facts about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';

const at = (id: string | undefined): string => `/me/messages/${encodeURIComponent(id ?? '')}`;

/** The usual answer of a message; `attachments`, `uniqueBody` and `internetMessageHeaders` only come if they are asked for. */
const PROPERTIES = [
  '@odata.etag', 'bccRecipients', 'body', 'bodyPreview', 'categories', 'ccRecipients', 'changeKey', 'conversationId', 'conversationIndex',
  'createdDateTime', 'flag', 'from', 'hasAttachments', 'id', 'importance', 'inferenceClassification', 'internetMessageId',
  'isDeliveryReceiptRequested', 'isDraft', 'isRead', 'isReadReceiptRequested', 'lastModifiedDateTime', 'parentFolderId',
  'receivedDateTime', 'replyTo', 'sender', 'sentDateTime', 'subject', 'toRecipients', 'webLink',
];

test('2: a message has every documented property', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get(`/me/messages/${await graph.messageId('Offre spéciale')}`);
  expect(Object.keys(body).filter((name) => name !== '@odata.context').sort()).toEqual(PROPERTIES);
  expect(body).toMatchObject({
    from: { emailAddress: { name: 'Doe, "Jay" \\ Sons', address: 'j.doe@northwind.test' } },
    sender: { emailAddress: { address: 'j.doe@northwind.test' } },
    toRecipients: [{ emailAddress: { address: graph.login } }],
    replyTo: [{ emailAddress: { name: 'Sales', address: 'sales@northwind.test' } }],
    flag: { flagStatus: 'notFlagged' },
    importance: 'normal',
    receivedDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    '@odata.etag': expect.stringMatching(/^W\/".+"$/),
  });
  expect(body.ccRecipients).toHaveLength(2);
});

test('2: a draft may have no from', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get(`/me/messages/${await graph.messageId('Not sent yet')}`);
  expect(body).toMatchObject({ isDraft: true, toRecipients: [] });
  expect('from' in body || 'sender' in body).toBe(false);
});

test('2: hasAttachments is false where there are only inline pictures', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const picture = await graph.get(`/me/messages/${await graph.messageId('A picture in the text')}?$expand=attachments($select=name,isInline)`);
  expect(picture.body).toMatchObject({ hasAttachments: false, attachments: [{ name: 'pixel.png', isInline: true }] });
  expect((await graph.get(`/me/messages/${await graph.messageId('Report with a file')}`)).body.hasAttachments).toBe(true);
});

test('2: the body is HTML without scripts, text, or HTML as it came', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const path = `/me/messages/${await graph.messageId('🚀 Launch')}`;
  const html = await graph.get(path);
  expect(html.body.body).toMatchObject({ contentType: 'html', content: expect.stringContaining('Hello &amp; welcome') });
  expect(JSON.stringify(html.body.body)).not.toMatch(/script|onclick|steal/);
  expect(html.headers.get('preference-applied')).toBeNull();

  const text = await graph.get(path, { prefer: 'outlook.body-content-type="text"' });
  expect(text.body.body).toEqual({ contentType: 'text', content: expect.stringMatching(/^Hello & welcome\s+here$/) });
  expect(text.headers.get('preference-applied')).toBe('outlook.body-content-type="text"');

  const unsafe = await graph.get(path, { prefer: 'outlook.allow-unsafe-html' });
  expect(unsafe.body.body).toMatchObject({ content: expect.stringContaining('<script>alert(1)</script>') });
});

test('2: several preferences are in one Prefer, with commas between', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const answer = await graph.get(at(made?.id), { prefer: 'outlook.body-content-type="text", IdType="ImmutableId"' });
  expect(answer.body).toMatchObject({ id: made?.immutableId, body: { contentType: 'text' } });
  const applied = answer.headers.get('preference-applied')?.split(', ').sort();
  expect(applied).toEqual(['IdType="ImmutableId"', 'outlook.body-content-type="text"']);
});

test('2: bodyPreview is 255 characters of text, and uniqueBody comes only if it is selected', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const quoted = `<p>New</p><hr id="quoted"><p>${'old '.repeat(200)}</p>`;
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { body: quoted } }]);
  const { body } = await graph.get(at(made?.id));
  expect(String(body.bodyPreview)).toHaveLength(255);
  const selected = await graph.get(`${at(made?.id)}?$select=uniqueBody`);
  expect(selected.body.uniqueBody).toEqual({ contentType: 'html', content: '<p>New</p>' });
});

test('2: internetMessageHeaders come only if they are selected, in order, with Received', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'Überraschung', inReplyTo: '<x@y.test>' } }]);
  const { body } = await graph.get(`${at(made?.id)}?$select=internetMessageHeaders`);
  expect(Object.keys(body).sort()).toEqual(['@odata.context', '@odata.etag', 'id', 'internetMessageHeaders']);
  const headers = body.internetMessageHeaders as { name: string; value: string }[];
  expect(headers.map(({ name }) => name)).toEqual(['Received', 'Received', 'From', 'To', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References', 'MIME-Version']);
  expect(headers.find(({ name }) => name === 'Message-ID')?.value).toBe(made?.internetMessageId);
});

test('2: $value is the message as MIME', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const attachments = [{ name: 'a.txt', contentType: 'text/plain', text: 'inside' }, { name: 'p.png', contentType: 'image/png', base64: 'AAEC', isInline: true, contentId: 'p@x' }];
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'Grüße', attachments } }]);
  const { status, headers, text } = await graph.get(`${at(made?.id)}/$value`);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toBe('text/plain');
  expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  expect(text).toContain(`\r\nSubject: =?utf-8?B?${Buffer.from('Grüße').toString('base64')}?=\r\n`);
  expect(text).toContain('multipart/mixed');
  expect(text).toContain('multipart/related');
  expect(text).toContain('Content-ID: <p@x>');
  expect(text).toContain(Buffer.from('inside').toString('base64'));
});

test('2: the size comes as an extended property', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { attachments: [{ name: 'a', size: 100_000 }] } }]);
  const query = new URLSearchParams({ $select: 'id', $expand: "singleValueExtendedProperties($filter=id eq 'LONG 0x0E08')" });
  const { body } = await graph.get(`${at(made?.id)}?${query.toString()}`);
  const [property] = body.singleValueExtendedProperties as { id: string; value: string }[];
  expect(property?.id).toBe('Long 0xe08');
  expect(Number(property?.value)).toBeGreaterThan(100_000);
  expect(body.size).toBeUndefined();
});

test('2: what the owner changes is seen, and the etag with it', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const before = await graph.get(at(made?.immutableId), IMMUTABLE);
  await provider.changeMailbox(graph.login, [{ do: 'change', id: made?.id ?? '', to: { isRead: true, flag: 'flagged', categories: ['Later'] } }]);
  const after = await graph.get(at(made?.immutableId), IMMUTABLE);
  expect(after.body).toMatchObject({ id: before.body.id, isRead: true, flag: { flagStatus: 'flagged' }, categories: ['Later'] });
  expect(after.body['@odata.etag']).not.toBe(before.body['@odata.etag']);
  await provider.changeMailbox(graph.login, [{ do: 'remove', id: made?.id ?? '' }]);
  expect((await graph.get(at(made?.immutableId), IMMUTABLE)).status).toBe(404);
});
