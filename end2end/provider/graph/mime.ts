// A message as MIME: its header, which Graph also answers as `internetMessageHeaders`, and its parts.

import { createHash } from 'node:crypto';
import type { StoredAttachment } from './context.ts';
import { CONTENT, kindOf } from './items.ts';
import type { Address, StoredMessage } from './mailbox.ts';
import { textOf } from './text.ts';

export interface Header {
  name: string;
  value: string;
}

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

/** The header in its order. A draft was not received from anywhere. */
export function headersOf(message: StoredMessage): Header[] {
  const host = message.from?.address.split('@')[1] ?? 'contoso.test';
  const received = ['mail-2', 'mail-1'].map((hop) => ({
    name: 'Received',
    value: `from ${hop}.${host} (192.0.2.${hop.length}) by mailbox.contoso.test with Microsoft SMTP Server; ${mailDate(message.received)}`,
  }));
  const optional = (name: string, addresses: Address[]): Header[] => (addresses.length ? [{ name, value: encodeAddresses(addresses) }] : []);
  return [
    ...(message.isDraft ? [] : received),
    ...optional('From', message.from ? [message.from] : []),
    ...optional('To', message.to),
    ...optional('CC', message.cc),
    ...optional('Reply-To', message.replyTo),
    { name: 'Subject', value: encodeText(message.subject) },
    { name: 'Date', value: mailDate(message.sent) },
    { name: 'Message-ID', value: message.internetMessageId },
    ...(message.inReplyTo ? [{ name: 'In-Reply-To', value: message.inReplyTo }, { name: 'References', value: message.inReplyTo }] : []),
    ...(message.importance === 'normal' ? [] : [{ name: 'Importance', value: message.importance }]),
    { name: 'MIME-Version', value: '1.0' },
  ];
}

const lines = (base64: string): string => base64.replace(/.{76}/g, '$&\r\n').trimEnd();

function part(headers: string[], bytes: Buffer): string {
  return [...headers, 'Content-Transfer-Encoding: base64', '', lines(bytes.toString('base64')), ''].join('\r\n');
}

/** Parts one after the other in a container. */
function container(kind: string, seed: string, parts: string[]): string {
  const boundary = `_${createHash('sha256').update(`${kind} ${seed}`).digest('hex').slice(0, 32)}_`;
  const body = parts.map((one) => `--${boundary}\r\n${one}\r\n`).join('');
  return `Content-Type: multipart/${kind}; boundary="${boundary}"\r\n\r\n${body}--${boundary}--\r\n`;
}

function attachmentPart({ kind, name, contentType, bytes, isInline, contentId }: StoredAttachment): string {
  const item = kind === 'item' ? kindOf(bytes) : undefined;
  if (item === 'message') return `Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n${bytes.toString()}`;
  const encoded = encodeText(`${name}${item ? CONTENT[item].extension : ''}`.replace(/["\\\r\n]/g, '_'));
  const disposition = `Content-Disposition: ${isInline ? 'inline' : 'attachment'}; filename="${encoded}"`;
  const id = contentId ? [`Content-ID: <${contentId}>`] : [];
  const type = item ? `${CONTENT[item].type}; charset="utf-8"` : contentType ?? 'application/octet-stream';
  return part([`Content-Type: ${type}; name="${encoded}"`, disposition, ...id], bytes);
}

/** The whole message. Links have no place in it. */
export function mimeOf(message: StoredMessage): Buffer {
  const seed = message.internetMessageId;
  const plain = part(['Content-Type: text/plain; charset="utf-8"'], Buffer.from(textOf(message.body)));
  const html = part(['Content-Type: text/html; charset="utf-8"'], Buffer.from(message.body));
  let body = container('alternative', seed, [plain, html]);
  const [inline, others] = [true, false].map((wanted) => message.attachments.filter(({ isInline, kind }) => isInline === wanted && kind !== 'reference'));
  if (inline?.length) body = container('related', seed, [body, ...inline.map(attachmentPart)]);
  if (others?.length) body = container('mixed', seed, [body, ...others.map(attachmentPart)]);
  const header = headersOf(message).map(({ name, value }) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(header + body);
}
