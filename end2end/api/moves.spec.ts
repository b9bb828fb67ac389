// What a program relies on while a mailbox changes under it: ids that it was given, and lists that it has begun to read. The
// owner moves mail and mail arrives through the stand-in's control, the program reads through real sockets.

import { expect, type Program, test } from './scene.ts';

interface Message {
  messageId: string;
  folderId: string;
  threadId: string;
  subject: string;
}

interface Attachments {
  attachments: { attachmentId: string; attachmentName: string }[];
}

const segment = encodeURIComponent;
const search = (program: Program, mailQry: string): Promise<Message[]> =>
  program.read<Message[]>(`/messages/search?${new URLSearchParams({ mailQry }).toString()}`);

test('a message that a search found is read by the same id after a move', async ({ connect, provider }) => {
  const { email, program } = await connect();
  const [found] = await search(program, 'subject:Report with a file');
  const id = found?.messageId ?? '';
  const { attachments: [file] } = await program.read<Attachments>(`/messages/${segment(id)}/attachments`);
  const [moved] = await provider.changeMailbox(email, [{ do: 'move', id, to: 'archive' }]);
  expect(moved?.folderId).not.toBe(found?.folderId);

  const read = await program.read<Message>(`/messages/${segment(id)}`);
  expect(read).toMatchObject({ messageId: id, folderId: moved?.folderId, subject: 'Report with a file' });
  const { content } = await program.read<{ content: string }>(`/messages/${segment(id)}/content`);
  expect(content).toContain('This is message');
  const download = await program.send('GET', `${program.account}/messages/${segment(id)}/attachments/${segment(file?.attachmentId ?? '')}`);
  expect([download.status, download.bytes.length]).toEqual([200, 20_000]);
  expect(await search(program, 'subject:Report with a file')).toMatchObject([{ messageId: id, folderId: moved?.folderId }]);
});

const THREADS = 300;
/** Before the mail that arrives while the program reads. */
const FIRST = Date.parse('2026-05-04T08:00:00Z');
const at = (minutes: number): string => new Date(FIRST + minutes * 60_000).toISOString();

test('a program that pages through 300 threads while mail arrives meets each once', async ({ connect, provider }) => {
  await provider.set({ newestMessage: '' });
  const { email, program } = await connect();
  const arrivals = Array.from({ length: THREADS }, (_, number) => ({
    do: 'deliver' as const, message: { conversation: `thread ${number}`, subject: `Thread ${number}`, at: at(number) },
  }));
  const made = (await provider.changeMailbox(email, arrivals)).map(({ conversationId }) => conversationId ?? '');
  expect(new Set(made).size).toBe(THREADS);

  const met: string[] = [];
  let cursor = '';
  for (let page = 0; page === 0 || cursor; page += 1) {
    const query = new URLSearchParams({ limit: '40', ...(cursor ? { cursor } : {}) });
    const answer = await program.page<Message[]>(`/threads?${query.toString()}`);
    met.push(...answer.data.map(({ threadId }) => threadId));
    ({ cursor } = answer);
    expect(page, 'the list ends').toBeLessThan(THREADS);
    // New threads, a reply in one that was met, and a reply in one that is still to come.
    const now = THREADS + page * 10;
    await provider.changeMailbox(email, [
      { do: 'deliver', count: 3, message: { subject: 'New', at: at(now) } },
      { do: 'deliver', message: { conversation: `thread ${THREADS - 1}`, subject: 'RE: the newest', at: at(now + 4) } },
      { do: 'deliver', message: { conversation: `thread ${page}`, subject: 'RE: one of the oldest', at: at(now + 5) } },
    ]);
  }
  expect(met.filter((thread, place) => met.indexOf(thread) !== place), 'met twice').toEqual([]);
  expect(made.filter((thread) => !met.includes(thread)), 'not met').toEqual([]);
  expect(met, 'mail that arrives later is newer than what is read').toHaveLength(THREADS);
});
