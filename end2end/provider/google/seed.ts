// What each mailbox holds at first: messages in folders and with labels, threads, files, and contacts. One log-in always
// has the same, and the newest message is a few minutes old.

export interface SeededMessage {
  from: string;
  to: string[];
  cc?: string[];
  subject: string;
  body: string;
  date: string;
  labels: string[];
  thread?: string;
  attachments?: { filename: string; mimeType: string; size?: number; data?: string }[];
}

export interface SeededContact {
  name: string;
  email: string;
  phone?: string;
  organization?: string;
  title?: string;
}

const PEOPLE: [string, ...string[]] = [
  'Grace Hopper <grace@fabrikam.test>', '"Doe, Jay" <j.doe@northwind.test>', 'Jürgen Groß <juergen.gross@litware.test>', 'Hanako Yamada <hanako@adventure.test>',
];
const SUBJECTS: [string, ...string[]] = ['Quarterly report', 'Lunch on Friday', 'Rechnung 4711', 'Release plan', 'Your order', 'Notes of the meeting'];

const at = <T>(list: [T, ...T[]], index: number): T => list[index % list.length] ?? list[0];

/** Labels of the owner; a slash in a name is a folder in a folder. */
export const OWN_LABELS = ['Projects', 'Projects/2026', 'Kunde: Ärger', 'Later'];

/** What is particular about the newest messages, from the newest on. */
const PARTICULAR: Partial<SeededMessage>[] = [
  { subject: '🚀 Launch', body: 'Hello & welcome <b>all</b>', labels: ['INBOX', 'UNREAD', 'IMPORTANT'] },
  { subject: 'Report with a file', attachments: [{ filename: 'report.csv', mimeType: 'text/csv', size: 15, data: Buffer.from('id,amount\n1,20\n').toString('base64url') }] },
  { subject: 'Pictures', attachments: [{ filename: 'Bericht – März.pdf', mimeType: 'application/pdf', size: 20_000 }, { filename: 'pixel.png', mimeType: 'image/png', size: 600 }] },
  { subject: 'For follow-up', labels: ['INBOX', 'STARRED'] },
  { subject: 'About a customer', labels: ['Kunde: Ärger', 'Later'] },
  { subject: 'In a folder', labels: ['Projects/2026', 'UNREAD'] },
  { subject: 'You have won', labels: ['SPAM', 'UNREAD'] },
  { subject: 'Old news', labels: ['TRASH'] },
  { subject: 'Contract', labels: [] },
  { subject: `A long subject${' that goes on'.repeat(18)}` },
];

/** A message of a thread of three; its middle one was sent by the owner. */
function usual(login: string, number: number): Partial<SeededMessage> {
  const thread = Math.floor(number / 3);
  const place = 2 - (number % 3);
  const [subject, person] = [at(SUBJECTS, thread), at(PEOPLE, thread)];
  const isSent = place === 1;
  return {
    subject: place === 0 ? subject : `Re: ${subject}`,
    body: `Part ${place + 1} about ${subject.toLowerCase()}.`,
    from: isSent ? login : person,
    to: [isSent ? person : login],
    labels: isSent ? ['SENT'] : number % 4 ? ['INBOX'] : ['INBOX', 'UNREAD'],
    thread: `usual ${thread}`,
  };
}

/** @param now Milliseconds since 1970. */
export function messagesOf(login: string, count: number, now: number): SeededMessage[] {
  return Array.from({ length: count }, (_, number) => ({
    from: at(PEOPLE, number),
    to: [login],
    subject: at(SUBJECTS, number),
    body: `A message about ${at(SUBJECTS, number).toLowerCase()}.`,
    labels: ['INBOX'],
    date: new Date(now - 12 * 60_000 - number * 5_400_000).toISOString(),
    ...(PARTICULAR[number] ?? usual(login, number)),
  }));
}

const NAMES: [string, ...string[]] = ['Ada Lovelace', 'Grace Hopper', 'Jürgen Groß', 'Hanako Yamada', 'Miles O’Brien', 'Katherine Johnson'];

export function contactsOf(count: number): SeededContact[] {
  return Array.from({ length: count }, (_, number) => {
    const round = Math.floor(number / NAMES.length);
    const name = `${at(NAMES, number)}${round ? ` ${round + 1}` : ''}`;
    return {
      name, email: `contact${number}@fabrikam.test`, phone: `+44 20 7946 ${String(number).padStart(4, '0')}`, organization: 'Fabrikam', title: 'Analyst',
    };
  });
}
