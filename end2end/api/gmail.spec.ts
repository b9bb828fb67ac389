// The API through Gmail and contacts of others (myworld), with real sockets: what applications do with a mailbox, what it
// costs of Gmail's quota, and that a message whose answer is lost is sent once.

import { randomBytes } from 'node:crypto';
import { SCOPE } from '../provider/google/scopes.ts';
import { expect, test } from './gmail-scene.ts';
import type { Connected } from './scene.ts';

const segment = encodeURIComponent;
const MB = 1_000_000;

interface Item {
  messageId: string;
  internetMessageId: string;
  subject: string;
  draftId: string;
  threadId: string;
  folderId: string;
  labelId: string;
  fileId: string;
  contactId: string;
  displayName: string;
  etag: string;
  status: string;
  folderType: string;
  path: string;
}

/** A message from the mailbox to itself. */
const mail = ({ email }: Connected, subject: string): Record<string, unknown> => ({ fromAddress: email, toAddress: email, subject, content: `<p>${subject}</p>` });

const subjectsOf = (items: Item[]): string[] => items.map(({ subject }) => subject);

test('messages are listed, searched, read and opened with their files', async ({ gmail }) => {
  const { program } = gmail;
  const { data, cursor } = await program.page<Item[]>('/messages?limit=10');
  expect(subjectsOf(data)[0]).toBe('🚀 Launch');
  expect(data).toHaveLength(10);
  const next = await program.page<Item[]>(`/messages?limit=10&cursor=${segment(cursor)}`);
  expect(new Set([...data, ...next.data].map(({ messageId }) => messageId)).size).toBe(20);
  expect(subjectsOf(data)).not.toContain('You have won');

  const found = await program.read<Item[]>(`/messages/search?${new URLSearchParams({ mailQry: 'subject:Report with a file' }).toString()}`);
  expect(subjectsOf(found)).toEqual(['Report with a file']);
  const path = `/messages/${segment(found[0]?.messageId ?? '')}`;
  expect((await program.read<{ content: string }>(`${path}/content`)).content).toContain('A message about');
  const { attachments } = await program.read<{ attachments: { attachmentId: string; attachmentName: string }[] }>(`${path}/attachments`);
  expect(attachments.map(({ attachmentName }) => attachmentName)).toEqual(['report.csv']);
  // The ids of Gmail change between two readings; ours do not.
  const { attachments: again } = await program.read<{ attachments: { attachmentId: string }[] }>(`${path}/attachments`);
  expect(again[0]?.attachmentId).toBe(attachments[0]?.attachmentId);
  const file = await program.send('GET', `${program.account}${path}/attachments/${segment(attachments[0]?.attachmentId ?? '')}`);
  expect(file.bytes.toString()).toBe('id,amount\n1,20\n');
  const source = await program.send('GET', `${program.account}${path}/raw`);
  expect(source.bytes.toString()).toContain('Subject: Report with a file');
});

test('a message is marked, flagged, labelled and moved, and keeps its id', async ({ gmail }) => {
  const { program } = gmail;
  const [message] = await program.read<Item[]>('/messages?limit=1');
  const id = message?.messageId ?? '';
  const read = (): Promise<Item & { flagid: string; labelId: unknown }> => program.read(`/messages/${segment(id)}`);
  await program.change('PUT', '/messages', { mode: 'markAsRead', messageId: [id] });
  expect((await read()).status).toBe('1');
  await program.change('PUT', '/messages', { mode: 'setFlag', flagid: 'important', messageId: [id] });
  expect((await read()).flagid).toBe('followup');
  const { labelId } = await program.change<Item>('POST', '/labels', { displayName: 'Paid' });
  await program.change('PUT', '/messages', { mode: 'applyLabel', labelId: [labelId], messageId: [id] });
  const { folderId } = await program.change<Item>('POST', '/folders', { folderName: 'Done' });
  await program.change('PUT', '/messages', { mode: 'moveMessage', destfolderId: folderId, messageId: [id] });
  const moved = await program.read<Item[]>(`/messages?folderId=${segment(folderId)}&limit=10`);
  expect(moved.map(({ messageId }) => messageId)).toEqual([id]);
  const folders = await program.read<Item[]>('/folders');
  expect(folders.map(({ folderType }) => folderType)).toEqual(expect.arrayContaining(['Inbox', 'Sent', 'Drafts', 'Trash', 'Spam', 'User']));
  expect(folders.map(({ path }) => path)).toEqual(expect.arrayContaining([expect.stringContaining('Projects/2026')]));
});

// The file is smaller than Outlook's in sending.spec.ts: myworld takes seconds for each megabyte.
test('a message with a small file and one of 3 MB arrives with both', async ({ gmail, google }) => {
  const { program, email } = gmail;
  const files = [{ name: 'note.txt', bytes: Buffer.from('A note.\n') }, { name: 'film.mp4', bytes: randomBytes(3 * MB) }];
  const attachments: Item[] = [];
  for (const { name, bytes } of files) attachments.push(await program.change('POST', `/attachments?fileName=${name}`, bytes));
  const sent = await program.change<Item>('POST', '/messages', { ...mail(gmail, 'With files'), attachments }, { 'idempotency-key': 'files' });
  expect((await google.sent(email)).filter(({ subject }) => subject === 'With files')).toMatchObject([{ messageId: sent.internetMessageId }]);
  const listed = await program.read<{ attachments: { attachmentId: string; attachmentName: string }[] }>(`/messages/${segment(sent.messageId)}/attachments`);
  for (const { name, bytes } of files) {
    const found = listed.attachments.find(({ attachmentName }) => attachmentName === name);
    const answer = await program.send('GET', `${program.account}/messages/${segment(sent.messageId)}/attachments/${segment(found?.attachmentId ?? '')}`);
    expect(answer.bytes.equals(bytes), name).toBe(true);
  }
});

test('a reply belongs to its thread', async ({ gmail, google }) => {
  const { program, email } = gmail;
  const id = await google.deliver(email, { sender: 'Grace <grace@fabrikam.test>', subject: 'Report', body: 'Please answer.' });
  const { messageId } = await program.change<Item>('POST', `/messages/${id}`, { action: 'reply', fromAddress: email, content: '<p>My reply.</p>' });
  const [answer, original] = [await program.read<Item>(`/messages/${segment(messageId)}`), await program.read<Item>(`/messages/${id}`)];
  expect(answer).toMatchObject({ subject: 'Re: Report', threadId: original.threadId });
  const thread = await program.read<Item[]>(`/threads/${segment(original.threadId)}`);
  expect(thread.map((one) => one.messageId)).toEqual([id, messageId]);
  expect((await google.sent(email))[0]).toMatchObject({ subject: 'Re: Report', to: expect.stringContaining('grace@fabrikam.test') });
});

// Changes of a draft are in tests/blackbox/both_providers: myworld refuses one of a draft that is alone in its thread.
test('a draft is written, sent once, and another one is deleted', async ({ gmail, google }) => {
  const { program, email } = gmail;
  const { draftId } = await program.change<Item>('POST', '/drafts', mail(gmail, 'Draft'));
  expect(await program.read(`/drafts/${segment(draftId)}`)).toMatchObject({ subject: 'Draft' });
  const sent = await program.change<Item>('POST', `/drafts/${segment(draftId)}/send`, undefined, { 'idempotency-key': 'draft' });
  expect(await program.change('POST', `/drafts/${segment(draftId)}/send`, undefined, { 'idempotency-key': 'draft' })).toEqual(sent);
  expect((await google.sent(email)).filter(({ subject }) => subject === 'Draft')).toHaveLength(1);
  const other = await program.change<Item>('POST', '/drafts', mail(gmail, 'Other'));
  await program.change('DELETE', `/drafts/${segment(other.draftId)}`);
  expect((await program.send('GET', `${program.account}/drafts/${segment(other.draftId)}`)).status).toBe(404);
});

test('a message whose answer is lost is sent once', async ({ gmail, google }) => {
  const { program, email } = gmail;
  for (const [subject, tool, kind] of [
    // The message was sent, and the answer says that it may not have been.
    ['lost when sent', 'gmail.users.drafts.send', 'timeout_after_commit'],
    ['lost as a draft', 'gmail.users.drafts.create', 'timeout_after_commit'],
    // Nothing was done.
    ['not sent', 'gmail.users.drafts.send', 'timeout'],
    ['not a draft', 'gmail.users.drafts.create', 'unavailable'],
  ] as const) {
    await google.setFaults(email, [{ tool, kind, times: 1 }]);
    const sent = await program.change<Item>('POST', '/messages', mail(gmail, subject), { 'idempotency-key': subject });
    const found = (await google.sent(email)).filter((message) => message.subject === subject);
    expect(found, subject).toMatchObject([{ messageId: sent.internetMessageId }]);
    expect(await program.change('POST', '/messages', mail(gmail, subject), { 'idempotency-key': subject })).toEqual(sent);
    expect((await google.sent(email)).filter((message) => message.subject === subject), subject).toHaveLength(1);
  }
  expect((await google.sends(email)).filter(({ committed }) => committed)).toHaveLength(4);
  expect((await program.read<Item[]>('/drafts?limit=100')).filter(({ subject }) => /^(lost|not)/.test(subject))).toEqual([]);
});

/** A message is sent at once, because no draft may be written. */
const AT_ONCE = [{ tool: 'gmail.users.messages.send', kind: 'timeout_after_commit', times: 1 }];

test.describe('with permission to read and to send', () => {
  test.use({ scopes: [SCOPE.read, SCOPE.send] });

  test('a message whose answer is lost is found by its Message-ID', async ({ gmail, google }) => {
    const { program, email } = gmail;
    await google.setFaults(email, AT_ONCE);
    const sent = await program.change<Item>('POST', '/messages', mail(gmail, 'Lost'), { 'idempotency-key': 'lost' });
    expect((await google.sent(email)).filter(({ subject }) => subject === 'Lost')).toMatchObject([{ messageId: sent.internetMessageId }]);
    expect(await google.sends(email)).toMatchObject([{ tool: 'gmail.users.messages.send', committed: true, ok: false }]);
  });
});

test.describe('with permission to send alone', () => {
  test.use({ scopes: [SCOPE.send] });

  test('nothing tells whether a message whose answer is lost was sent, and it is not sent again', async ({ gmail, google }) => {
    const { program, email } = gmail;
    await google.setFaults(email, AT_ONCE);
    for (let call = 0; call < 2; call += 1) {
      const answer = await program.send('POST', `${program.account}/messages`, mail(gmail, 'Lost'), { 'idempotency-key': 'lost' });
      expect([answer.status, (answer.json as { data: { errorCode: string } }).data.errorCode]).toEqual([409, 'SEND_OUTCOME_UNKNOWN']);
    }
    expect(await google.sends(email)).toHaveLength(1);
  });
});

test('contacts are listed, found, written with an etag, and their changes are told', async ({ gmail, google }) => {
  const { program, email } = gmail;
  expect(await program.read<Item[]>('/contacts?limit=100')).toHaveLength(12);
  const first = await program.read<{ token: string }>('/contacts/changes');
  const made = await program.change<Item>('POST', '/contacts', { firstName: 'Mary', lastName: 'Somerville', emails: [{ address: 'mary@astronomy.test' }], notes: 'Astronomer' });
  expect(made).toMatchObject({ displayName: 'Mary Somerville', notes: 'Astronomer' });
  const changed = await program.change<Item>('PUT', `/contacts/${segment(made.contactId)}`, { company: 'Royal Society' }, { 'if-match': made.etag });
  const stale = await program.send('PUT', `${program.account}/contacts/${segment(made.contactId)}`, { company: 'Other' }, { 'if-match': made.etag });
  expect([stale.status, changed.etag === made.etag]).toEqual([412, false]);
  const found = await program.read<Item[]>('/contacts/search?name=Mary');
  expect(found.map(({ displayName }) => displayName)).toEqual(['Mary Somerville']);
  const next = await program.read<{ changed: Item[]; token: string }>(`/contacts/changes?token=${segment(first.token)}`);
  expect(next.changed.map(({ contactId }) => contactId)).toEqual([made.contactId]);
  await program.change('DELETE', `/contacts/${segment(made.contactId)}`);
  const last = await program.read<{ removed: { contactId: string }[]; token: string }>(`/contacts/changes?token=${segment(next.token)}`);
  expect(last.removed).toEqual([{ contactId: made.contactId }]);
  await google.expireSyncTokens(email);
  const expired = await program.send('GET', `${program.account}/contacts/changes?token=${segment(last.token)}`);
  expect([expired.status, (expired.json as { data: { errorCode: string } }).data.errorCode]).toEqual([410, 'SYNC_TOKEN_EXPIRED']);
});

test.describe('with more than a hundred threads', () => {
  test.use({ messages: 330 });

  test('two lists of a hundred threads and one of a hundred messages fit into a minute of the quota', async ({ gmail, google }) => {
    const { program, email } = gmail;
    const before = await google.meter(email);
    for (const target of ['/threads?limit=100', '/threads?limit=100', '/messages?limit=100']) expect(await program.read(target), target).toHaveLength(100);
    const used = await google.meter(email);
    console.log(`   two lists of threads and one of messages: ${used.units - before.units} units in ${used.calls - before.calls} calls`);
    expect(used.mostInAMinute).toBeLessThan(6000);
    expect(used.refused).toBe(0);
  });
});

test('an access that its owner removed needs a sign-in, and Google is asked once', async ({ gmail, google }) => {
  const { email, program } = gmail;
  await google.removeAccess(email);
  // The stored access token is refused, and so is the refresh.
  for (let call = 0; call < 2; call += 1) {
    const answer = await program.send('GET', `${program.account}/messages?limit=1`);
    expect([answer.status, (answer.json as { data: { errorCode: string } }).data.errorCode]).toEqual([409, 'ACCOUNT_NEEDS_SIGN_IN']);
  }
  const refreshes = (await google.requests('token')).filter(({ grant_type: type }) => type === 'refresh_token');
  expect(refreshes).toMatchObject([{ status: 400, error: 'invalid_grant' }]);
});
