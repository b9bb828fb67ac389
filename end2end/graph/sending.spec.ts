// Sending at the stand-in for Graph, each rule as the facts about Graph have it: sections 1, 2 and 7.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';
import { draft, mail, mime, newest, openSender, post, SENDING, settle, to } from './letters.ts';

/** What a program sees at the draft: a draft, nothing, or the copy in Sent Items. */
async function seen(graph: Graph, path: string): Promise<string> {
  const { status, body } = await graph.get(path, IMMUTABLE);
  if (status !== 200) return `${status} ${body.error?.code}`;
  const sent = await graph.get('/me/mailFolders/sentitems');
  return body.parentFolderId === sent.body.id && body.isDraft === false ? 'sent' : `draft ${String(body.isDraft)}`;
}

test('1.3: after 202 a draft stays a draft, is then found nowhere, and is then in Sent Items with the same immutable id', async ({ provider }) => {
  await provider.set({ draftSeconds: 600, goneSeconds: 600 });
  const graph = await Graph.open(provider, SENDING);
  const { path, id } = await draft(graph, mail('Three steps', ['ada@contoso.test']));
  const changeable = String((await graph.get(path)).body.id);
  const answer = await post(graph, `${path}/send`, undefined, IMMUTABLE);
  expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([202, '', '0']);
  expect(await seen(graph, path)).toBe('draft true');
  expect((await provider.sent({ login: graph.login })).deliveries).toEqual([]);

  expect(await provider.sent({ login: graph.login, moveOn: true })).toMatchObject({ underWay: 1, deliveries: [{ way: 'send' }] });
  expect(await seen(graph, path)).toBe('404 ErrorItemNotFound');
  expect(await newest(graph, 'drafts', 'Three steps')).toBeUndefined();
  expect(await newest(graph, 'sentitems', 'Three steps')).toBeUndefined();

  expect(await provider.sent({ login: graph.login, moveOn: true })).toMatchObject({ underWay: 0 });
  expect(await seen(graph, path)).toBe('sent');
  expect(await newest(graph, 'sentitems', 'Three steps')).toMatchObject({ id, isDraft: false, isRead: true, from: { emailAddress: { address: graph.login } } });
  expect((await graph.get(`/me/messages/${encodeURIComponent(changeable)}`)).status).toBe(404);
});

test('1.3: the steps take up to three and two seconds, which depends on the seed and the message', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const { path } = await draft(graph, mail('In time', ['ada@contoso.test']));
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await expect.poll(() => seen(graph, path), { timeout: 6_000, intervals: [100] }).toBe('sent');
  await provider.set({ draftSeconds: 0, goneSeconds: 0.5 });
  const exact = await draft(graph, mail('Exactly', ['ada@contoso.test']));
  const start = Date.now();
  await post(graph, `${exact.path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  expect(Date.now() - start).toBeGreaterThanOrEqual(490);
  expect(await seen(graph, exact.path)).toBe('sent');
});

test('1.2: a second send of a draft under way delivers nothing', async ({ provider }) => {
  await provider.set({ draftSeconds: 600, goneSeconds: 0 });
  const graph = await Graph.open(provider, SENDING);
  const { path } = await draft(graph, mail('Once', ['ada@contoso.test']));
  const statuses = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await post(graph, `${path}/send`, undefined, IMMUTABLE)).status);
  expect(statuses).toEqual([202, 202, 202]);
  await provider.sent({ login: graph.login, moveOn: true });
  expect(await settle(graph)).toHaveLength(1);
  expect(await post(graph, `${path}/send`, undefined, IMMUTABLE)).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidOperation' } } });
  expect(await settle(graph)).toHaveLength(1);
});

test('6: the changes of folders show that a draft leaves and comes into Sent Items', async ({ provider }) => {
  const graph = await openSender(provider);
  const { path, id } = await draft(graph, mail('Changes', ['ada@contoso.test']));
  const [drafts, sent] = await Promise.all(['drafts', 'sentitems'].map((folder) => graph.pages(`/me/mailFolders/${folder}/messages/delta?$select=id`, IMMUTABLE)));
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  expect((await graph.pages(drafts?.deltaLink ?? '', IMMUTABLE)).pages.flat()).toEqual([{ id, '@removed': { reason: 'deleted' } }]);
  expect((await graph.pages(sent?.deltaLink ?? '', IMMUTABLE)).pages.flat()).toMatchObject([{ id }]);
});

test('1.2: sendMail answers 202 without a body and without an id, and keeps a copy unless told not to', async ({ provider }) => {
  const graph = await openSender(provider);
  for (const [subject, more] of [['Kept', {}], ['Kept too', { SaveToSentItems: true }], ['Not kept', { saveToSentItems: false }]] as const) {
    const answer = await post(graph, '/me/sendMail', { message: mail(subject, ['ada@contoso.test']), ...more });
    expect([answer.status, answer.text], subject).toEqual([202, '']);
  }
  expect((await settle(graph)).map(({ way, subject }) => [way, subject]).sort()).toEqual([['sendMail', 'Kept'], ['sendMail', 'Kept too'], ['sendMail', 'Not kept']]);
  expect(await newest(graph, 'sentitems', 'Kept')).toMatchObject({ isDraft: false });
  expect(await newest(graph, 'sentitems', 'Kept too')).toBeDefined();
  expect(await newest(graph, 'sentitems', 'Not kept')).toBeUndefined();
});

test('2: sendMail needs a message, and refuses what it does not know', async ({ provider }) => {
  const graph = await openSender(provider);
  const message = mail('Wrong', ['ada@contoso.test']);
  for (const body of [{}, { message: 'x' }, { message, saveToSentItems: 'no' }, { message, save: true }, { message: { subjekt: '' } }]) {
    expect((await post(graph, '/me/sendMail', body)).status, JSON.stringify(body)).toBe(400);
  }
  expect((await graph.get('/me/sendMail')).status).toBe(405);
  expect((await graph.get(`/me/messages/${await graph.messageId('Report with a file')}/send`)).status).toBe(405);
  expect((await post(graph, '/me/messages/nonsense/send')).body.error?.code).toBe('ErrorInvalidIdMalformed');
  expect(await settle(graph)).toEqual([]);
});

test('1.5: MIME is sent with the address of the account, whatever its From says', async ({ provider }) => {
  const graph = await openSender(provider);
  const text = mime('From: Chief <chief@fabrikam.test>', 'To: ada@contoso.test', 'Bcc: hidden@contoso.test', 'Subject: Raw', 'Message-ID: <raw-1@mail360.test>',
    'List-Unsubscribe: <mailto:stop@contoso.test>', 'MIME-Version: 1.0', 'Content-Type: text/calendar; method=REQUEST; charset=utf-8', '', 'BEGIN:VCALENDAR', 'END:VCALENDAR');
  expect((await post(graph, '/me/sendMail', text)).status).toBe(202);
  expect(await settle(graph)).toMatchObject([{ messageId: '<raw-1@mail360.test>', recipients: ['ada@contoso.test', 'hidden@contoso.test'], way: 'sendMail' }]);
  const sent = await newest(graph, 'sentitems', 'Raw');
  expect(sent).toMatchObject({ from: { emailAddress: { address: graph.login } }, internetMessageId: '<raw-1@mail360.test>' });
  const source = await graph.get(`/me/messages/${encodeURIComponent(String(sent?.id))}/$value`, IMMUTABLE);
  expect(source.text).toMatch(/^From: [^]*Content-Type: text\/calendar; method=REQUEST; charset=utf-8\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR$/);
  expect(source.text).toContain('List-Unsubscribe: <mailto:stop@contoso.test>\r\n');
  expect(source.text).not.toMatch(/fabrikam|hidden|Received/);
  expect(await post(graph, '/me/sendMail', 'not base64')).toMatchObject({ status: 400, body: { error: { code: 'ErrorMimeContentInvalidBase64String' } } });
});

test('1.5: from an alias of the mailbox, and from an address that it does not have', async ({ provider }) => {
  await provider.set({ aliases: 2 });
  const graph = await openSender(provider);
  const alias = graph.login.replace('@', '.alias2@');
  const { body } = await graph.get(`/users/${encodeURIComponent(graph.login)}?$select=proxyAddresses`);
  expect(body.proxyAddresses).toEqual([`SMTP:${graph.login}`, `smtp:${graph.login.replace('@', '.alias1@')}`, `smtp:${alias}`]);
  expect((await graph.get('/me')).body.proxyAddresses).toEqual(body.proxyAddresses);
  const from = async (subject: string, address: string): Promise<unknown> => {
    const { path } = await draft(graph, mail(subject, ['ada@contoso.test'], { from: { emailAddress: { name: 'Desk', address } } }));
    await post(graph, `${path}/send`, undefined, IMMUTABLE);
    await settle(graph);
    return ((await newest(graph, 'sentitems', subject))?.from as { emailAddress: unknown }).emailAddress;
  };
  expect(await from('By alias', alias.toUpperCase())).toEqual({ name: 'Desk', address: alias });
  // Silently.
  expect(await from('By another', 'chief@contoso.test')).toEqual({ name: graph.login.split('@')[0], address: graph.login });
  await provider.set({ sendAs: 'refuse' });
  expect(await from('By alias again', alias)).toEqual({ name: 'Desk', address: alias });
  const { path } = await draft(graph, mail('Refused', ['ada@contoso.test'], { from: { emailAddress: { address: 'chief@contoso.test' } } }));
  expect(await post(graph, `${path}/send`, undefined, IMMUTABLE)).toMatchObject({ status: 403, body: { error: { code: 'ErrorSendAsDenied' } } });
  expect(await seen(graph, path)).toBe('draft true');
  const refused = await post(graph, '/me/sendMail', { message: mail('Refused', ['ada@contoso.test'], { from: { emailAddress: { address: 'chief@contoso.test' } } }) });
  expect(refused.body.error?.code).toBe('ErrorSendAsDenied');
});

test('7: a message to no one, or to what is no address, is refused and stays a draft', async ({ provider }) => {
  const graph = await openSender(provider);
  for (const recipients of [[], to('no-address'), to('ada@contoso.test', 'a b@contoso.test')]) {
    const { path } = await draft(graph, { subject: 'x', toRecipients: recipients });
    expect(await post(graph, `${path}/send`, undefined, IMMUTABLE)).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidRecipients' } } });
    expect(await seen(graph, path)).toBe('draft true');
  }
  // Hidden ones are enough.
  const { path } = await draft(graph, { subject: 'x', bccRecipients: to('ada@contoso.test') });
  expect((await post(graph, `${path}/send`, undefined, IMMUTABLE)).status).toBe(202);
});

test('7: the daily limit, and 30 messages in a minute, if the mailbox has them', async ({ provider }) => {
  const graph = await openSender(provider);
  const send = () => post(graph, '/me/sendMail', { message: mail('Many', ['ada@contoso.test']) });
  await provider.set({ sendsPerMinute: 30 });
  for (let count = 0; count < 30; count += 1) expect((await send()).status).toBe(202);
  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'ApplicationThrottled' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  await provider.set({ sendsPerMinute: 0, submissionQuota: true });
  expect((await send()).body.error?.code).toBe('ErrorSubmissionQuotaExceeded');
  await provider.set({ submissionQuota: false });
  expect((await send()).status).toBe(202);
  expect(await settle(graph)).toHaveLength(31);
});

test('7: a message that is larger than the mailbox takes is refused', async ({ provider }) => {
  await provider.set({ maxMessageBytes: 100_000 });
  const graph = await openSender(provider);
  const file = (size: number): object => ({ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a', contentBytes: Buffer.alloc(size).toString('base64') });
  const tooLarge = { status: 413, body: { error: { code: 'ErrorMessageSizeExceeded' } } };
  expect(await post(graph, '/me/sendMail', { message: mail('Large', ['ada@contoso.test'], { attachments: [file(60_000), file(60_000)] }) })).toMatchObject(tooLarge);
  const { path } = await draft(graph, mail('Large', ['ada@contoso.test'], { attachments: [file(60_000)] }));
  expect(await post(graph, `${path}/attachments`, file(60_000))).toMatchObject(tooLarge);
  await provider.set({ maxMessageBytes: 50_000 });
  expect(await post(graph, `${path}/send`)).toMatchObject(tooLarge);
  expect(await seen(graph, path)).toBe('draft true');
});

test('8: Mail.Send alone sends a message and a draft; Mail.ReadWrite alone sends nothing', async ({ provider }) => {
  const base = 'openid profile offline_access User.Read';
  const graph = await openSender(provider, `${base} Mail.Send`);
  expect((await post(graph, '/me/sendMail', { message: mail('Allowed', ['ada@contoso.test']) })).status).toBe(202);
  const [done] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { folder: 'drafts', subject: 'Of the owner' } }]);
  expect((await post(graph, `/me/messages/${encodeURIComponent(done?.id ?? '')}/send`)).status).toBe(202);
  expect((await settle(graph)).map(({ subject }) => subject).sort()).toEqual(['Allowed', 'Of the owner']);
  const writer = await openSender(provider, `${base} Mail.ReadWrite`);
  const { path } = await draft(writer, mail('Refused', ['ada@contoso.test']));
  for (const target of [`${path}/send`, `${path}/reply`, `${path}/replyAll`, `${path}/forward`, '/me/sendMail']) {
    expect(await post(writer, target, { message: mail('Refused', ['ada@contoso.test']) }), target).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
  }
  expect(await settle(writer)).toEqual([]);
});

test('6: a batch sends, each of its requests with its own answer', async ({ provider }) => {
  const graph = await openSender(provider);
  const { path } = await draft(graph, mail('Draft', ['ada@contoso.test']));
  const headers = { 'Content-Type': 'application/json' };
  const raw = mime('To: ada@contoso.test', 'Subject: MIME', '', 'Hello');
  const answer = await graph.batch([
    { id: '1', method: 'POST', url: `${path}/send`, headers: IMMUTABLE },
    { id: '2', method: 'POST', url: '/me/sendMail', headers, body: { message: mail('JSON', ['ada@contoso.test']) } },
    { id: '3', method: 'POST', url: '/me/sendMail', headers, body: { message: mail('No one', []) } },
    // A body that is not JSON is base64 in a batch, and here it is base64 itself.
    { id: '4', method: 'POST', url: '/me/sendMail', headers: { 'Content-Type': 'text/plain' }, body: Buffer.from(raw).toString('base64') },
  ]);
  expect(Object.fromEntries((answer.body.responses ?? []).map(({ id, status }) => [id, status]))).toEqual({ 1: 202, 2: 202, 3: 400, 4: 202 });
  expect(answer.body.responses?.find(({ id }) => id === '1')).not.toHaveProperty('body');
  expect((await settle(graph)).map(({ subject }) => subject).sort()).toEqual(['Draft', 'JSON', 'MIME']);
});
