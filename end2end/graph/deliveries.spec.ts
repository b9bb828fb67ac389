// What the stand-in for Graph does with mail that has left: its record, the other mailboxes, and addresses that do not exist.

import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '../provider-fixtures.ts';
import { IMMUTABLE } from './calls.ts';
import { draft, headers, mail, mime, newest, openSender, pathOf, post, settle, to } from './letters.ts';

const PDF = { '@odata.type': '#microsoft.graph.fileAttachment', name: 'März.pdf', contentType: 'application/pdf', contentBytes: Buffer.from('%PDF').toString('base64') };

test('a mail comes into the inboxes of its recipients, with a Received header and without hidden recipients', async ({ provider }) => {
  const [graph, ada, hidden] = [await openSender(provider), await openSender(provider), await openSender(provider)];
  const message = mail('To you', [ada.login, 'grace@fabrikam.test'], { bccRecipients: to(hidden.login), attachments: [PDF], internetMessageHeaders: [{ name: 'x-own', value: '1' }] });
  const { path, answer } = await draft(graph, message);
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  const sent = await graph.get(path, IMMUTABLE);
  expect(sent.body.bccRecipients).toMatchObject([{ emailAddress: { address: hidden.login } }]);
  expect(await headers(graph, path, 'Received')).toEqual([]);
  for (const reader of [ada, hidden]) {
    const received = await newest(reader, 'inbox', 'To you');
    expect(received).toMatchObject({
      isRead: false, isDraft: false, hasAttachments: true, internetMessageId: answer.body.internetMessageId, bccRecipients: [], from: { emailAddress: { address: graph.login } },
      toRecipients: [{ emailAddress: { address: ada.login } }, { emailAddress: { address: 'grace@fabrikam.test' } }],
    });
    const own = pathOf(received);
    expect((await headers(reader, own, 'Received')).length).toBeGreaterThan(0);
    expect(await headers(reader, own, 'x-own')).toEqual(['1']);
    expect((await reader.get(`${own}/attachments`, IMMUTABLE)).body.value).toMatchObject([{ name: 'März.pdf', contentBytes: PDF.contentBytes }]);
    // The header and the parts are those that were sent.
    const [theirs, ours] = await Promise.all([reader.get(`${own}/$value`, IMMUTABLE), graph.get(`${path}/$value`, IMMUTABLE)]);
    expect(theirs.text.replace(/^(Received:[^]*?\r\n)+(?=From:)/, '')).toBe(ours.text);
    expect(theirs.text).not.toContain(hidden.login);
  }
});

test('mail to oneself, to an alias, and twice to one mailbox comes once', async ({ provider }) => {
  await provider.set({ aliases: 1 });
  const graph = await openSender(provider);
  const alias = graph.login.replace('@', '.alias1@');
  await post(graph, '/me/sendMail', { message: mail('To me', [alias, graph.login.toUpperCase()], { ccRecipients: to(graph.login) }) });
  expect(await settle(graph)).toMatchObject([{ recipients: [alias, graph.login] }]);
  const found = await graph.get(`/me/mailFolders/inbox/messages?${new URLSearchParams({ $filter: "subject eq 'To me'" }).toString()}`);
  expect(found.body.value).toHaveLength(1);
  expect(await newest(graph, 'sentitems', 'To me')).toMatchObject({ conversationId: found.body.value?.[0]?.conversationId });
});

test('an answer comes into the conversation of the message that it answers', async ({ provider }) => {
  const [graph, other] = [await openSender(provider), await openSender(provider)];
  await post(graph, '/me/sendMail', { message: mail('Question', [other.login]) });
  await settle(graph);
  const question = await newest(other, 'inbox', 'Question');
  await post(other, `${pathOf(question)}/reply`, { comment: 'Answer' }, IMMUTABLE);
  await settle(other);
  const asked = await newest(graph, 'sentitems', 'Question');
  const answer = await newest(graph, 'inbox', 'RE: Question');
  expect(answer).toMatchObject({ conversationId: asked?.conversationId, from: { emailAddress: { address: other.login } } });
  expect((await newest(other, 'sentitems', 'RE: Question'))?.conversationId).toBe(question?.conversationId);
  expect(await headers(graph, pathOf(answer), 'In-Reply-To')).toEqual([asked?.internetMessageId]);
});

test('a recipient gets MIME as it was written', async ({ provider }) => {
  const [graph, other] = [await openSender(provider), await openSender(provider)];
  const body = ['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8; format=flowed', 'Content-Transfer-Encoding: 8bit', '', 'Grüße ', 'an alle'];
  await post(graph, '/me/sendMail', mime(`To: ${other.login}`, 'Subject: Raw', 'X-Own: 1', ...body));
  await settle(graph);
  const source = await other.get(`${pathOf(await newest(other, 'inbox', 'Raw'))}/$value`, IMMUTABLE);
  expect(source.text).toMatch(/^Received: [^]*\r\nFrom: /);
  expect(source.text.endsWith(`X-Own: 1\r\n${body.join('\r\n')}`)).toBe(true);
});

test('the record has one line for each mail that has left, with the digest of what was sent', async ({ provider }) => {
  const folder = await mkdtemp(join(tmpdir(), 'mail360-deliveries-'));
  const file = join(folder, 'deliveries.jsonl');
  await provider.set({ deliveryLog: file });
  const graph = await openSender(provider);
  const start = Date.now();
  const { path, answer } = await draft(graph, mail('Übersicht', ['ada@contoso.test'], { bccRecipients: to('hidden@fabrikam.test'), attachments: [PDF] }));
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  await post(graph, '/me/sendMail', { message: mail('Second', ['ada@contoso.test']) });
  const [first, second, ...others] = await settle(graph);
  const source = await graph.get(`${path}/$value`, IMMUTABLE);
  expect(first).toEqual({
    time: expect.any(String), mailbox: graph.login, messageId: answer.body.internetMessageId, recipients: ['ada@contoso.test', 'hidden@fabrikam.test'], subject: 'Übersicht',
    size: source.bytes.length, sha256: createHash('sha256').update(source.bytes).digest('hex'), way: 'send',
  });
  expect(Date.parse(first?.time ?? '')).toBeGreaterThanOrEqual(start);
  expect([second?.subject, second?.way, others]).toEqual(['Second', 'sendMail', []]);
  // The size is known without the MIME.
  const { body } = await graph.get(`${path}?$expand=singleValueExtendedProperties($filter=id eq 'LONG 0x0E08')`, IMMUTABLE);
  expect(body.singleValueExtendedProperties).toMatchObject([{ value: String(source.bytes.length) }]);
  const lines = (await readFile(file, 'utf8')).trim().split('\n').map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual([first, second]);
  expect((await provider.sent()).deliveries).toEqual(expect.arrayContaining(lines));
  await rm(folder, { recursive: true });
});

test('an address that does not exist is answered by a bounce, or by nothing', async ({ provider }) => {
  const graph = await openSender(provider);
  await post(graph, '/me/sendMail', { message: mail('Silence', ['unknown@fabrikam.test']) });
  await settle(graph);
  expect(await newest(graph, 'inbox', 'Undeliverable: Silence')).toBeUndefined();
  await provider.set({ unknownRecipients: 'bounce' });
  await post(graph, '/me/sendMail', { message: mail('Echo', ['unknown@fabrikam.test', graph.login, 'other@fabrikam.test']) });
  await settle(graph);
  const bounce = await newest(graph, 'inbox', 'Undeliverable: Echo');
  expect(bounce).toMatchObject({ from: { emailAddress: { address: 'postmaster@contoso.test' } } });
  expect((bounce?.body as { content: string }).content).toMatch(/unknown@fabrikam\.test, other@fabrikam\.test/);
  const sent = await newest(graph, 'sentitems', 'Echo');
  expect(await headers(graph, pathOf(bounce), 'In-Reply-To')).toEqual([sent?.internetMessageId]);
  expect(await newest(graph, 'inbox', 'Echo')).toBeDefined();
});

test('a draft that its owner removes while it is under way is sent, without a copy', async ({ provider }) => {
  await provider.set({ draftSeconds: 600, goneSeconds: 0 });
  const graph = await openSender(provider);
  await provider.set({ draftSeconds: 600 });
  const { path, id } = await draft(graph, mail('Removed', ['ada@contoso.test']));
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await provider.changeMailbox(graph.login, [{ do: 'remove', id }]);
  await provider.sent({ login: graph.login, moveOn: true });
  expect(await settle(graph)).toMatchObject([{ subject: 'Removed' }]);
  expect((await graph.get(path, IMMUTABLE)).status).toBe(404);
  await expect(provider.sent({ moveOn: true })).rejects.toThrow('name the mailbox');
});

test('a read receipt that is asked for shows in the message and in its header', async ({ provider }) => {
  const [graph, other] = [await openSender(provider), await openSender(provider)];
  await post(graph, '/me/sendMail', { message: mail('Receipt', [other.login], { isReadReceiptRequested: true }) });
  await settle(graph);
  const received = await newest(other, 'inbox', 'Receipt');
  expect(received?.isReadReceiptRequested).toBe(true);
  expect(await headers(other, pathOf(received), 'Disposition-Notification-To')).toEqual([expect.stringContaining(`<${graph.login}>`)]);
});
