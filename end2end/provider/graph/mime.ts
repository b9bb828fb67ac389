// A message as MIME: its header, which Graph also answers as `internetMessageHeaders`, and its parts. Large attachments
// are encoded piece by piece, and the size is known without encoding them.

import { createHash } from 'node:crypto';
import type { StoredAttachment } from './context.ts';
import { type Content, inMemory } from './content.ts';
import { CONTENT, kindOf } from './items.ts';
import type { Address, StoredMessage } from './mailbox.ts';
import { isPlain, textOf } from './text.ts';
import { sourceOf } from './written.ts';

export interface Header {
  name: string;
  value: string;
}

/** A part of the MIME: a text, or bytes to be encoded in base64. */
type Segment = string | Buffer | { encoded: Content };

/** A text in a header: RFC 2047 if it has other characters than ASCII, in words of at most 75 characters. */
function encodeText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let part = '';
  for (const character of text) {
    if (Buffer.byteLength(part + character) > 45) {
      words.push(part);
      part = '';
    }
    part += character;
  }
  return [...words, part].map((word) => `=?utf-8?B?${Buffer.from(word).toString('base64')}?=`).join('\r\n ');
}

function encodeAddress({ name, address }: Address): string {
  if (!name) return `<${address}>`;
  const ascii = /^[\x20-\x7e]*$/.test(name);
  return `${ascii ? `"${name.replace(/["\\]/g, '\\$&')}"` : encodeText(name)} <${address}>`;
}

const encodeAddresses = (addresses: Address[]): string => addresses.map(encodeAddress).join(',\r\n ');

/** A date as RFC 5322 has it. */
const mailDate = (iso: string): string => new Date(iso).toUTCString().replace('GMT', '+0000');

/** The ids of the messages before it. */
function threadOf({ inReplyTo, written }: StoredMessage): Header[] {
  const references = written?.references ?? inReplyTo;
  return [
    ...(inReplyTo ? [{ name: 'In-Reply-To', value: inReplyTo }] : []),
    ...(references ? [{ name: 'References', value: references }] : []),
  ];
}

/** The header in its order. A draft was not received from anywhere, nor was what its owner sent. */
export function headersOf(message: StoredMessage): Header[] {
  const host = message.from?.address.split('@')[1] ?? 'contoso.test';
  const received = ['mail-2', 'mail-1'].map((hop) => ({
    name: 'Received',
    value: `from ${hop}.${host} (192.0.2.${hop.length}) by mailbox.contoso.test with Microsoft SMTP Server; ${mailDate(message.received)}`,
  }));
  const optional = (name: string, addresses: Address[]): Header[] => (addresses.length ? [{ name, value: encodeAddresses(addresses) }] : []);
  const source = sourceOf(message);
  const wasReceived = !message.isDraft && (message.written?.isReceived ?? true);
  const first = [...(wasReceived ? received : []), ...optional('From', message.from ? [message.from] : [])];
  const common = [
    ...first,
    ...optional('To', message.to),
    ...optional('CC', message.cc),
    ...(source ? [] : optional('Reply-To', message.replyTo)),
    { name: 'Subject', value: encodeText(message.subject) },
    { name: 'Date', value: mailDate(message.sent) },
    { name: 'Message-ID', value: message.internetMessageId },
    ...threadOf(message),
  ];
  if (source) return [...common, ...source.headers];
  return [
    ...common,
    ...(message.importance === 'normal' ? [] : [{ name: 'Importance', value: message.importance }]),
    ...(message.written?.wantsReadReceipt ? optional('Disposition-Notification-To', message.from ? [message.from] : []) : []),
    ...(message.written?.headers ?? []),
    { name: 'MIME-Version', value: '1.0' },
  ];
}

/** The length of one line of base64, and the number of bytes that it holds. */
const ROW = 76;
const LINE = 57;

/** Base64 in lines, without a line's end at the end. */
function encodeLines(bytes: Buffer): Buffer {
  const digits = Buffer.from(bytes.toString('base64'), 'latin1');
  const rows = Math.ceil(digits.length / ROW);
  const lines = Buffer.alloc(digits.length + 2 * (rows - 1), '\r\n');
  for (let row = 0; row < rows; row += 1) digits.copy(lines, row * (ROW + 2), row * ROW, (row + 1) * ROW);
  return lines;
}

/** The size of base64 in lines. */
function encodedSize(length: number): number {
  return length && 4 * Math.ceil(length / 3) + 2 * (Math.ceil(length / LINE) - 1);
}

function part(headers: string[], content: Content): Segment[] {
  return [[...headers, 'Content-Transfer-Encoding: base64', '', ''].join('\r\n'), { encoded: content }, '\r\n'];
}

/** Parts one after the other in a container. */
function container(kind: string, seed: string, parts: Segment[][]): Segment[] {
  const boundary = `_${createHash('sha256').update(`${kind} ${seed}`).digest('hex').slice(0, 32)}_`;
  const body = parts.flatMap((one) => [`--${boundary}\r\n`, ...one, '\r\n']);
  return [`Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n`, ...body, `--${boundary}--\r\n`];
}

function attachmentPart({ kind, name, contentType, content, isInline, contentId }: StoredAttachment): Segment[] {
  const item = kind === 'item' ? kindOf(content.read()) : undefined;
  if (item === 'message') return ['Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n', content.read()];
  const encoded = encodeText(`${name}${item ? CONTENT[item].extension : ''}`.replace(/["\\\r\n]/g, '_'));
  const disposition = `Content-Disposition: ${isInline ? 'inline' : 'attachment'}; filename="${encoded}"`;
  const id = contentId ? [`Content-ID: <${contentId}>`] : [];
  const type = item ? `${CONTENT[item].type}; charset="utf-8"` : contentType ?? 'application/octet-stream';
  return part([`Content-Type: ${type}; name="${encoded}"`, disposition, ...id], content);
}

/** What follows the header. Links have no place in it. */
function bodyOf(message: StoredMessage): Segment[] {
  const seed = message.internetMessageId;
  const plain = part(['Content-Type: text/plain; charset="utf-8"'], inMemory(Buffer.from(textOf(message.body))));
  const html = part(['Content-Type: text/html; charset="utf-8"'], inMemory(Buffer.from(message.body)));
  let body = isPlain(message.body) ? plain : container('alternative', seed, [plain, html]);
  const [inline, others] = [true, false].map((wanted) => message.attachments.filter(({ isInline, kind }) => isInline === wanted && kind !== 'reference'));
  if (inline?.length) body = container('related', seed, [body, ...inline.map(attachmentPart)]);
  if (others?.length) body = container('mixed', seed, [body, ...others.map(attachmentPart)]);
  return body;
}

function segmentsOf(message: StoredMessage): Segment[] {
  const header = headersOf(message).map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  const source = sourceOf(message);
  return source ? [`${header}\r\n`, source.body] : [header, ...bodyOf(message)];
}

/** The whole message, piece by piece. */
export function* mimePieces(message: StoredMessage): Generator<Buffer> {
  for (const segment of segmentsOf(message)) {
    if (typeof segment === 'string') yield Buffer.from(segment);
    else if (Buffer.isBuffer(segment)) yield segment;
    else {
      let isFirst = true;
      for (const piece of segment.encoded.pieces()) {
        if (!isFirst) yield Buffer.from('\r\n');
        isFirst = false;
        yield encodeLines(piece);
      }
    }
  }
}

/** The size of the whole message in bytes. */
export function mimeSize(message: StoredMessage): number {
  const sizes = segmentsOf(message).map((segment) => {
    if (typeof segment === 'string') return Buffer.byteLength(segment);
    return Buffer.isBuffer(segment) ? segment.length : encodedSize(segment.encoded.length);
  });
  return sizes.reduce((sum, size) => sum + size, 0);
}
