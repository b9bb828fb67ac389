// Sending takes its time after 202: the draft stays a draft for a while, is found nowhere for a while, and is then in Sent
// Items with the same immutable id. The mail leaves when the draft does. How long it takes depends on the message and on
// the setting `sendSeed` alone, or is exactly what the settings say.

import type { Settings } from '../settings.mjs';
import { deliverMail, type Way } from './deliveries.ts';
import { type Address, type Mailbox, type StoredMessage, timeOf } from './mailbox.ts';
import { randomOf } from './random.ts';
import { unwritten } from './written.ts';

/** The longest time in milliseconds in which it stays a draft, and in which it is found nowhere. */
const LONGEST = { draft: 3_000, gone: 2_000 };

/** A mail that was accepted and is not in Sent Items yet. */
interface Submission {
  message: StoredMessage;
  /** Ends the wait for the next step. */
  skip: () => void;
  /** Resolves after the next step. */
  moved: Promise<void>;
  done: Promise<void>;
}

export interface Accepted {
  message: StoredMessage;
  /** The address under which it leaves. */
  from: Address;
  way: Way;
  /** Whether a copy is kept in Sent Items. */
  isSaved: boolean;
}

const outboxes = new WeakMap<Mailbox, Map<number, Submission>>();

function outboxOf(mailbox: Mailbox): Map<number, Submission> {
  const known = outboxes.get(mailbox) ?? new Map<number, Submission>();
  outboxes.set(mailbox, known);
  return known;
}

function delayOf(stage: 'draft' | 'gone', seconds: number, mailbox: Mailbox, { internetMessageId }: StoredMessage, { sendSeed }: Settings): number {
  if (seconds >= 0) return seconds * 1000;
  return randomOf(`${sendSeed} ${mailbox.login} ${internetMessageId} ${stage}`).below(LONGEST[stage] + 1);
}

/** The mail leaves. It is no draft any more, whatever its owner has done with the draft. */
async function leave(mailbox: Mailbox, { message, from, way }: Accepted, settings: Settings): Promise<void> {
  if (mailbox.messages.has(message.key)) mailbox.remove(message);
  const at = timeOf(new Date());
  Object.assign(message, { from, sent: at, received: at, modified: at, isDraft: false, isRead: true });
  message.written ??= unwritten();
  await deliverMail(mailbox, message, way, settings);
}

function arrive(mailbox: Mailbox, { message }: Accepted): void {
  message.folder = mailbox.wellKnown('sentitems').id;
  message.moves += 1;
  mailbox.add(message);
}

/** Sends a mail from now on. The caller has checked that it may be sent. */
export function submit(mailbox: Mailbox, accepted: Accepted, settings: Settings): void {
  const { message } = accepted;
  const outbox = outboxOf(mailbox);
  const wasDraft = mailbox.messages.has(message.key);
  const submission: Submission = { message, skip: () => {}, moved: Promise.resolve(), done: Promise.resolve() };
  const step = async (milliseconds: number, work: () => Promise<void> | void): Promise<void> => {
    let finish = (): void => {};
    submission.moved = new Promise((done) => { finish = done; });
    await new Promise<void>((go) => {
      const timer = setTimeout(go, milliseconds);
      submission.skip = () => {
        clearTimeout(timer);
        go();
      };
    });
    await work();
    finish();
  };
  const run = async (): Promise<void> => {
    let isSaved = accepted.isSaved;
    await step(delayOf('draft', settings.draftSeconds, mailbox, message, settings), () => {
      // A draft that its owner has removed for good is sent, and leaves no copy.
      if (wasDraft && !mailbox.messages.has(message.key)) isSaved = false;
      return leave(mailbox, accepted, settings);
    });
    await step(delayOf('gone', settings.goneSeconds, mailbox, message, settings), () => {
      outbox.delete(message.key);
      if (isSaved) arrive(mailbox, accepted);
    });
  };
  outbox.set(message.key, submission);
  submission.done = run();
}

/** Whether a draft was accepted for sending. */
export const isUnderWay = (mailbox: Mailbox, { key }: StoredMessage): boolean => outboxOf(mailbox).has(key);

export const countUnderWay = (mailbox: Mailbox): number => outboxOf(mailbox).size;

/** Moves everything that is under way one step on: a draft leaves, or a mail that has left comes into Sent Items. */
export async function moveOn(mailbox: Mailbox): Promise<void> {
  await Promise.all([...outboxOf(mailbox).values()].map((submission) => {
    const { moved } = submission;
    submission.skip();
    return moved;
  }));
}

/** Resolves when everything that was accepted until now has left and is in Sent Items. */
export async function whenSent(mailbox: Mailbox): Promise<void> {
  await Promise.all([...outboxOf(mailbox).values()].map(({ done }) => done));
}
