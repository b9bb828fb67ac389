// The items that attachments have: a message as MIME, a contact as a vCard (RFC 2426), an event as iCalendar (RFC 5545).
// Of each some properties are read, for `$expand` of an item.

import type { Attendee, Contact, DateTimeTimeZone, EmailAddress, Event, Message, OutlookItem } from '@microsoft/microsoft-graph-types';

export type ItemKind = 'message' | 'contact' | 'event';

export type ItemJson = OutlookItem & { '@odata.type': string };

/** How the bytes of an item are sent: their type, and the end of a file's name. No page of Microsoft's names the types of contacts and events. */
export const CONTENT: Record<ItemKind, { type: string; extension: string }> = {
  message: { type: 'text/plain', extension: '.eml' },
  contact: { type: 'text/vcard', extension: '.vcf' },
  event: { type: 'text/calendar', extension: '.ics' },
};

const BEGINNINGS: [kind: ItemKind, name: string][] = [['contact', 'VCARD'], ['event', 'VCALENDAR']];

/** The kind of an item, by its beginning. */
export function kindOf(bytes: Buffer): ItemKind {
  const text = bytes.toString();
  return BEGINNINGS.find(([, name]) => text.startsWith(`BEGIN:${name}`))?.[0] ?? 'message';
}

/** Throws if the bytes begin as a contact or an event and do not end as one. */
export function checkItem(bytes: Buffer): void {
  const name = BEGINNINGS.find(([kind]) => kind === kindOf(bytes))?.[1];
  if (name && !bytes.toString().endsWith(`\r\nEND:${name}\r\n`)) throw new Error(`an item that begins with BEGIN:${name} must end with END:${name} in a line of its own`);
}

/** One line of a vCard or of iCalendar: `TEL;TYPE=CELL:+44 7700`. */
interface Line {
  name: string;
  /** Names in capitals, values without quotation marks. */
  parameters: Map<string, string>;
  value: string;
}

const LINE = /^([A-Za-z0-9-]+)((?:;[A-Za-z0-9-]+=(?:"[^"]*"|[^":;]*))*):(.*)$/s;
const PARAMETER = /;([A-Za-z0-9-]+)=("[^"]*"|[^":;]*)/g;

/** The lines, unfolded. */
function linesOf(text: string): Line[] {
  return text.replace(/\r?\n[ \t]/g, '').split(/\r?\n/).flatMap((line) => {
    const [, name, parameters = '', value = ''] = LINE.exec(line) ?? [];
    if (name === undefined) return [];
    const named = [...parameters.matchAll(PARAMETER)].map(([, key = '', text = '']): [string, string] => [key.toUpperCase(), text.replaceAll('"', '')]);
    return [{ name: name.toUpperCase(), parameters: new Map(named), value }];
  });
}

const unescape = (value: string): string => value.replace(/\\([\\,;nN])/g, (_, character: string) => (character.toLowerCase() === 'n' ? '\r\n' : character));

/** The parts of a value with semicolons between. */
const partsOf = (value: string): string[] => (value.match(/(?:\\.|[^;\\])*(?:;|$)/gs) ?? []).map((part) => unescape(part.replace(/;$/, '')));

function contactOf(text: string, fallback: string): Contact {
  const lines = linesOf(text);
  const first = (name: string): string | null => {
    const line = lines.find((one) => one.name === name);
    return line ? unescape(line.value) : null;
  };
  const phones = (type: string): string[] => lines.filter(({ name, parameters }) => name === 'TEL' && parameters.get('TYPE')?.toUpperCase() === type).map(({ value }) => unescape(value));
  const displayName = first('FN') ?? fallback;
  const [surname, givenName] = partsOf(lines.find(({ name }) => name === 'N')?.value ?? '');
  const [companyName] = partsOf(lines.find(({ name }) => name === 'ORG')?.value ?? '');
  return {
    displayName,
    givenName: givenName || null,
    surname: surname || null,
    companyName: companyName || null,
    jobTitle: first('TITLE'),
    emailAddresses: lines.filter(({ name }) => name === 'EMAIL').map(({ value }) => ({ name: displayName, address: unescape(value) })),
    businessPhones: phones('WORK'),
    homePhones: phones('HOME'),
    mobilePhone: phones('CELL')[0] ?? null,
    personalNotes: first('NOTE') ?? '',
  };
}

/** `20261201T140000Z` or `20261201` as Graph has times; without a `Z` in the zone of the line, a day in UTC. */
function timeOf(line: Line | undefined): DateTimeTimeZone | null {
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z?)?$/.exec(line?.value ?? '') ?? [];
  if (!line || year === undefined) return null;
  const zone = line.value.endsWith('Z') ? 'UTC' : line.parameters.get('TZID') ?? 'UTC';
  return { dateTime: `${year}-${month}-${day}T${hour}:${minute}:${second}.0000000`, timeZone: zone };
}

function personOf({ parameters, value }: Line): EmailAddress {
  const address = value.replace(/^mailto:/i, '');
  return { name: parameters.get('CN') ?? address, address };
}

function eventOf(text: string, fallback: string): Event {
  const lines = linesOf(text);
  const start = lines.findIndex(({ name, value }) => name === 'BEGIN' && value === 'VEVENT');
  const own = lines.slice(start + 1);
  const first = (wanted: string): Line | undefined => own.find(({ name }) => name === wanted);
  const textAt = (name: string): string => unescape(first(name)?.value ?? '');
  const organizer = first('ORGANIZER');
  const attendees = own.filter(({ name }) => name === 'ATTENDEE').map((line): Attendee => ({
    type: line.parameters.get('ROLE') === 'OPT-PARTICIPANT' ? 'optional' : 'required', emailAddress: personOf(line),
  }));
  return {
    subject: textAt('SUMMARY') || fallback,
    iCalUId: textAt('UID'),
    body: { contentType: 'text', content: textAt('DESCRIPTION') },
    start: timeOf(first('DTSTART')),
    end: timeOf(first('DTEND')),
    isAllDay: first('DTSTART')?.parameters.get('VALUE') === 'DATE',
    location: { displayName: textAt('LOCATION') },
    organizer: organizer ? { emailAddress: personOf(organizer) } : null,
    attendees,
  };
}

/** Some of the header of a message, and its body. */
function messageOf(text: string, fallback: string, at: string): Message {
  const [head = '', ...body] = text.split(/\r?\n\r?\n/);
  const field = (wanted: string): string | null => new RegExp(`^${wanted}:[ \\t]*(.*?)\\r?$`, 'im').exec(head)?.[1] ?? null;
  const date = Date.parse(field('Date') ?? '');
  return {
    subject: field('Subject') ?? fallback,
    internetMessageId: field('Message-ID'),
    sentDateTime: Number.isNaN(date) ? at : new Date(date).toISOString().replace('.000Z', 'Z'),
    body: { contentType: 'text', content: body.join('\r\n\r\n') },
  };
}

/**
 * An item as JSON.
 * @param name The name of its attachment, if it has none itself.
 * @param at When it was changed last.
 */
export function itemOf(bytes: Buffer, name: string, at: string): ItemJson {
  const text = bytes.toString();
  const kind = kindOf(bytes);
  const common = { '@odata.type': `#microsoft.graph.${kind}`, id: '', createdDateTime: at, lastModifiedDateTime: at, categories: [] };
  if (kind === 'contact') return { ...common, ...contactOf(text, name) };
  return { ...common, ...(kind === 'event' ? eventOf(text, name) : messageOf(text, name, at)) };
}
