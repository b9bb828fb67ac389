// What a test asks about sent mail and uploads: the record of deliveries, what is still under way, and the next step of it.

import type { Settings } from '../settings.mjs';
import { deliveriesOf, type Delivery } from './deliveries.ts';
import { countUnderWay, moveOn, whenSent } from './outbox.ts';
import { mailboxOf } from './store.ts';
import { countUploads } from './uploads.ts';

export interface SentWish {
  /** The mailbox; without it the record of all. */
  login?: string;
  /** Moves what is under way in the mailbox one step on: a draft leaves, or a mail that has left comes into Sent Items. */
  moveOn?: boolean;
  /** Waits until nothing of the mailbox is under way. */
  wait?: boolean;
}

export interface Sent {
  deliveries: Delivery[];
  /** The number of accepted mails of the mailbox that are not in Sent Items yet. */
  underWay: number;
  /** Upload sessions that have not ended, and the bytes that they hold. */
  uploads: { sessions: number; bytes: number };
}

/** Does what is asked, and answers what was sent. */
export async function controlSent(wish: SentWish, settings: Settings): Promise<Sent> {
  const { login } = wish;
  const mailbox = login === undefined ? undefined : mailboxOf(login, settings);
  if (!mailbox && (wish.moveOn || wish.wait)) throw new Error('name the mailbox whose mail is to move on');
  if (mailbox && wish.moveOn) await moveOn(mailbox);
  if (mailbox && wish.wait) await whenSent(mailbox);
  return { deliveries: deliveriesOf(login), underWay: mailbox ? countUnderWay(mailbox) : 0, uploads: countUploads(login) };
}
