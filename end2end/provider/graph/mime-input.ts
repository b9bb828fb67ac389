// A message as a program sends it in MIME (RFC 5322, 2045 to 2047, 2231). Its properties are read from it, and the rest is
// kept as it came. The header `From` is passed over: Microsoft uses the address of the account.

import { type GraphRequest, Refused } from './context.ts';
import { inMemory } from './content.ts';
import type { Address } from './mailbox.ts';
import type { AttachmentInput, Composed } from './message-input.ts';
import type { Header } from './mime.ts';
import { htmlOfText } from './text.ts';

/** Headers that Exchange writes itself, or removes. */
const NOT_KEPT = ['from', 'sender', 'to', 'cc', 'bcc', 'subject', 'date', 'message-id', 'in-reply-to', 'references', 'received', 'return-path'];

/** Whether the body of a request is MIME. */
export const isMime = ({ headers, body }: GraphRequest): boolean => body.length > 0 && /^text\/plain\b/i.test(headers['content-type'] ?? '');

/** The MIME in the body of a request, which has it in base64. */
export function mimeBytes({ body }: GraphRequest): Buffer {
  const text = body.toString('latin1').replace(/\s+/g, '');
  if (!text || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new Refused(400, 'ErrorMimeContentInvalidBase64String', 'Invalid base64 string for MIME content.');
  }
  return Buffer.from(text, 'base64');
}

interface Entity {
  /** Values folded. */
  headers: Header[];
  /** One character for each byte. */
  body: string;
}

/** The text up to the first empty line as headers, and the rest. */
function entityOf(raw: string): Entity {
  const end = /^\r?\n|\r?\n\r?\n/.exec(raw);
  const head = end ? raw.slice(0, end.index) : raw;
  const body = end ? raw.slice(end.index + end[0].length) : '';
  const lines = head.split(/\r?\n(?![ \t])/).filter(Boolean);
  const headers = lines.flatMap((line): Header[] => {
    const [, name, value = ''] = /^([\x21-\x39\x3b-\x7e]+):[ \t]?([^]*)$/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, value: Buffer.from(value, 'latin1').toString() }];
  });
  return { headers, body };
}

/** A header in one line. */
function headerOf({ headers }: Entity, name: string): string | undefined {
  return headers.find((header) => header.name.toLowerCase() === name)?.value.replace(/\r?\n(?=[ \t])/g, '').trim();
}

function decodeCharset(bytes: Buffer, charset: string): string {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return bytes.toString('latin1');
  }
}

const quotedBytes = (text: string): Buffer => Buffer.from(text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');

/** A header with encoded words (RFC 2047). Words of one charset are decoded together, because some split a character. */
function decodeWords(text: string): string {
  const joined = text.replace(/(\?=)[ \t]+(?==\?)/g, '$1');
  return joined.replace(/(?:=\?[^?\s]+\?[bq]\?[^?\s]*\?=)+/gi, (run) => {
    const words = [...run.matchAll(/=\?([^?\s]+)\?([bq])\?([^?\s]*)\?=/gi)].map(([, charset = '', kind = '', data = '']) => ({
      charset: charset.replace(/\*.*$/, '').toLowerCase(),
      bytes: kind.toLowerCase() === 'b' ? Buffer.from(data, 'base64') : quotedBytes(data.replaceAll('_', ' ')),
    }));
    let decoded = '';
    for (let at = 0; at < words.length;) {
      const charset = words[at]?.charset ?? '';
      const same: Buffer[] = [];
      for (; words[at]?.charset === charset; at += 1) same.push(words[at]?.bytes ?? Buffer.alloc(0));
      decoded += decodeCharset(Buffer.concat(same), charset);
    }
    return decoded;
  });
}

/** A list of addresses (RFC 5322, 3.4), without comments; the members of groups are in it. */
function addressesOf(text: string | undefined): Address[] {
  const found: Address[] = [];
  let [name, address, isAddress] = ['', '', false];
  const finish = (): void => {
    const phrase = decodeWords(name.trim());
    if (address) found.push({ name: phrase, address: address.trim() });
    else if (phrase) found.push({ name: '', address: phrase });
    [name, address, isAddress] = ['', '', false];
  };
  for (const [token] of (text ?? '').matchAll(/"(?:\\.|[^"\\])*"|\((?:\\.|[^)\\])*\)|[^]/g)) {
    if (token.startsWith('(') && token.length > 1) continue;
    if (token.startsWith('"') && token.length > 1 && !isAddress) name += token.slice(1, -1).replace(/\\(.)/g, '$1');
    else if (token === '<') isAddress = true;
    else if (token === '>') isAddress = false;
    else if (token === ':' && !isAddress) name = '';
    else if ((token === ',' || token === ';') && !isAddress) finish();
    else if (isAddress) address += token;
    else name += token;
  }
  finish();
  return found;
}

/** A value and its parameters: `text/plain; charset=utf-8`, also continued and encoded ones (RFC 2231). */
function parametersOf(text: string | undefined): { value: string; parameters: Map<string, string> } {
  const [value = ''] = (text ?? '').split(';');
  const pieces = new Map<string, { text: string; isEncoded: boolean }[]>();
  for (const [, key = '', quoted, bare = ''] of (text ?? '').matchAll(/;\s*([^\s=;]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]*))/g)) {
    const [, name = '', number = '0', star] = /^([^*]+)(?:\*(\d+))?(\*)?$/.exec(key.toLowerCase()) ?? [];
    const list = pieces.get(name) ?? [];
    list[Number(number)] = { text: quoted?.replace(/\\(.)/g, '$1') ?? bare, isEncoded: star !== undefined };
    pieces.set(name, list);
  }
  const parameters = [...pieces].map(([name, list]): [string, string] => {
    const [, charset, whole] = /^([^']*)'[^']*'([^]*)$/.exec(list[0]?.isEncoded ? list[0].text : '') ?? [];
    if (charset === undefined) return [name, decodeWords(list.map(({ text }) => text).join(''))];
    const bytes = list.map(({ text, isEncoded }, number) => {
      const part = number ? text : whole ?? '';
      return isEncoded ? quotedBytes(part.replaceAll('=', '=3D').replaceAll('%', '=')) : Buffer.from(part, 'latin1');
    });
    return [name, decodeCharset(Buffer.concat(bytes), charset || 'utf-8')];
  });
  return { value: value.trim().toLowerCase(), parameters: new Map(parameters) };
}

function bytesOf(entity: Entity): Buffer {
  const encoding = headerOf(entity, 'content-transfer-encoding')?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(entity.body, 'base64');
  if (encoding === 'quoted-printable') return quotedBytes(entity.body.replace(/[ \t]+(?=\r?$)/gm, '').replace(/=\r?\n/g, ''));
  return Buffer.from(entity.body, 'latin1');
}

/** The parts of a container. */
function partsOf(body: string, boundary: string): Entity[] {
  const mark = boundary.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pieces = body.split(new RegExp(`(?:^|\\r?\\n)--${mark}(--)?[ \\t]*(?:\\r?\\n|$)`));
  // Between two pieces is what ends the last one; the first piece is before the first part.
  const last = pieces.findIndex((piece, at) => at % 2 === 1 && piece === '--');
  return pieces.slice(2, last < 0 ? undefined : last).filter((_, at) => at % 2 === 0).map((piece) => entityOf(piece ?? ''));
}

interface Found {
  text?: string;
  html?: string;
  attachments: AttachmentInput[];
}

function attachmentOf(entity: Entity, type: string, name: string): AttachmentInput {
  const isMessage = type === 'message/rfc822';
  const contentId = headerOf(entity, 'content-id')?.replace(/^<|>$/g, '') ?? null;
  const { value: disposition } = parametersOf(headerOf(entity, 'content-disposition'));
  const bytes = bytesOf(entity);
  const subject = isMessage ? decodeWords(headerOf(entityOf(bytes.toString('latin1')), 'subject') ?? '') : '';
  return {
    kind: isMessage ? 'item' : 'file',
    name: name || subject || 'attachment',
    contentType: isMessage ? null : type,
    content: inMemory(bytes),
    isInline: disposition === 'inline' && contentId !== null,
    contentId,
  };
}

/** Adds what an entity has: the first text and the first HTML are the body, everything else is attached. */
function collect(entity: Entity, found: Found): void {
  const { value: type, parameters } = parametersOf(headerOf(entity, 'content-type') ?? 'text/plain; charset=us-ascii');
  const boundary = parameters.get('boundary');
  if (type.startsWith('multipart/') && boundary) {
    for (const part of partsOf(entity.body, boundary)) collect(part, found);
    return;
  }
  const { value: disposition, parameters: more } = parametersOf(headerOf(entity, 'content-disposition'));
  const name = more.get('filename') ?? parameters.get('name') ?? '';
  const kind = type === 'text/html' ? 'html' : type === 'text/plain' ? 'text' : undefined;
  if (kind && disposition !== 'attachment' && !name && found[kind] === undefined) found[kind] = decodeCharset(bytesOf(entity), parameters.get('charset') ?? 'utf-8');
  else found.attachments.push(attachmentOf(entity, type, name));
}

/** The message of its MIME. */
export function composedOfMime(bytes: Buffer): Composed {
  const whole = entityOf(bytes.toString('latin1'));
  const found: Found = { attachments: [] };
  collect(whole, found);
  const priority = `${headerOf(whole, 'importance') ?? ''} ${headerOf(whole, 'x-priority') ?? ''}`.toLowerCase();
  const id = headerOf(whole, 'message-id');
  const inReplyTo = headerOf(whole, 'in-reply-to');
  const references = headerOf(whole, 'references')?.replace(/\s+/g, ' ');
  return {
    subject: decodeWords(headerOf(whole, 'subject') ?? ''),
    body: found.html ?? htmlOfText(found.text ?? ''),
    to: addressesOf(headerOf(whole, 'to')),
    cc: addressesOf(headerOf(whole, 'cc')),
    bcc: addressesOf(headerOf(whole, 'bcc')),
    replyTo: addressesOf(headerOf(whole, 'reply-to')),
    importance: /high|^ [12]\b/.test(priority) ? 'high' : /low|^ [45]\b/.test(priority) ? 'low' : 'normal',
    headers: [],
    attachments: found.attachments,
    ...(id && { internetMessageId: id }),
    ...(inReplyTo && { inReplyTo }),
    ...(references && { references }),
    wantsReadReceipt: headerOf(whole, 'disposition-notification-to') !== undefined,
    source: { headers: whole.headers.filter(({ name }) => !NOT_KEPT.includes(name.toLowerCase())), body: Buffer.from(whole.body, 'latin1') },
  };
}
