// What happens to a mail that leaves a mailbox: it is recorded, it comes into the other mailboxes of the stand-in, and
// addresses that do not exist are answered or not. The record is a witness of this process, which a test that kills another
// process does not touch; with the setting `deliveryLog` it is a file too, one line of JSON for each mail.

import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Settings } from '../settings.mjs';
import { ownerOf } from './addresses.ts';
import { conversationOf, copiesOf } from './compose.ts';
import { deliver } from './deliver.ts';
import { type Mailbox, type StoredMessage, timeOf } from './mailbox.ts';
import { mimePieces } from './mime.ts';
import { isMailbox, mailboxOf } from './store.ts';
import { unwritten } from './written.ts';

/** The call that sent a mail. */
export type Way = 'send' | 'sendMail' | 'reply' | 'replyAll' | 'forward';

/** A mail that left a mailbox. */
export interface Delivery {
  time: string;
  /** The log-in of the sender. */
  mailbox: string;
  messageId: string;
  /** Every address, also hidden ones. */
  recipients: string[];
  subject: string;
  /** Of the MIME, in bytes. */
  size: number;
  /** Of the same. It is what `$value` of the message in Sent Items answers. */
  sha256: string;
  way: Way;
}

const log: Delivery[] = [];

/** How many bytes are hashed before other requests have their turn. */
const AT_ONCE = 1024 * 1024;

async function digestOf(message: StoredMessage): Promise<Pick<Delivery, 'size' | 'sha256'>> {
  const hash = createHash('sha256');
  let [size, since] = [0, 0];
  for (const piece of mimePieces(message)) {
    hash.update(piece);
    size += piece.length;
    since += piece.length;
    if (since >= AT_ONCE) {
      since = 0;
      await breathe();
    }
  }
  return { size, sha256: hash.digest('hex') };
}

function record(delivery: Delivery, { deliveryLog }: Settings): void {
  log.push(delivery);
  // On the disk before anything else happens.
  if (deliveryLog) appendFileSync(deliveryLog, `${JSON.stringify(delivery)}\n`, { flush: true });
}

/** The addresses of a message, each once. */
export function recipientsOf({ to, cc, bcc }: StoredMessage): string[] {
  const byName = new Map([...to, ...cc, ...bcc].map(({ address }) => [address.toLowerCase(), address]));
  return [...byName.values()];
}

/** Puts a new message into the inbox. The hidden recipients are not in it. */
function receive(mailbox: Mailbox, message: StoredMessage, sender: Mailbox, now: Date): void {
  const at = timeOf(now);
  const written = message.written ?? unwritten();
  const before = `${written.references ?? ''} ${message.inReplyTo ?? ''}`;
  mailbox.add({
    ...message,
    key: mailbox.nextKey(),
    moves: 0,
    changed: 0,
    folder: mailbox.wellKnown('inbox').id,
    created: at,
    received: at,
    modified: at,
    conversation: (mailbox === sender ? message.conversation : conversationOf(mailbox, before)) ?? `mail ${message.internetMessageId}`,
    bcc: [],
    isRead: false,
    isDraft: false,
    isHidden: false,
    flag: 'notFlagged',
    categories: [],
    attachments: copiesOf(mailbox, message.attachments, at),
    written: { ...written, isReceived: true },
  });
}

/** Tells the sender which addresses do not exist. */
function bounce(sender: Mailbox, message: StoredMessage, unknown: string[], now: Date): void {
  deliver(sender, {
    subject: `Undeliverable: ${message.subject}`,
    body: `<html><body><p>Your message to ${unknown.join(', ')} couldn't be delivered.</p></body></html>`,
    from: { name: 'Microsoft Outlook', address: 'postmaster@contoso.test' },
    conversation: message.conversation,
    inReplyTo: message.internetMessageId,
    at: timeOf(now),
  }, now);
}

/** Delivers a mail, once. */
export async function deliverMail(sender: Mailbox, message: StoredMessage, way: Way, settings: Settings): Promise<void> {
  const recipients = recipientsOf(message);
  const { internetMessageId: messageId, subject } = message;
  const digest = await digestOf(message);
  const now = new Date();
  record({ time: now.toISOString(), mailbox: sender.login, messageId, recipients, subject, ...digest, way }, settings);
  const owners = new Set(recipients.map((address) => ownerOf(address, settings)));
  for (const owner of owners) if (isMailbox(owner)) receive(mailboxOf(owner, settings), message, sender, now);
  const unknown = recipients.filter((address) => !isMailbox(ownerOf(address, settings)));
  if (unknown.length && settings.unknownRecipients === 'bounce') bounce(sender, message, unknown, now);
}

/** The mails that left the mailbox of a log-in, or every mailbox. */
export function deliveriesOf(login?: string): Delivery[] {
  return log.filter(({ mailbox }) => login === undefined || mailbox === login.toLowerCase());
}
