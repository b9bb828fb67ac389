// The Gmail API of the stand-in: what the front adds to myworld. Its own behaviour is the subject of its authors; what our
// program needs of it is in `api/gmail.spec.ts`.

import { randomBytes } from 'node:crypto';
import { expect, test } from '../google-fixtures.ts';
import { Gmail, mime, raw, SCOPE } from './calls.ts';

const FULL = ['openid', SCOPE.full];
const ID = '<written-by-a-program@contoso.test>';

/** The value of a header of a message in JSON. */
const header = (message: Record<string, any>, name: string): string | undefined =>
  (message.payload.headers as { name: string; value: string }[]).find((one) => one.name.toLowerCase() === name)?.value;

test('a token reads its own mailbox alone, and no other text is a token', async ({ google }) => {
  const [gmail, other] = [await Gmail.open(google), await Gmail.open(google)];
  expect((await gmail.get('/profile')).body).toMatchObject({ emailAddress: gmail.login, messagesTotal: 40 });
  const [mine, theirs] = [await gmail.get('/messages'), await other.get('/messages')];
  const ids = new Set((mine.body.messages as { id: string }[]).map(({ id }) => id));
  expect(ids.size).toBeGreaterThan(30);
  expect((theirs.body.messages as { id: string }[]).some(({ id }) => ids.has(id))).toBe(false);
  expect((await gmail.get(`/messages/${(theirs.body.messages as { id: string }[])[0]?.id}`)).status).toBe(404);
  const delegated = await gmail.call('GET', `${google.url}/gmail/v1/users/${other.login}/messages`);
  expect([delegated.status, delegated.body.error.status]).toEqual([403, 'PERMISSION_DENIED']);
  for (const authorization of ['Bearer unknown', `Bearer ${gmail.refreshToken}`, `Bearer ya29.${gmail.token}`, `Basic ${gmail.token}`, '']) {
    const refused = await gmail.call('GET', '/messages', undefined, { authorization });
    expect([refused.status, refused.body.error.errors[0].reason], authorization).toEqual([401, 'authError']);
  }
});

test('each call needs one of its permissions', async ({ google }) => {
  const calls: [method: string, target: string, body: object | undefined, allowed: string[]][] = [
    ['GET', '/profile', undefined, ['read', 'metadata', 'modify', 'compose', 'full']],
    ['GET', '/messages', undefined, ['read', 'metadata', 'modify', 'full']],
    ['GET', '/labels', undefined, ['read', 'metadata', 'modify', 'labels', 'full']],
    ['POST', '/labels', { name: 'New' }, ['modify', 'labels', 'full']],
    ['POST', '/messages/send', { raw: '' }, ['modify', 'send', 'compose', 'full']],
    ['GET', '/drafts', undefined, ['read', 'modify', 'compose', 'full']],
    ['POST', '/messages/batchModify', { ids: [] }, ['modify', 'full']],
    ['POST', '/messages/batchDelete', { ids: [] }, ['full']],
    ['GET', '/v1/people/me/connections?personFields=names', undefined, ['contactsRead', 'contacts']],
    ['POST', '/v1/people:createContact', { names: [{ givenName: 'Ada' }] }, ['contacts']],
  ];
  for (const name of ['read', 'metadata', 'modify', 'send', 'compose', 'labels', 'full', 'contactsRead', 'contacts'] as const) {
    const gmail = await Gmail.open(google, ['openid', SCOPE[name]]);
    for (const [method, target, body, allowed] of calls) {
      const answer = await gmail.call(method, target, body);
      const wanted = allowed.includes(name);
      expect(answer.status === 403, `${name}: ${method} ${target}: ${answer.status}`).toBe(!wanted);
      if (!wanted) expect(answer.body.error.details[0]).toMatchObject({ reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' });
    }
  }
});

test('an API that is not enabled, and an account without Gmail, say so', async ({ google }) => {
  const gmail = await Gmail.open(google);
  await google.set({ gmailApi: false });
  const disabled = await gmail.get('/profile');
  expect(disabled.body.error).toMatchObject({ code: 403, status: 'PERMISSION_DENIED', details: [{ reason: 'SERVICE_DISABLED', metadata: { service: 'gmail.googleapis.com' } }] });
  expect(disabled.body.error.errors[0].reason).toBe('accessNotConfigured');
  expect((await gmail.get('/v1/people/me/connections?personFields=names')).status).toBe(200);
  await google.set({ gmailApi: true, peopleApi: false });
  expect((await gmail.get('/v1/people/me/connections?personFields=names')).body.error.details[0].reason).toBe('SERVICE_DISABLED');
  await google.set({ mailbox: false });
  expect((await gmail.get('/messages')).body.error).toMatchObject({ code: 400, status: 'FAILED_PRECONDITION', message: 'Mail service not enabled' });
});

test('a headers-only token gets no content and no search', async ({ google }) => {
  const gmail = await Gmail.open(google, ['openid', SCOPE.metadata]);
  const { body } = await gmail.get('/messages?maxResults=1');
  const id = String(body.messages[0].id);
  expect((await gmail.get(`/messages/${id}?format=metadata`)).status).toBe(200);
  for (const refused of [`/messages/${id}`, `/messages/${id}?format=raw`, '/messages?q=hello']) expect((await gmail.get(refused)).status, refused).toBe(403);
});

test('a message keeps the Message-ID of its program, as a draft, once sent, and in a search', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const draft = await gmail.call('POST', '/drafts', { message: { raw: raw(mime(gmail.login, gmail.login, 'Kept', ID)) } });
  expect(draft.status).toBe(200);
  const find = async (): Promise<string[]> => {
    const { body } = await gmail.get(`/messages?q=${encodeURIComponent(`rfc822msgid:${ID}`)}`);
    return ((body.messages ?? []) as { id: string }[]).map(({ id }) => id);
  };
  expect(await find()).toEqual([draft.body.message.id]);
  const read = await gmail.get(`/drafts/${String(draft.body.id)}?format=full`);
  expect(header(read.body.message as Record<string, any>, 'message-id')).toBe(ID);
  const sent = await gmail.call('POST', '/drafts/send', { id: draft.body.id });
  expect(sent.body.labelIds).toContain('SENT');
  expect(sent.body.id).not.toBe(draft.body.message.id);
  expect(await find()).toEqual([sent.body.id]);
  const source = await gmail.get(`/messages/${String(sent.body.id)}?format=raw`);
  expect(source.body.raw).not.toContain('=');
  expect(Buffer.from(String(source.body.raw), 'base64url').toString()).toContain(`Message-ID: ${ID}`);
  expect(await google.sent(gmail.login)).toContainEqual(expect.objectContaining({ messageId: ID, subject: 'Kept' }));
  await google.set({ messageIds: 'replaced' });
  const other = await gmail.call('POST', '/messages/send', { raw: raw(mime(gmail.login, gmail.login, 'Replaced', '<other@contoso.test>')) });
  const shown = await gmail.get(`/messages/${String(other.body.id)}?format=metadata`);
  expect(header(shown.body, 'message-id')).toMatch(/@mail\.gmail\.com>$/);
});

for (const [tool, target] of [['gmail.users.messages.send', '/messages/send'], ['gmail.users.drafts.send', '/drafts/send']] as const) {
  test(`an answer of ${target} that is lost after the message was sent leaves one message`, async ({ google }) => {
    const gmail = await Gmail.open(google);
    const message = raw(mime(gmail.login, gmail.login, 'Lost', ID));
    const draft = target === '/drafts/send' ? await gmail.call('POST', '/drafts', { message: { raw: message } }) : undefined;
    await google.setFaults(gmail.login, [{ tool, kind: 'timeout_after_commit', times: 1 }]);
    const lost = await gmail.call('POST', target, draft ? { id: draft.body.id } : { raw: message });
    expect(lost.status).toBe(504);
    expect((await google.sent(gmail.login)).filter(({ subject }) => subject === 'Lost')).toMatchObject([{ messageId: ID }]);
    const { body } = await gmail.get(`/messages?labelIds=SENT&q=${encodeURIComponent(`rfc822msgid:${ID}`)}`);
    expect(body.messages).toHaveLength(1);
    expect(await google.sends(gmail.login)).toMatchObject([{ tool, committed: true, fault: 'timeout_after_commit', ok: false }]);
  });
}

test('a message arrives in another mailbox of the same world', async ({ google }) => {
  const [ada, grace] = ['ada@contoso.test', 'grace@contoso.test'];
  await google.together([ada, grace]);
  const [sender, reader] = [await Gmail.open(google, undefined, ada), await Gmail.open(google, undefined, grace)];
  await sender.call('POST', '/messages/send', { raw: raw(mime(ada, grace, 'To you', ID)) });
  const arrived = await reader.get(`/messages/${await reader.messageId('To you')}`);
  expect(arrived.body.labelIds).toEqual(expect.arrayContaining(['INBOX', 'UNREAD']));
});

test('an upload in pieces is one message, and a piece may be asked for again', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const message = mime(gmail.login, gmail.login, 'In pieces', ID, randomBytes(300_000).toString('base64').replace(/(.{76})/g, '$1\r\n'));
  const path = '/upload/gmail/v1/users/me/messages/send?uploadType=resumable';
  const begun = await gmail.call('POST', path, {}, { 'x-upload-content-type': 'message/rfc822', 'x-upload-content-length': String(message.length) });
  expect(begun.status).toBe(200);
  const session = begun.headers.get('location') ?? '';
  const size = 256 * 1024;
  const piece = (start: number, end: number): Promise<{ status: number; headers: Headers; body: Record<string, any> }> =>
    gmail.call('PUT', session, message.subarray(start, end), { 'content-range': `bytes ${start}-${end - 1}/${message.length}` });
  expect((await piece(0, 1000)).status).toBe(400);
  const first = await piece(0, size);
  expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${size - 1}`]);
  const where = await gmail.call('PUT', session, undefined, { 'content-range': `bytes */${message.length}` });
  expect([where.status, where.headers.get('range')]).toEqual([308, `bytes=0-${size - 1}`]);
  const last = await piece(size, message.length);
  expect([last.status, last.body.labelIds]).toEqual([200, expect.arrayContaining(['SENT'])]);
  expect((await google.sent(gmail.login)).filter(({ messageId }) => messageId === ID)).toHaveLength(1);
  expect((await piece(size, message.length)).status).toBe(404);
  await google.set({ maxMessageBytes: 1000 });
  const tooLarge = await gmail.call('POST', path, {}, { 'x-upload-content-length': '1001' });
  expect(tooLarge.status).toBe(413);
});

test('an upload at once, alone or beside its thread, is one message', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const path = '/upload/gmail/v1/users/me/messages/send?uploadType=';
  const alone = await gmail.call('POST', `${path}media`, mime(gmail.login, gmail.login, 'Alone', ID), { 'content-type': 'message/rfc822' });
  expect(alone.status).toBe(200);
  const body = Buffer.concat([
    Buffer.from(`--b\r\nContent-Type: application/json\r\n\r\n${JSON.stringify({ threadId: alone.body.threadId })}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n`),
    mime(gmail.login, gmail.login, 'Re: Alone', '<second@contoso.test>'), Buffer.from('\r\n--b--\r\n'),
  ]);
  const beside = await gmail.call('POST', `${path}multipart`, body, { 'content-type': 'multipart/related; boundary=b' });
  expect([beside.status, beside.body.threadId]).toEqual([200, alone.body.threadId]);
  expect((await google.sent(gmail.login)).slice(0, 2).map(({ messageId }) => messageId)).toEqual(['<second@contoso.test>', ID]);
});

test('the id of an attachment is another one at each reading, and each is good', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const id = await gmail.messageId('Report with a file');
  const idOf = async (): Promise<string> => {
    const { body } = await gmail.get(`/messages/${id}`);
    return String((body.payload.parts as { filename: string; body: { attachmentId?: string } }[]).find(({ filename }) => filename === 'report.csv')?.body.attachmentId);
  };
  const [first, second] = [await idOf(), await idOf()];
  expect(first).not.toBe(second);
  for (const one of [first, second]) {
    const { body } = await gmail.get(`/messages/${id}/attachments/${encodeURIComponent(one)}`);
    expect(Buffer.from(String(body.data), 'base64url').toString()).toBe('id,amount\n1,20\n');
  }
});

test('a message in the trash has left the inbox', async ({ google }) => {
  const gmail = await Gmail.open(google, FULL);
  const id = await gmail.messageId('For follow-up');
  const trashed = await gmail.call('POST', `/messages/${id}/trash`);
  expect(trashed.body.labelIds).toContain('TRASH');
  expect((await gmail.get(`/messages/${id}?format=minimal`)).body.labelIds).not.toContain('INBOX');
  expect((await gmail.call('DELETE', `/messages/${id}`)).status).toBe(204);
});

test('the quota counts each call, and refuses what is over it', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const { body } = await gmail.get('/messages?maxResults=2');
  for (const { id } of body.messages as { id: string }[]) await gmail.get(`/messages/${id}?format=minimal`);
  expect(await google.meter(gmail.login)).toMatchObject({ units: 5 + 2 * 20, mostInAMinute: 45, byName: { 'users.messages.list': 1, 'users.messages.get': 2 }, refused: 0 });
  await google.set({ unitsPerMinute: 50 });
  const [fine, over] = [await gmail.get('/messages'), await gmail.get('/messages')];
  expect(fine.status).toBe(200);
  expect([over.status, over.body.error.errors[0].reason]).toEqual([403, 'userRateLimitExceeded']);
  expect((await google.meter(gmail.login)).refused).toBe(1);
});
