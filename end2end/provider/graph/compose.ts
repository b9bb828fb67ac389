// Makes the message of what a program wrote, and the replies and forwards to one that is there.

import type { Settings } from '../settings.mjs';
import { addressesOf } from './addresses.ts';
import { type GraphRequest, Refused, type StoredAttachment } from './context.ts';
import { isObject, listOf, parametersOf, textOf, unread } from './json-body.ts';
import { type Address, type Mailbox, type StoredMessage, timeOf } from './mailbox.ts';
import { recipientOf } from './message-fields.ts';
import { type AttachmentInput, type Composed, composedOf, jsonOf } from './message-input.ts';
import { composedOfMime, isMime, mimeBytes } from './mime-input.ts';
import { htmlOfText, QUOTE, sanitise } from './text.ts';
import { printOf, unwritten } from './written.ts';

export type ReplyKind = 'reply' | 'replyAll' | 'forward';

/** The conversation of a message of the mailbox with one of these ids. */
export function conversationOf(mailbox: Mailbox, ids: string): string | undefined {
  const wanted = new Set(ids.split(/\s+/).filter(Boolean));
  if (wanted.size === 0) return undefined;
  return [...mailbox.messages.values()].find(({ internetMessageId }) => wanted.has(internetMessageId))?.conversation;
}

/** Copies of attachments, which share their bytes. */
export function copiesOf(mailbox: Mailbox, attachments: readonly AttachmentInput[], at: string): StoredAttachment[] {
  return attachments.map((attachment) => ({ ...attachment, key: mailbox.nextKey(), lastModified: at }));
}

/**
 * A draft of what a program wrote. It is not in the mailbox yet.
 * @param original The message that it answers or forwards.
 */
export function draftOf(mailbox: Mailbox, composed: Composed, settings: Settings, now: Date, original?: StoredMessage): StoredMessage {
  const { headers, attachments, source, references, wantsReadReceipt = false, internetMessageId: wanted, ...given } = composed;
  const key = mailbox.nextKey();
  const at = timeOf(now);
  const isKept = settings.messageIds === 'kept' || (settings.messageIds === 'kept-in-new' && !original);
  const before = `${references ?? ''} ${composed.inReplyTo ?? ''}`;
  const message: StoredMessage = {
    key,
    moves: 0,
    changed: 0,
    folder: mailbox.wellKnown('drafts').id,
    created: at,
    received: at,
    sent: at,
    modified: at,
    internetMessageId: (isKept && wanted) || `<${key}.${Buffer.from(mailbox.login).toString('hex').slice(-16)}@mail.contoso.test>`,
    conversation: original?.conversation ?? conversationOf(mailbox, before) ?? `conversation ${key}`,
    subject: '',
    body: htmlOfText(''),
    from: null,
    to: [],
    cc: [],
    bcc: [],
    replyTo: [],
    importance: 'normal',
    isRead: true,
    isHidden: false,
    flag: 'notFlagged',
    categories: [],
    inReplyTo: null,
    ...given,
    isDraft: true,
    attachments: copiesOf(mailbox, attachments, at),
    written: { ...unwritten(), headers, wantsReadReceipt, references: references ?? null },
  };
  if (source && message.written) message.written.source = { ...source, print: printOf(message) };
  return message;
}

const named = ({ name, address }: Address): string => textAsHtml(name ? `${name} <${address}>` : address);
const textAsHtml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r?\n/g, '<br>');
const innerOf = (html: string): string => sanitise(html).replace(/^[^]*?<body[^>]*>|<\/body>[^]*$/gi, '');

/** The comment above the original. */
function quoting(comment: string, { from, to, cc, sent, subject, body }: StoredMessage): string {
  const lines: [string, string][] = [
    ['From', from ? named(from) : ''], ['Sent', new Date(sent).toUTCString()], ['To', to.map(named).join('; ')], ['Cc', cc.map(named).join('; ')],
    ['Subject', textAsHtml(subject)],
  ];
  const head = lines.filter(([, value]) => value).map(([name, value]) => `<b>${name}:</b> ${value}`).join('<br>');
  return `<html><body><div>${textAsHtml(comment)}</div>${QUOTE}<div>${head}</div>${innerOf(body)}</body></html>`;
}

const prefixed = (prefix: string, subject: string): string => (new RegExp(`^${prefix}:`, 'i').test(subject) ? subject : `${prefix}: ${subject}`);

const without = (addresses: Address[], others: Iterable<string>): Address[] => {
  const seen = new Set([...others].map((address) => address.toLowerCase()));
  return addresses.filter(({ address }) => {
    const isNew = !seen.has(address.toLowerCase());
    seen.add(address.toLowerCase());
    return isNew;
  });
};

const addressOf = ({ address }: Address): string => address;

/** To whom an answer goes: "send the reply to the recipients in replyTo, and not the recipients in from" (Microsoft, reply). */
function recipientsOf(kind: ReplyKind, { from, to, cc, replyTo }: StoredMessage, own: string[]): Pick<StoredMessage, 'to' | 'cc'> {
  if (kind === 'forward') return { to: [], cc: [] };
  const first = without(replyTo.length ? replyTo : from ? [from] : [], []);
  if (kind === 'reply') return { to: first, cc: [] };
  const others = without(to, [...own, ...first.map(addressOf)]);
  const all = without([...first, ...others], own);
  return { to: all.length ? all : first, cc: without(cc, [...own, ...first.map(addressOf), ...others.map(addressOf)]) };
}

const PARAMETERS: Record<ReplyKind, readonly string[]> = {
  reply: ['comment', 'message'], replyAll: ['comment', 'message'], forward: ['comment', 'message', 'toRecipients'],
};

/** What the request says about the answer: a comment above the original, or properties of a message. */
function wantedOf(request: GraphRequest, kind: ReplyKind): { comment: string; composed: Composed } {
  const { comment, message, toRecipients } = parametersOf(jsonOf(request), PARAMETERS[kind]);
  if (message !== undefined && !isObject(message)) throw unread("Cannot read the value of the parameter 'message'.");
  const composed = composedOf(message ?? {});
  if (comment !== undefined && composed.body !== undefined) throw new Refused(400, 'ErrorInvalidRequest', 'Specify either a comment or the body of the message, not both.');
  if (toRecipients !== undefined && composed.to !== undefined) throw new Refused(400, 'ErrorInvalidRequest', 'Specify toRecipients as a parameter or as a property of the message, not both.');
  if (toRecipients !== undefined) composed.to = listOf(toRecipients, 'toRecipients', recipientOf);
  return { comment: comment === undefined ? '' : textOf(comment, 'comment'), composed };
}

/** The draft of an answer to a message, or of its forward. It is not in the mailbox yet. */
export function answerOf(request: GraphRequest, mailbox: Mailbox, original: StoredMessage, kind: ReplyKind, settings: Settings, now: Date): StoredMessage {
  const mime = isMime(request) ? composedOfMime(mimeBytes(request)) : undefined;
  const { comment, composed } = mime ? { comment: '', composed: mime } : wantedOf(request, kind);
  const { to, cc } = recipientsOf(kind, original, addressesOf(mailbox.login, settings));
  // Exchange keeps the pictures of the text in a reply, and everything in a forward.
  const kept = mime ? [] : original.attachments.filter(({ isInline }) => kind === 'forward' || isInline);
  const before = original.written?.references ?? original.inReplyTo ?? '';
  const references = `${before} ${original.internetMessageId}`.trim();
  const whole: Composed = {
    body: quoting(comment, original),
    ...composed,
    subject: composed.subject || prefixed(kind === 'forward' ? 'FW' : 'RE', original.subject),
    // Recipients of the request are added to those of the original.
    to: [...to, ...without(composed.to ?? [], to.map(addressOf))],
    cc: [...cc, ...without(composed.cc ?? [], cc.map(addressOf))],
    inReplyTo: original.internetMessageId,
    references,
    attachments: [...kept, ...composed.attachments],
  };
  return draftOf(mailbox, whole, settings, now, original);
}

/** The message of a request, in JSON or MIME. */
export function composedIn(request: GraphRequest): Composed {
  return isMime(request) ? composedOfMime(mimeBytes(request)) : composedOf(jsonOf(request));
}
