// What each mailbox of the stand-in holds at first: the usual folders in the language of the setting, some of its
// owner's, and messages of every kind that a client must understand. One log-in always has the same.

import type { Settings } from '../settings.mjs';
import { deliver, type MessageWish } from './deliver.ts';
import { folderId } from './ids.ts';
import { type Address, Mailbox, timeOf } from './mailbox.ts';
import { randomOf } from './random.ts';
import { QUOTE } from './text.ts';

interface FolderWish {
  name: string;
  /** English and German. */
  words: [string, string];
  parent?: string;
  hidden?: boolean;
}

/** Folders with a well-known name. `clutter` and `scheduled` are missing in many mailboxes, and in these. */
const WELL_KNOWN: FolderWish[] = [
  { name: 'msgfolderroot', words: ['Top of Information Store', 'Oberste Ebene des Informationsspeichers'] },
  { name: 'recoverableitemsdeletions', words: ['Deletions', 'Deletions'], hidden: true },
  { name: 'searchfolders', words: ['Finder', 'Suchordner'], hidden: true },
  { name: 'inbox', words: ['Inbox', 'Posteingang'], parent: 'msgfolderroot' },
  { name: 'drafts', words: ['Drafts', 'Entwürfe'], parent: 'msgfolderroot' },
  { name: 'sentitems', words: ['Sent Items', 'Gesendete Elemente'], parent: 'msgfolderroot' },
  { name: 'deleteditems', words: ['Deleted Items', 'Gelöschte Elemente'], parent: 'msgfolderroot' },
  { name: 'junkemail', words: ['Junk Email', 'Junk-E-Mail'], parent: 'msgfolderroot' },
  { name: 'outbox', words: ['Outbox', 'Postausgang'], parent: 'msgfolderroot' },
  { name: 'archive', words: ['Archive', 'Archiv'], parent: 'msgfolderroot' },
  { name: 'conversationhistory', words: ['Conversation History', 'Aufgezeichnete Unterhaltungen'], parent: 'msgfolderroot' },
  { name: 'syncissues', words: ['Sync Issues', 'Synchronisierungsprobleme'], parent: 'msgfolderroot', hidden: true },
  { name: 'conflicts', words: ['Conflicts', 'Konflikte'], parent: 'syncissues', hidden: true },
  { name: 'localfailures', words: ['Local Failures', 'Lokale Fehler'], parent: 'syncissues', hidden: true },
  { name: 'serverfailures', words: ['Server Failures', 'Serverfehler'], parent: 'syncissues', hidden: true },
];

/** Folders of the owner: the name, and its parent's name. A `/` and a `%` in a name are legal. */
const OWN: [name: string, parent: string][] = [
  ['Projects', 'msgfolderroot'], ['2026/Q1', 'Projects'], ['100 % done', 'Projects'], ['Deep', '2026/Q1'], ['Projects', 'inbox'],
  ['Rechnungen & Belege', 'msgfolderroot'],
];

/** The owner's search folder, which Graph lists among the others. */
const SEARCH_FOLDER = { name: 'For follow-up', filter: "flag/flagStatus eq 'flagged'" };

const CATEGORIES: [name: string, color: string][] = [['Red category', 'preset0'], ['Kunde: Ärger', 'preset3'], ['Later', 'preset7']];

const PEOPLE: [Address, ...Address[]] = [
  { name: 'Grace Hopper', address: 'grace@fabrikam.test' },
  { name: 'Doe, "Jay" \\ Sons', address: 'j.doe@northwind.test' },
  { name: 'Jürgen Groß', address: 'juergen.gross@litware.test' },
  { name: '山田 花子', address: 'hanako@adventure.test' },
  { name: '', address: "miles.o'brien@fabrikam.test" },
];

const SUBJECTS: [string, ...string[]] = ['Quarterly report', 'Lunch on Friday', 'Rechnung 4711', 'Release plan', 'Your order', 'Notes of the meeting'];

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const FORWARDED = [
  'From: "Ada" <ada@contoso.test>', 'To: <grace@fabrikam.test>', 'Subject: The first program', 'Message-ID: <first@contoso.test>',
  'Date: Mon, 02 Nov 2026 10:00:00 +0000', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', 'Note G.', '',
].join('\r\n');

const CARD = [
  'BEGIN:VCARD', 'PROFILE:VCARD', 'VERSION:3.0', 'FN:Ada Lovelace', 'N:Lovelace;Ada;;;', 'ORG:Fabrikam\\, Engines;Analysis', 'TITLE:Analyst',
  'EMAIL;TYPE=INTERNET,PREF:ada@fabrikam.test', 'EMAIL;TYPE=INTERNET:ada@home.test', 'TEL;TYPE=WORK:+44 20 7946 0002', 'TEL;TYPE=CELL:+44 7700 900001',
  'NOTE:Prefers letters.\\nAnd long ones\\, as this sentence is\\, which does not ', ' fit into one line.', 'CLASS:PUBLIC', 'END:VCARD', '',
].join('\r\n');

const MEETING = [
  'BEGIN:VCALENDAR', 'METHOD:PUBLISH', 'PRODID:Microsoft Exchange Server 2010', 'VERSION:2.0', 'BEGIN:VEVENT',
  'ORGANIZER;CN=Grace Hopper:MAILTO:grace@fabrikam.test',
  'ATTENDEE;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE;CN="Jürgen Groß":MAILTO:juergen.gross@litware.test',
  'DESCRIPTION;LANGUAGE=en-GB:Bring the plan.\\n', 'UID:review-2@contoso.test', 'SUMMARY;LANGUAGE=en-GB:Review\\; part 2',
  'DTSTART:20261201T140000Z', 'DTEND:20261201T153000Z', 'DTSTAMP:20261120T090000Z', 'LOCATION;LANGUAGE=en-GB:Room 7', 'STATUS:CONFIRMED',
  'END:VEVENT', 'END:VCALENDAR', '',
].join('\r\n');

const PARTY = [
  'BEGIN:VCALENDAR', 'METHOD:PUBLISH', 'VERSION:2.0', 'BEGIN:VEVENT', 'UID:party@contoso.test', 'SUMMARY:Summer party',
  'DTSTART;VALUE=DATE:20260701', 'DTEND;VALUE=DATE:20260702', 'END:VEVENT', 'END:VCALENDAR', '',
].join('\r\n');

/** What is particular about the newest messages, from the newest on. */
const PARTICULAR: MessageWish[] = [
  { subject: '🚀 Launch', body: '<html><head><style>p{color:red}</style></head><body><p onclick="steal()">Hello &amp; welcome<script>alert(1)</script></p><a href="javascript:alert(2)">here</a></body></html>' },
  { subject: 'Report with a file', attachments: [{ name: 'Bericht – März.pdf', contentType: 'application/pdf', size: 20_000 }] },
  { subject: 'A picture in the text', body: '<html><body><p>Look: <img src="cid:pixel@contoso"></p></body></html>', attachments: [{ name: 'pixel.png', contentType: 'image/png', base64: PIXEL, isInline: true, contentId: 'pixel@contoso' }] },
  { subject: 'Fwd: The first program', attachments: [{ kind: 'item', name: 'The first program', text: FORWARDED }] },
  { subject: 'A link to a file', attachments: [{ kind: 'reference', name: 'Plan.docx', sourceUrl: 'https://contoso.sharepoint.test/Plan.docx' }] },
  { folder: 'drafts', subject: 'Not sent yet', from: null, to: [], isRead: true, isDraft: true },
  { folder: 'drafts', subject: '', body: '<html><body></body></html>', isRead: true, isDraft: true },
  { subject: 'Offre spéciale', from: PEOPLE[1], replyTo: [{ name: 'Sales', address: 'sales@northwind.test' }], cc: [PEOPLE[2] ?? PEOPLE[0], PEOPLE[3] ?? PEOPLE[0]] },
  { subject: 'מה שלומך', body: '<html><body dir="rtl"><p>שלום</p></body></html>' },
  { subject: `A long subject${' that goes on'.repeat(18)}`, importance: 'high' },
  { subject: 'For follow-up', flag: 'flagged', categories: ['Red category', 'Kunde: Ärger'] },
  { subject: 'Done', flag: 'complete', isRead: true, importance: 'low' },
  { folder: 'junkemail', subject: 'You have won', from: { name: 'Lottery', address: 'win@example.test' } },
  { folder: 'deleteditems', subject: 'Old news', isRead: true },
  { folder: 'archive', subject: 'Contract', isRead: true },
  { subject: 'A colleague to call', isRead: true, attachments: [{ kind: 'item', name: 'Ada Lovelace', text: CARD }] },
  { subject: 'The meeting', isRead: true, attachments: [{ kind: 'item', name: 'Review; part 2', text: MEETING }, { kind: 'item', name: 'Summer party', text: PARTY }] },
];

function addFolders(mailbox: Mailbox, language: string): void {
  const idOf = (name: string): string => folderId(mailbox.login, name);
  const add = (key: string, displayName: string, parent: string | null, others: { wellKnown?: string; isHidden?: boolean; search?: string } = {}) => {
    mailbox.putFolder({ id: idOf(key), displayName, parent, wellKnown: others.wellKnown ?? null, isHidden: others.isHidden ?? false, search: others.search ?? null });
  };
  for (const { name, words, parent, hidden } of WELL_KNOWN) {
    add(name, words[language === 'de' ? 1 : 0], parent ? idOf(parent) : null, { wellKnown: name, isHidden: hidden ?? false });
  }
  const own = new Map<string, string>();
  for (const [name, parent] of OWN) {
    const key = `${parent}/${name}`;
    add(key, name, own.get(parent) ?? idOf(parent));
    if (!own.has(name)) own.set(name, idOf(key));
  }
  add(SEARCH_FOLDER.name, SEARCH_FOLDER.name, idOf('msgfolderroot'), { search: SEARCH_FOLDER.filter });
}

/** A message of a conversation: three messages each, one of them sent by the owner. */
function usual(mailbox: Mailbox, number: number): MessageWish {
  const conversation = Math.floor(number / 3);
  const random = randomOf(`${mailbox.login} ${conversation}`);
  const [subject, person] = [random.pick(SUBJECTS), random.pick(PEOPLE)];
  // The newest comes first, so the oldest of a conversation is the one with the highest number.
  const place = 2 - (number % 3);
  const sent = place === 1;
  const own = { name: mailbox.login.split('@')[0] ?? '', address: mailbox.login };
  return {
    folder: sent ? 'sentitems' : 'inbox',
    conversation: `usual ${conversation}`,
    subject: place === 0 ? subject : `RE: ${subject}`,
    body: `<html><body><p>Part ${place + 1} about ${subject.toLowerCase()}.</p>${place ? `${QUOTE}<p>Part ${place} about ${subject.toLowerCase()}.</p>` : ''}</body></html>`,
    from: sent ? own : person,
    to: sent ? [person] : [own],
    isRead: sent || random.below(3) > 0,
  };
}

/** The settings from which a mailbox is seeded. If one changes, the mailbox is seeded again. */
export const seedOf = ({ newestMessage, messages, language }: Settings): string => JSON.stringify([newestMessage, messages, language]);

export function seedMailbox(login: string, settings: Settings): Mailbox {
  const mailbox = new Mailbox(login, seedOf(settings));
  addFolders(mailbox, settings.language);
  mailbox.categories = CATEGORIES.map(([displayName, color]) => ({ id: guidFrom(`${login} ${displayName}`), displayName, color }));
  if (!settings.newestMessage) return mailbox;
  const newest = Date.parse(settings.newestMessage);
  const wishes: MessageWish[] = Array.from({ length: settings.messages }, (_, number) => {
    const at = number ? timeOf(new Date(newest - number * 5_400_000)) : settings.newestMessage;
    const wish = PARTICULAR[number] ?? usual(mailbox, number);
    return { ...wish, at };
  });
  // As they arrived: the oldest has the smallest key.
  for (const wish of wishes.reverse()) deliver(mailbox, wish, new Date(newest));
  return mailbox;
}

function guidFrom(text: string): string {
  const random = randomOf(text);
  return 'xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx'.replace(/x/g, () => random.below(16).toString(16));
}
