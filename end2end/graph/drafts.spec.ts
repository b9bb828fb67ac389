// Drafts of the stand-in for Graph, each rule as the facts about Graph have it: sections 1, 2 and 4.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';
import { draft, headers, mail, mime, openSender, post, SENDING, to } from './letters.ts';

const WORDS = ['subject', 'body', 'toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo', 'importance', 'isRead', 'categories', 'flag'];

test('2: a new draft is answered 201 with its id and with what was written', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const message = {
    subject: 'Angebot – März',
    body: { contentType: 'HTML', content: '<html><body><p>Grüße</p></body></html>' },
    toRecipients: [{ emailAddress: { name: 'Ada', address: 'ada@contoso.test' } }],
    ccRecipients: [{ emailAddress: { name: 'Grace', address: 'grace@fabrikam.test' } }],
    bccRecipients: [{ emailAddress: { name: 'Hidden', address: 'hidden@fabrikam.test' } }],
    replyTo: [{ emailAddress: { name: 'Desk', address: 'desk@contoso.test' } }],
    importance: 'High',
    isRead: true,
    categories: ['Later'],
    flag: { flagStatus: 'flagged' },
  };
  const answer = await post(graph, '/me/messages', message, IMMUTABLE);
  expect(answer.status).toBe(201);
  expect(answer.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  expect(answer.body).toMatchObject({
    ...message, body: { contentType: 'html', content: message.body.content }, importance: 'high', isDraft: true, hasAttachments: false, id: expect.any(String),
  });
  expect(answer.body).not.toHaveProperty('from');
  expect(answer.body).not.toHaveProperty('internetMessageHeaders');
  const again = await graph.get(`/me/messages/${encodeURIComponent(String(answer.body.id))}?$select=${WORDS.join()}`, IMMUTABLE);
  for (const word of WORDS) expect(again.body[word], word).toEqual(answer.body[word]);
  const drafts = await graph.get('/me/mailFolders/drafts/messages?$select=subject&$top=50', IMMUTABLE);
  expect(drafts.body.value?.map(({ id }) => id)).toContain(answer.body.id);
});

test('1.1: the id of a draft is immutable only where that was preferred', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { id, path } = await draft(graph, mail('Ids', ['ada@contoso.test']));
  const changeable = await graph.get(path);
  expect(changeable.body.id).not.toBe(id);
  const { body } = await post(graph, '/me/messages', mail('Ids', ['ada@contoso.test']));
  const lasting = await graph.get(`/me/messages/${encodeURIComponent(String(body.id))}`, IMMUTABLE);
  expect(lasting.body.id).not.toBe(body.id);
});

test('2: a draft into a folder is a draft there', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const archive = await graph.get('/me/mailFolders/archive');
  const { answer } = await draft(graph, mail('Elsewhere', []), '/me/mailFolders/archive/messages');
  expect(answer.body).toMatchObject({ isDraft: true, parentFolderId: archive.body.id });
  expect((await post(graph, '/me/mailFolders/nonsense/messages', mail('Nowhere', []))).status).toBe(400);
  const folders = await graph.get("/me/mailFolders?$top=50&$filter=displayName eq 'For follow-up'");
  expect((await post(graph, `/me/mailFolders/${encodeURIComponent(String(folders.body.value?.[0]?.id))}/messages`, mail('Nowhere', []))).status).toBe(400);
});

test('2: an empty draft, and a draft of a plain text', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { answer } = await draft(graph, {});
  expect(answer.body).toMatchObject({ subject: '', isDraft: true, toRecipients: [], importance: 'normal' });
  const text = 'One <two> & "three"\n  four onclick=5\r\n';
  const { path } = await draft(graph, { body: { contentType: 'Text', content: text } });
  const asText = await graph.get(path, { prefer: 'outlook.body-content-type="text"' });
  expect(asText.body.body).toEqual({ contentType: 'text', content: text.replace(/\r?\n/g, '\r\n') });
  const { text: source } = await graph.get(`${path}/$value`);
  expect(source).toContain('Content-Type: text/plain');
  expect(source).not.toContain('text/html');
});

test('1.3: the message id that a draft is given is kept; without one the service makes it', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const internetMessageId = '<ours-1@mail360.test>';
  const { path, answer } = await draft(graph, mail('Found again', [], { internetMessageId }));
  expect(answer.body.internetMessageId).toBe(internetMessageId);
  expect(await headers(graph, path, 'Message-ID')).toEqual([internetMessageId]);
  const found = await graph.get(`/me/messages?${new URLSearchParams({ $filter: `internetMessageId eq '${internetMessageId}'` }).toString()}`, IMMUTABLE);
  expect(found.body.value?.map(({ id }) => id)).toEqual([answer.body.id]);
  expect((await draft(graph, mail('Without', []))).answer.body.internetMessageId).toMatch(/^<.+@.+>$/);
  await provider.set({ messageIds: 'replaced' });
  expect((await draft(graph, mail('Replaced', [], { internetMessageId }))).answer.body.internetMessageId).not.toBe(internetMessageId);
});

test('1.4: own headers begin with x-, and there are at most five', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const own = (count: number): object => ({ internetMessageHeaders: Array.from({ length: count }, (_, at) => ({ name: `X-Own-${at}`, value: `value ${at}` })) });
  const { path } = await draft(graph, mail('Headers', [], own(5)));
  expect(await headers(graph, path, 'x-own-4')).toEqual(['value 4']);
  const code = async (message: object): Promise<unknown[]> => {
    const { status, body } = await post(graph, '/me/messages', mail('Refused', [], message));
    return [status, body.error?.code];
  };
  for (const name of ['In-Reply-To', 'References', 'List-Unsubscribe', 'x', 'x-a b']) {
    expect(await code({ internetMessageHeaders: [{ name, value: 'v' }] }), name).toEqual([400, 'InvalidInternetMessageHeader']);
  }
  expect(await code({ internetMessageHeaders: [{ name: 'x-a', value: 'v\r\nBcc: all@contoso.test' }] })).toEqual([400, 'InvalidInternetMessageHeader']);
  expect(await code(own(6))).toEqual([400, 'InvalidInternetMessageHeaderCollection']);
});

test('1.4: extended properties become In-Reply-To and References', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { body: { value: [original] = [] } } = await graph.get('/me/mailFolders/inbox/messages?$top=1&$select=internetMessageId,conversationId');
  const properties = [{ id: 'String 0x1042', value: String(original?.internetMessageId) }, { id: 'string 0x1039', value: `<first@contoso.test> ${String(original?.internetMessageId)}` }];
  const { path, answer } = await draft(graph, mail('Thread', [], { singleValueExtendedProperties: properties }));
  expect(await headers(graph, path, 'In-Reply-To')).toEqual([original?.internetMessageId]);
  expect(await headers(graph, path, 'References')).toEqual([`<first@contoso.test> ${String(original?.internetMessageId)}`]);
  expect(answer.body.conversationId).toBe(original?.conversationId);
  const other = { singleValueExtendedProperties: [{ id: 'String {00020329-0000-0000-c000-000000000046} Name x-own', value: '1' }] };
  expect((await post(graph, '/me/messages', other)).status).toBe(201);
  expect((await post(graph, '/me/messages', { singleValueExtendedProperties: [{ id: '0x1042', value: '<a@b.test>' }] })).status).toBe(400);
});

test('2: what a message does not have, and what is of another type, is refused', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const wrong: object[] = [
    { betreff: 'x' }, { subject: 7 }, { toRecipients: {} }, { toRecipients: [{ address: 'a@b.test' }] }, { toRecipients: [{ emailAddress: 'a@b.test' }] },
    { body: { contentType: 'markdown', content: '' } }, { importance: 'urgent' }, { isReadReceiptRequested: 'yes' }, { attachments: [{ name: 'x' }] },
  ];
  for (const message of wrong) expect((await post(graph, '/me/messages', message)).status, JSON.stringify(message)).toBe(400);
  expect(await post(graph, '/me/messages', '{', { 'content-type': 'application/json' })).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
  expect((await post(graph, '/me/messages', '<a/>', { 'content-type': 'application/xml' })).status).toBe(415);
  // Properties that only the service sets are passed over.
  expect((await post(graph, '/me/messages', { subject: 'x', isDraft: false, id: 'mine', from: null })).body).toMatchObject({ isDraft: true });
});

test('2: a draft of MIME keeps what JSON cannot say', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { path, answer } = await draft(graph, mime(
    'From: Somebody Else <other@fabrikam.test>', 'To: =?utf-8?Q?J=C3=BCrgen?= <juergen@litware.test>, "Doe, J." <j@northwind.test>', 'Cc: list: a@b.test, c@d.test;',
    'Bcc: hidden@contoso.test', 'Subject: =?utf-8?B?R3LDvMOfZQ==?= =?utf-8?B?IGFuIGFsbGU=?=', 'Message-ID: <mime-1@mail360.test>', 'In-Reply-To: <before@contoso.test>',
    'References: <first@contoso.test>', ' <before@contoso.test>', 'List-Unsubscribe: <mailto:stop@contoso.test>', 'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="b 1"', '', 'preamble', '--b 1', 'Content-Type: multipart/alternative; boundary=inner', '', '--inner',
    'Content-Type: text/plain; charset=iso-8859-1', 'Content-Transfer-Encoding: quoted-printable', '', 'Gr=FC=DFe=', '!', '--inner', 'Content-Type: text/html; charset=utf-8', '',
    '<html><body>Grüße!</body></html>', '--inner--', '', '--b 1', "Content-Type: application/pdf; name*=utf-8''M%C3%A4rz.pdf", 'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment', '', 'JVBERg==', '--b 1--', 'epilogue',
  ));
  expect(answer.body).toMatchObject({
    subject: 'Grüße an alle', isDraft: true, hasAttachments: true, internetMessageId: '<mime-1@mail360.test>',
    body: { contentType: 'html', content: '<html><body>Grüße!</body></html>' },
    toRecipients: [{ emailAddress: { name: 'Jürgen', address: 'juergen@litware.test' } }, { emailAddress: { name: 'Doe, J.', address: 'j@northwind.test' } }],
    ccRecipients: [{ emailAddress: { address: 'a@b.test' } }, { emailAddress: { address: 'c@d.test' } }],
    bccRecipients: [{ emailAddress: { address: 'hidden@contoso.test' } }],
  });
  expect(answer.body).not.toHaveProperty('from');
  expect(await headers(graph, path, 'List-Unsubscribe')).toEqual(['<mailto:stop@contoso.test>']);
  expect(await headers(graph, path, 'References')).toEqual(['<first@contoso.test> <before@contoso.test>']);
  const { body } = await graph.get(`${path}/attachments`);
  expect(body.value).toMatchObject([{ name: 'März.pdf', contentType: 'application/pdf', contentBytes: 'JVBERg==' }]);
  const { text } = await graph.get(`${path}/$value`);
  expect(text).toContain('--inner\r\nContent-Type: text/plain; charset=iso-8859-1\r\n');
  expect(text).not.toMatch(/other@fabrikam|hidden@contoso/);
});

test('2: MIME that is not base64 is refused with a code of its own', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  for (const text of ['Subject: as it is', 'abc', 'ab=c']) {
    expect(await post(graph, '/me/messages', text), text).toMatchObject({ status: 400, body: { error: { code: 'ErrorMimeContentInvalidBase64String' } } });
  }
});

test('4: files of less than 3 MB are attached in one request, and removed', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { path } = await draft(graph, mail('Files', []));
  const bytes = Buffer.alloc(2_900_000, 7);
  const file = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'März.bin', contentType: 'application/x-own', contentBytes: bytes.toString('base64') };
  const answer = await post(graph, `${path}/attachments`, file, IMMUTABLE);
  expect(answer).toMatchObject({ status: 201, body: { ...file, isInline: false, contentId: null, id: expect.any(String) } });
  const one = `${path}/attachments/${encodeURIComponent(String(answer.body.id))}`;
  expect((await graph.get(`${one}/$value`, IMMUTABLE)).bytes.equals(bytes)).toBe(true);
  expect((await graph.get(path)).body.hasAttachments).toBe(true);
  const small = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'dot.png', contentBytes: 'AAAA', isInline: true, contentId: 'dot' };
  expect((await post(graph, `${path}/attachments`, small)).body).toMatchObject({ isInline: true, contentId: 'dot', contentType: 'application/octet-stream' });
  expect((await post(graph, one, undefined, IMMUTABLE, 'DELETE')).status).toBe(204);
  expect((await graph.get(`${path}/attachments`)).body.value).toHaveLength(1);
  expect((await post(graph, one, undefined, IMMUTABLE, 'DELETE')).status).toBe(404);
});

test('4: larger files, wrong base64 and other kinds are refused', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { path } = await draft(graph, mail('Files', []));
  const file = (more: object): object => ({ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: 'AAAA', ...more });
  const large = await post(graph, `${path}/attachments`, file({ contentBytes: Buffer.alloc(3_000_000).toString('base64') }));
  expect(large).toMatchObject({ status: 413, body: { error: { code: 'ErrorMessageSizeExceeded' } } });
  const wrong = [{ contentBytes: 'A' }, { contentBytes: '%%%%' }, { name: 7 }, { '@odata.type': '#microsoft.graph.itemAttachment' }, { bytes: 'AAAA' }];
  for (const more of wrong) expect((await post(graph, `${path}/attachments`, file(more))).status, JSON.stringify(more)).toBe(400);
  expect((await post(graph, `${path}/attachments`)).status).toBe(400);
  expect((await graph.get(`${path}/attachments`)).body.value).toEqual([]);
});

test('2: a request of more than 4 MB is refused, and its client can read that', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const body = { contentType: 'text', content: 'x'.repeat(4 * 1024 * 1024) };
  expect(await post(graph, '/me/messages', { body })).toMatchObject({ status: 413, body: { error: { code: 'RequestEntityTooLarge' } } });
});

test('1.6: files are not attached to what is no draft', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const list = `/me/messages/${await graph.messageId('Report with a file')}/attachments`;
  const file = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: 'AAAA' };
  expect(await post(graph, list, file)).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidPropertySet' } } });
  const { body } = await graph.get(list);
  const one = `${list}/${encodeURIComponent(String(body.value?.[0]?.id))}`;
  expect((await post(graph, one, undefined, {}, 'DELETE')).status).toBe(400);
  await provider.set({ finalContent: 'denied' });
  expect(await post(graph, list, file)).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
  await provider.set({ finalContent: 'changed' });
  expect((await post(graph, list, file)).status).toBe(201);
});

test('8: drafts and their files need Mail.ReadWrite', async ({ provider }) => {
  const graph = await openSender(provider, 'openid profile offline_access User.Read Mail.Read Mail.Send');
  const id = await graph.messageId('Report with a file');
  for (const target of ['', `/${id}/createReply`, `/${id}/createReplyAll`, `/${id}/createForward`, `/${id}/attachments`, `/${id}/attachments/createUploadSession`]) {
    expect(await post(graph, `/me/messages${target}`, { toRecipients: to('ada@contoso.test') }), target).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
  }
});

test('6: drafts are created in a batch', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const headers = { 'Content-Type': 'application/json', ...IMMUTABLE };
  const answer = await graph.batch([
    { id: '1', method: 'POST', url: '/me/messages', headers, body: mail('In a batch', ['ada@contoso.test']) },
    { id: '2', method: 'POST', url: '/me/messages', headers, body: { internetMessageHeaders: [{ name: 'To', value: 'x' }] } },
  ]);
  const [first, second] = ['1', '2'].map((wanted) => answer.body.responses?.find(({ id }) => id === wanted));
  expect(first).toMatchObject({ status: 201, body: { subject: 'In a batch', isDraft: true } });
  expect(second).toMatchObject({ status: 400, body: { error: { code: 'InvalidInternetMessageHeader' } } });
});
