// Answers and forwards of the stand-in for Graph, each rule as the facts about Graph have it: section 2.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';
import { draft, headers, mail, mime, newest, openSender, pathOf, post, SENDING, settle, to } from './letters.ts';

const addresses = (list: unknown): string[] => (list as { emailAddress: { address: string } }[]).map(({ emailAddress }) => emailAddress.address);

test('2: a reply is addressed by Reply-To, and otherwise by From', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const withReplyTo = await draft(graph, {}, `/me/messages/${await graph.messageId('Offre spéciale')}/createReply`);
  expect(addresses(withReplyTo.answer.body.toRecipients)).toEqual(['sales@northwind.test']);
  expect(withReplyTo.answer.body).toMatchObject({ subject: 'RE: Offre spéciale', isDraft: true, ccRecipients: [] });
  const [done] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'RE: Plan', from: { name: 'Grace', address: 'grace@fabrikam.test' } } }]);
  const without = await draft(graph, {}, `/me/messages/${encodeURIComponent(done?.id ?? '')}/createReply`);
  expect(addresses(without.answer.body.toRecipients)).toEqual(['grace@fabrikam.test']);
  expect(without.answer.body.subject).toBe('RE: Plan');
});

test('2: a reply to all goes to everyone but its sender, each once', async ({ provider }) => {
  await provider.set({ aliases: 1 });
  const graph = await Graph.open(provider, SENDING);
  const person = (address: string) => ({ name: '', address });
  const message = {
    from: person('grace@fabrikam.test'), to: [person(graph.login.toUpperCase()), person('ada@contoso.test'), person('GRACE@fabrikam.test')],
    cc: [person(graph.login.replace('@', '.alias1@')), person('ada@contoso.test'), person('j@northwind.test')],
  };
  const [done] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message }]);
  const { answer } = await draft(graph, {}, `/me/messages/${encodeURIComponent(done?.id ?? '')}/createReplyAll`);
  expect(addresses(answer.body.toRecipients)).toEqual(['grace@fabrikam.test', 'ada@contoso.test']);
  expect(addresses(answer.body.ccRecipients)).toEqual(['j@northwind.test']);
});

test('2: answers and forwards stay in the conversation and name the messages before', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const message = { subject: 'Thread', internetMessageId: '<second@contoso.test>', inReplyTo: '<first@contoso.test>', conversation: 'one' };
  const [done] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message }]);
  for (const action of ['createReply', 'createReplyAll', 'createForward']) {
    const { path, answer } = await draft(graph, {}, `/me/messages/${encodeURIComponent(done?.id ?? '')}/${action}`);
    expect(answer.body.conversationId, action).toBe(done?.conversationId);
    expect(await headers(graph, path, 'In-Reply-To'), action).toEqual(['<second@contoso.test>']);
    expect(await headers(graph, path, 'References'), action).toEqual(['<first@contoso.test> <second@contoso.test>']);
  }
  const { answer } = await draft(graph, {}, `/me/messages/${encodeURIComponent(done?.id ?? '')}/createForward`);
  expect(answer.body).toMatchObject({ subject: 'FW: Thread', toRecipients: [] });
});

test('2: a comment is above the original, a body takes its place, and both are refused', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const original = `/me/messages/${await graph.messageId('Report with a file')}`;
  const content = async (body: object): Promise<string> => {
    const { answer } = await draft(graph, body, `${original}/createReply`);
    return (answer.body.body as { content: string }).content;
  };
  const commented = await content({ comment: 'Thanks <all>' });
  expect(commented).toMatch(/Thanks &lt;all&gt;[^]*<b>From:<\/b> Grace Hopper &lt;grace@fabrikam\.test&gt;[^]*This is message \d+\./);
  expect(await content({ message: { body: { contentType: 'html', content: '<p>Mine</p>' } } })).toBe('<p>Mine</p>');
  // The parameters of an action may have any case.
  expect(await content({ Comment: 'Hello' })).toContain('Hello');
  const both = { comment: 'x', message: { body: { contentType: 'text', content: 'y' } } };
  for (const action of ['createReply', 'createReplyAll', 'createForward', 'reply', 'replyAll', 'forward']) {
    expect(await post(graph, `${original}/${action}`, both), action).toMatchObject({ status: 400 });
  }
  expect((await post(graph, `${original}/createForward`, { toRecipients: to('a@b.test'), message: { toRecipients: to('c@d.test') } })).status).toBe(400);
  expect((await post(graph, `${original}/createReply`, { remark: 'x' })).status).toBe(400);
});

test('2: the body of a draft of an answer is optional', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const id = await graph.messageId('Report with a file');
  for (const action of ['createReply', 'createReplyAll', 'createForward']) expect((await post(graph, `/me/messages/${id}/${action}`)).status, action).toBe(201);
});

test('2: recipients of the request are added, and its message id and headers are kept', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const original = `/me/messages/${await graph.messageId('Report with a file')}`;
  const message = {
    internetMessageId: '<ours@mail360.test>', toRecipients: to('ada@contoso.test', 'grace@fabrikam.test'), bccRecipients: to('hidden@contoso.test'),
    internetMessageHeaders: [{ name: 'x-own', value: '1' }], attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'AAAA' }],
  };
  const { path, answer } = await draft(graph, { message }, `${original}/createReply`);
  expect(addresses(answer.body.toRecipients)).toEqual(['grace@fabrikam.test', 'ada@contoso.test']);
  expect(answer.body).toMatchObject({ internetMessageId: '<ours@mail360.test>', hasAttachments: true, bccRecipients: [{ emailAddress: { address: 'hidden@contoso.test' } }] });
  expect(await headers(graph, path, 'x-own')).toEqual(['1']);
  await provider.set({ messageIds: 'kept-in-new' });
  expect((await draft(graph, { message }, `${original}/createReply`)).answer.body.internetMessageId).not.toBe('<ours@mail360.test>');
  expect((await draft(graph, mail('New', [], { internetMessageId: '<ours@mail360.test>' }))).answer.body.internetMessageId).toBe('<ours@mail360.test>');
});

test('2: a forward has the files of the original, and a reply only the pictures in its text', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const names = async (subject: string, action: string): Promise<unknown[]> => {
    const { path } = await draft(graph, {}, `/me/messages/${await graph.messageId(subject)}/${action}`);
    return (await graph.get(`${path}/attachments?$select=name`)).body.value?.map(({ name }) => name) ?? [];
  };
  expect(await names('Report with a file', 'createForward')).toEqual(['Bericht – März.pdf']);
  expect(await names('Report with a file', 'createReply')).toEqual([]);
  expect(await names('A picture in the text', 'createReplyAll')).toEqual(['pixel.png']);
});

test('2: a reply in MIME goes to the senders of the original, in its thread', async ({ provider }) => {
  const graph = await Graph.open(provider, SENDING);
  const original = `/me/messages/${await graph.messageId('Offre spéciale')}`;
  const text = mime('To: also@contoso.test', 'Subject: Réponse', 'References: <wrong@contoso.test>', 'X-Own: 1', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', 'Merci');
  const { path, answer } = await draft(graph, text, `${original}/createReply`);
  expect(addresses(answer.body.toRecipients)).toEqual(['sales@northwind.test', 'also@contoso.test']);
  const before = await graph.get(original);
  expect(answer.body.conversationId).toBe(before.body.conversationId);
  expect(await headers(graph, path, 'In-Reply-To')).toEqual([before.body.internetMessageId]);
  expect(await headers(graph, path, 'References')).toEqual([before.body.internetMessageId]);
  expect(await headers(graph, path, 'X-Own')).toEqual(['1']);
  expect((await graph.get(path, { prefer: 'outlook.body-content-type="text"' })).body.body).toEqual({ contentType: 'text', content: 'Merci' });
});

test('2: reply, replyAll and forward send at once, 202 without a body', async ({ provider }) => {
  const graph = await openSender(provider);
  const original = `/me/messages/${await graph.messageId('Offre spéciale')}`;
  for (const [action, body] of [['reply', { comment: 'a' }], ['replyAll', { comment: 'b' }], ['forward', { comment: 'c', toRecipients: to('ada@contoso.test') }]] as const) {
    const answer = await post(graph, `${original}/${action}`, body);
    expect([answer.status, answer.text], action).toEqual([202, '']);
  }
  const deliveries = await settle(graph);
  expect(deliveries.map(({ way, recipients }) => [way, recipients]).sort()).toEqual([
    ['forward', ['ada@contoso.test']], ['reply', ['sales@northwind.test']],
    ['replyAll', ['sales@northwind.test', 'juergen.gross@litware.test', 'hanako@adventure.test']],
  ]);
  const sent = await newest(graph, 'sentitems', 'FW: Offre spéciale');
  expect(sent).toMatchObject({ isDraft: false, from: { emailAddress: { address: graph.login } } });
  expect((sent?.body as { content: string }).content).toContain('<div>c</div>');
  expect(pathOf(sent)).not.toBe(original);
  // To no one.
  expect(await post(graph, `${original}/forward`, { comment: 'd' })).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidRecipients' } } });
});

test('8: Mail.Send alone sends answers to a message that it cannot read', async ({ provider }) => {
  const graph = await openSender(provider, 'openid profile offline_access User.Read Mail.Send');
  const [done] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const target = `/me/messages/${encodeURIComponent(done?.immutableId ?? '')}`;
  expect((await graph.get(target, IMMUTABLE)).status).toBe(403);
  for (const action of ['reply', 'replyAll']) expect((await post(graph, `${target}/${action}`, { comment: 'x' }, IMMUTABLE)).status, action).toBe(202);
  expect((await post(graph, `${target}/forward`, { toRecipients: to('ada@contoso.test') }, IMMUTABLE)).status).toBe(202);
  expect(await settle(graph)).toHaveLength(3);
});
