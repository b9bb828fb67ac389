// Sending through real sockets: the program, the stand-in for Graph with its log of deliveries, and applications as companies
// have them. Ten kills on each database, and with Gmail on one of them, show that a message is sent once; `make soak` does it
// with a hundred. What else is sent with Gmail: gmail.spec.ts.

import { randomBytes } from 'node:crypto';
import { GOOGLE, MICROSOFT, type Seen } from '../soak/companies.ts';
import { test as soak } from '../soak/scene.ts';
import { Sending } from '../soak/sending.ts';
import { until } from '../support/process.ts';
import { type Connected, expect, test } from './scene.ts';

const KILLS = 10;
/** Programs that send at the same time. */
const PROGRAMS = 6;
const MB = 1_000_000;

interface Sent {
  messageId: string;
  internetMessageId: string;
  subject: string;
}

interface Listed {
  messageId: string;
  draftId: string;
  subject: string;
}

const segment = encodeURIComponent;

/** A mailbox whose mail leaves at once. */
const open = test.extend<{ sender: Connected }>({
  sender: async ({ connect, provider }, use) => {
    await provider.set({ draftSeconds: 0, goneSeconds: 0 });
    await use(await connect());
  },
});

/** A message from the mailbox to itself. */
const mail = ({ email }: Connected, subject: string): Record<string, unknown> => ({ fromAddress: email, toAddress: email, subject, content: `<p>${subject}</p>` });

open('a message with a small file and one of 20 MB arrives with both', async ({ sender, provider }) => {
  const { program, email } = sender;
  const files = [{ name: 'note.txt', bytes: Buffer.from('A note.\n') }, { name: 'film.mp4', bytes: randomBytes(20 * MB) }];
  const attachments: { fileId: string }[] = [];
  for (const { name, bytes } of files) attachments.push(await program.change('POST', `/attachments?fileName=${name}`, bytes));
  const { messageId, internetMessageId } = await program.change<Sent>('POST', '/messages', { ...mail(sender, 'With files'), attachments }, { 'idempotency-key': 'files' });
  const { deliveries } = await provider.sent({ login: email, wait: true });
  expect(deliveries).toMatchObject([{ messageId: internetMessageId, recipients: [email], subject: 'With files' }]);
  expect(deliveries[0]?.size).toBeGreaterThan(20 * MB);
  // The files are the same ones at the recipient.
  const listed = await program.read<{ attachments: { attachmentId: string; attachmentName: string }[] }>(`/messages/${segment(messageId)}/attachments`);
  for (const { name, bytes } of files) {
    const found = listed.attachments.find(({ attachmentName }) => attachmentName === name);
    const answer = await program.send('GET', `${program.account}/messages/${segment(messageId)}/attachments/${segment(found?.attachmentId ?? '')}`);
    expect(answer.bytes.equals(bytes), name).toBe(true);
  }
  const [arrived] = await program.read<Listed[]>('/messages?limit=1');
  expect(arrived?.subject).toBe('With files');
  // Once they were sent, they are no uploads any more.
  const again = await program.send('POST', `${program.account}/messages`, { ...mail(sender, 'Again'), attachments });
  expect([again.status, (again.json as { data: { errorCode: string } }).data.errorCode]).toEqual([400, 'INVALID_VALUE']);
});

open('a reply belongs to its thread, and a forwarded message has the files of the original', async ({ sender, provider }) => {
  const { program, email } = sender;
  const [original] = await provider.changeMailbox(email, [{ do: 'deliver', message: { subject: 'Report', attachments: [{ name: 'report.txt', contentType: 'text/plain', text: 'A report.' }] } }]);
  const path = `/messages/${segment(original?.immutableId ?? '')}`;
  for (const action of ['reply', 'replyall']) {
    const { messageId } = await program.change<Sent>('POST', path, { action, fromAddress: email, content: `<p>My ${action}.</p>` });
    await provider.sent({ login: email, wait: true });
    const { headerContent } = await program.read<{ headerContent: string }>(`/messages/${segment(messageId)}/header`);
    expect(headerContent).toContain(`In-Reply-To: ${original?.internetMessageId}`);
    const { content } = await program.read<{ content: string }>(`/messages/${segment(messageId)}/content`);
    expect(content).toContain(`My ${action}.`);
    expect((await program.read<{ threadId: string }>(`/messages/${segment(messageId)}`)).threadId).toBe((await program.read<{ threadId: string }>(path)).threadId);
  }
  const forwarded = await program.change<Sent>('POST', path, { action: 'forward', fromAddress: email, toAddress: 'ada@fabrikam.test', content: '<p>See below.</p>' });
  const { deliveries } = await provider.sent({ login: email, wait: true });
  expect(deliveries).toHaveLength(3);
  const listed = await program.read<{ attachments: { attachmentName: string }[] }>(`/messages/${segment(forwarded.messageId)}/attachments`);
  expect(listed.attachments.map(({ attachmentName }) => attachmentName)).toEqual(['report.txt']);
});

open('a draft is written, changed, sent once, and another one is deleted', async ({ sender, provider }) => {
  const { program, email } = sender;
  const { draftId } = await program.change<Listed>('POST', '/drafts', { ...mail(sender, 'Draft'), toAddress: '' }, { 'idempotency-key': 'draft' });
  expect(await program.change<Listed>('POST', '/drafts', { ...mail(sender, 'Draft'), toAddress: '' }, { 'idempotency-key': 'draft' })).toMatchObject({ draftId });
  const path = `/drafts/${segment(draftId)}`;
  const attachments = [await program.change('POST', '/attachments?fileName=a.txt', Buffer.from('hello'))];
  await program.change('PUT', path, { subject: 'Changed', toAddress: email, attachments });
  const [attachment] = (await program.read<{ attachments: { attachmentId: string }[] }>(`/messages/${segment(draftId)}/attachments`)).attachments;
  await program.change('PUT', path, { removeAttachments: [attachment?.attachmentId] });
  expect(await program.read(path)).toMatchObject({ subject: 'Changed', hasAttachment: '0' });
  const sent = await program.change<Sent>('POST', `${path}/send`, undefined, { 'idempotency-key': 'draft' });
  expect(sent).toMatchObject({ messageId: draftId, subject: 'Changed' });
  expect(await program.change('POST', `${path}/send`, undefined, { 'idempotency-key': 'draft' })).toEqual(sent);
  const { deliveries } = await provider.sent({ login: email, wait: true });
  expect(deliveries).toMatchObject([{ messageId: sent.internetMessageId, subject: 'Changed' }]);
  const changed = await program.send('PUT', program.account + path, { subject: 'Too late' });
  expect([changed.status, (changed.json as { data: { errorCode: string } }).data.errorCode]).toEqual([409, 'CONTENT_IS_FINAL']);
  const other = await program.change<Listed>('POST', '/drafts', mail(sender, 'Other'));
  await program.change('DELETE', `/drafts/${segment(other.draftId)}`);
  expect((await program.send('GET', `${program.account}/drafts/${segment(other.draftId)}`)).status).toBe(404);
});

/** A time in this number of seconds, as Mail360 writes it, in UTC. */
function inSeconds(seconds: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(Date.now() + 1000 * seconds).toISOString()) ?? [];
  return `${month}/${day}/${year} ${time}`;
}

open('a scheduled message is sent at its time, and a cancelled one is not', async ({ sender, provider }) => {
  const { program, email } = sender;
  const at = (seconds: number): object => ({ isSchedule: true, scheduleType: 6, timeZone: 'Etc/UTC', scheduleTime: inSeconds(seconds) });
  const cancelled = await program.change<Sent>('POST', '/messages', { ...mail(sender, 'Cancelled'), ...at(3600) });
  await program.change('DELETE', `/schedules/${cancelled.messageId}`);
  const { messageId } = await program.change<Sent>('POST', '/messages', { ...mail(sender, 'Later'), ...at(3) });
  expect((await provider.sent({ login: email })).deliveries).toEqual([]);
  const schedule = await until('the scheduled message to be sent', async () => {
    const found = await program.read<{ state: string; messageId?: string; internetMessageId?: string }>(`/schedules/${messageId}`);
    return found.state === 'sent' ? found : undefined;
  });
  const { deliveries } = await provider.sent({ login: email, wait: true });
  expect(deliveries).toMatchObject([{ messageId: schedule.internetMessageId, subject: 'Later' }]);
});

open('an answer of the provider that is lost delivers nothing twice', async ({ sender, provider }) => {
  const { program, email } = sender;
  for (const kind of ['gateway-timeout-sent', 'gateway-timeout-after', 'lost-before', 'lost-sent']) {
    await provider.gate({ faults: [{ kind, login: email, method: 'POST', path: '/send$' }] });
    const { internetMessageId } = await program.change<Sent>('POST', '/messages', mail(sender, kind), { 'idempotency-key': kind });
    const { deliveries } = await provider.sent({ login: email, wait: true });
    expect(deliveries.filter(({ subject }) => subject === kind), kind).toMatchObject([{ messageId: internetMessageId }]);
  }
  // The draft itself: it is found by its Message-ID.
  await provider.gate({ faults: [{ kind: 'lost-after', login: email, method: 'POST', path: '^/me/messages$' }] });
  await program.change<Sent>('POST', '/messages', mail(sender, 'draft'), { 'idempotency-key': 'draft' });
  expect((await provider.sent({ login: email, wait: true })).deliveries.filter(({ subject }) => subject === 'draft')).toHaveLength(1);
  const drafts = await program.read<Listed[]>('/drafts?limit=100');
  expect(drafts.filter(({ subject }) => subject === 'draft')).toEqual([]);
});

/** Each run with its number of mailboxes. Gmail is on SQLite only, because there no message waits until a process is taken for dead. */
const RUNS = [[MICROSOFT, 'SQLite', 1, 3], [MICROSOFT, 'PostgreSQL', 2, 3], [GOOGLE, 'SQLite', 1, PROGRAMS]] as const;
/** How long a program waits between two messages of a mailbox of Gmail, in milliseconds: a minute's quota is then enough. */
const APART = 200;

for (const [company, kind, processes, mailboxes] of RUNS) {
  soak(`with ${company.name}, on ${kind} ten kills deliver each message exactly once`, async ({ openAt, ending }) => {
    const begun = performance.now();
    const sending = await Sending.of(await openAt<Seen>(company, kind), processes, ending, mailboxes);
    let isOver = false;
    const worked = sending.work(PROGRAMS, () => isOver, company === GOOGLE ? APART : 0);
    await sending.kill(KILLS);
    isOver = true;
    await worked;
    expect(await sending.findings()).toEqual([]);
    expect(sending.posted.some(({ calls }) => calls > 1), 'no kill met a send').toBe(true);
    for (const app of sending.processes) expect(app.logText(), 'the program panicked').not.toContain('panicked at');
    console.log(`   ${company.name} on ${kind}: ${KILLS} kills, ${sending.summary()}; ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  });
}
