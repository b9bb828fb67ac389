// Each parameter of the lists and searches changes the answer, through real sockets: a mailbox with messages of each kind, and
// for each call the messages that it must answer, in their order. The same in mailboxes of another language, on which the
// provider refuses some filters with an order and forgets a search.

import type { MessageWish } from '../provider/graph/deliver.ts';
import type { Settings } from '../support/provider.ts';
import { expect, type Program, test } from './scene.ts';

const ADA = { name: 'Ada Lovelace', address: 'ada@fabrikam.test' };
const CHARLES = { name: 'Charles Babbage', address: 'charles@engines.test' };
const AUDITOR = { name: 'Auditor', address: 'audit@litware.test' };
const LABEL = 'Red category';

/** The messages, oldest first. Each has something that no other one has. */
const MAIL: Record<string, MessageWish> = {
  contract: { folder: 'archive', at: '2026-05-01T08:00:00Z', from: ADA, subject: 'Contract', isRead: true },
  invoice: {
    at: '2026-05-02T08:00:00Z', from: CHARLES, subject: 'Invoice 4711',
    attachments: [{ name: 'invoice-4711.pdf', contentType: 'application/pdf', size: 300 }],
  },
  // Sent on one day and received on the next.
  late: {
    at: '2026-05-03T23:50:00Z', received: '2026-05-04T00:10:00Z', from: ADA, subject: 'Late plan',
    body: '<html><body><p>About the analytical engine.</p></body></html>',
  },
  flagged: { at: '2026-05-05T08:00:00Z', from: ADA, subject: 'For follow-up', flag: 'flagged', isRead: true },
  labelled: { at: '2026-05-06T08:00:00Z', from: CHARLES, subject: 'Budget', categories: [LABEL], conversation: 'budget' },
  answer: { folder: 'sentitems', at: '2026-05-07T08:00:00Z', subject: 'RE: Budget', conversation: 'budget', to: [CHARLES], cc: [ADA], bcc: [AUDITOR] },
  spam: { folder: 'junkemail', at: '2026-05-08T08:00:00Z', from: AUDITOR, subject: 'Budget offer' },
  trash: { folder: 'deleteditems', at: '2026-05-09T08:00:00Z', from: ADA, subject: 'Budget of 2025' },
  draft: { folder: 'drafts', at: '2026-05-10T08:00:00Z', subject: 'Budget draft' },
  newerDraft: { folder: 'drafts', at: '2026-05-11T08:00:00Z', subject: 'Second draft' },
};

/** Without trash, spam and drafts, newest first. */
const ALL = ['answer', 'labelled', 'flagged', 'late', 'invoice', 'contract'];
const INBOX = ['labelled', 'flagged', 'late', 'invoice'];
const reversed = (names: string[]): string[] => [...names].reverse();

interface Item {
  messageId?: string;
  draftId?: string;
  threadId?: string;
}

/** The ids that calls name. */
interface Ids {
  inbox: string;
  sent: string;
  trash: string;
  label: string;
  thread: string;
}

async function idsOf(program: Program): Promise<Ids> {
  const folders = await program.read<{ folderId: string; folderType: string }[]>('/folders');
  const folder = (type: string): string => encodeURIComponent(folders.find(({ folderType }) => folderType === type)?.folderId ?? '');
  const labels = await program.read<{ labelId: string; displayName: string }[]>('/labels');
  const label = labels.find(({ displayName }) => displayName === LABEL)?.labelId ?? '';
  const [answer] = await program.read<Item[]>('/messages?limit=1');
  return { inbox: folder('Inbox'), sent: folder('Sent'), trash: folder('Trash'), label, thread: encodeURIComponent(answer?.threadId ?? '') };
}

/** Each list with the messages that it must answer. */
const lists = ({ inbox, sent, trash, label, thread }: Ids): [target: string, expected: string[]][] => [
  ['/messages', ALL],
  ['/messages?sortorder=true', reversed(ALL)],
  ['/messages?status=read', ['answer', 'flagged', 'contract']],
  ['/messages?status=unread', ['labelled', 'late', 'invoice']],
  ['/messages?attachedMails=true', ['invoice']],
  ['/messages?attachedMails=false', ALL],
  ['/messages?flaggedMails=true', ['flagged']],
  [`/messages?labelId=${label}`, ['labelled']],
  ['/messages?labelId=0', ALL],
  ['/messages?start=2&limit=2', ['labelled', 'flagged']],
  [`/messages?folderId=${inbox}`, INBOX],
  [`/messages?folderId=${trash}`, ['trash']],
  [`/messages?folderId=${inbox}&includesent=true`, ['answer', ...INBOX]],
  [`/messages?folderId=${inbox}&includesent=true&sortorder=true`, reversed(['answer', ...INBOX])],
  [`/messages?folderId=${inbox}&status=unread&sortorder=true`, ['invoice', 'late', 'labelled']],
  [`/messages?folderId=${inbox}&status=unread&attachedMails=true`, ['invoice']],
  [`/messages?folderId=${inbox}&flaggedMails=true`, ['flagged']],
  [`/messages?folderId=${inbox}&labelId=${label}`, ['labelled']],
  [`/messages?folderId=${sent}&labelId=${label}`, []],
  ['/threads', ['answer', 'flagged', 'late', 'invoice', 'contract']],
  ['/threads?start=1&limit=2', ['flagged', 'late']],
  [`/threads?folderId=${inbox}`, INBOX],
  [`/threads?folderId=${inbox}&includesent=true`, ['answer', 'flagged', 'late', 'invoice']],
  [`/threads?labelid=${label}`, ['labelled']],
  [`/threads/${thread}`, ['labelled', 'answer']],
  [`/threads/${thread}?labelId=${label}`, ['labelled']],
  [`/threads/${thread}?folderId=${sent}`, ['answer']],
  [`/threads/${thread}?start=1&limit=1`, ['answer']],
  ['/drafts', ['newerDraft', 'draft']],
  ['/drafts?sortorder=true', ['draft', 'newerDraft']],
  ['/drafts?start=1&limit=1', ['draft']],
];

/** Each search with the messages that it must find. */
const searches = ({ inbox, trash }: Ids): [query: Record<string, string>, expected: string[]][] => [
  [{ mailQry: 'sender:ada@fabrikam.test' }, ['flagged', 'late', 'contract']],
  [{ mailQry: 'sendername:Charles Babbage' }, ['labelled', 'invoice']],
  [{ mailQry: 'to:charles@engines.test' }, ['answer']],
  [{ mailQry: 'cc:ada@fabrikam.test' }, ['answer']],
  [{ mailQry: 'bcc:audit@litware.test' }, ['answer']],
  [{ mailQry: 'subject:Budget' }, ['answer', 'labelled']],
  [{ mailQry: 'content:analytical engine' }, ['late']],
  [{ mailQry: 'attachname:invoice-4711.pdf' }, ['invoice']],
  [{ mailQry: 'hasattach:true' }, ['invoice']],
  [{ mailQry: 'hasattach:false' }, ['answer', 'labelled', 'flagged', 'late', 'contract']],
  [{ mailQry: 'senddate:03-May-2026' }, ['late']],
  [{ mailQry: 'receiveddate:2026-05-04' }, ['late']],
  [{ mailQry: 'receiveddate:2026-05-03' }, []],
  [{ mailQry: 'sender:ada@fabrikam.test::subject:plan' }, ['late']],
  [{ mailQry: '(sender=ada@fabrikam.test)(subject=plan)' }, ['late']],
  [{ mailQry: `sender:ada@fabrikam.test::folderid:${decodeURIComponent(inbox)}` }, ['flagged', 'late']],
  [{ mailQry: `subject:Budget::folderid:${decodeURIComponent(trash)}` }, ['trash']],
  [{ mailQry: 'sender:ada@fabrikam.test', start: '2', limit: '1' }, ['late']],
  [{ dateRange: '02-May-2026:04-May-2026' }, ['late', 'invoice']],
  [{ dateRange: '2026-05-06:2026-05-06' }, ['labelled']],
  [{ dateRange: '02-May-2026:04-May-2026', mailQry: 'hasattach:true' }, ['invoice']],
];

const searchFor = (query: Record<string, string>): string => `/messages/search?${new URLSearchParams(query).toString()}`;

const MAILBOXES: { name: string; settings: Partial<Settings>; inbox: string }[] = [
  { name: 'an English mailbox', settings: {}, inbox: 'Inbox' },
  {
    name: 'a German mailbox that refuses filters by category with an order and forgets searches',
    settings: { language: 'de', refuseOrderedCategories: true, staleSearch: true }, inbox: 'Posteingang',
  },
];

for (const { name, settings, inbox } of MAILBOXES) {
  test(`each parameter of lists and searches changes the answer in ${name}`, async ({ connect, provider }) => {
    // Before anything is read from a mailbox, because it is made then.
    await provider.set({ newestMessage: '', ...settings });
    const { email, program } = await connect();
    const delivered = await provider.changeMailbox(email, Object.values(MAIL).map((message) => ({ do: 'deliver' as const, message })));
    const names = new Map(Object.keys(MAIL).map((known, at) => [delivered[at]?.immutableId, known]));
    const namesIn = (items: Item[]): string[] => items.map(({ messageId, draftId }) => names.get(messageId ?? draftId) ?? `${messageId ?? draftId}`);
    const ids = await idsOf(program);

    await test.step('lists', async () => {
      for (const [target, expected] of lists(ids)) expect.soft(namesIn(await program.read<Item[]>(target)), target).toEqual(expected);
    });

    await test.step('searches', async () => {
      for (const [query, expected] of searches(ids)) {
        expect.soft(namesIn(await program.read<Item[]>(searchFor(query))), JSON.stringify(query)).toEqual(expected);
      }
    });

    await test.step('folders have the words of their language', async () => {
      const folders = await program.read<{ folderType: string; folderName: string }[]>('/folders');
      expect(folders.find(({ folderType }) => folderType === 'Inbox')?.folderName).toBe(inbox);
    });

    await test.step('a search goes on, or is refused in words once the provider has forgotten it', async () => {
      const target = searchFor({ mailQry: `sender:ada@fabrikam.test::folderid:${decodeURIComponent(ids.inbox)}`, limit: '1' });
      const { data, cursor } = await program.page<Item[]>(target);
      expect(namesIn(data)).toEqual(['flagged']);
      const next = await program.send('GET', `${program.account}${target}&cursor=${cursor}`);
      if (settings.staleSearch) {
        expect([next.status, next.json]).toMatchObject([400, { data: { errorCode: 'INVALID_VALUE', moreInfo: expect.stringContaining('forgotten this search') } }]);
      } else {
        expect(namesIn((next.json as { data: Item[] }).data)).toEqual(['late']);
      }
    });
  });
}
