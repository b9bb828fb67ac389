// What stops a change of an item that is sound in itself: an etag that is not the last one, and another change a moment ago.

import { type GraphContext, type GraphRequest, Refused } from './context.ts';
import type { Mailbox, StoredMessage } from './mailbox.ts';
import { randomOf } from './random.ts';

const CONFLICT = 'The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.';

export const conflict = (status: number): Refused => new Refused(status, 'ErrorIrresolvableConflict', CONFLICT);

/** `W/"abc"`, `"abc"` and `abc` name the same state. */
const keyOf = (etag: string): string => etag.trim().replace(/^W\//, '').replace(/^"(.*)"$/, '$1');

/** Refuses a request whose `If-Match` names another state of the item than the last one. */
export function checkEtag({ headers }: GraphRequest, changeKey: string): void {
  const wanted = headers['if-match'];
  if (wanted === undefined) return;
  const fits = wanted.trim() === '*' || wanted.split(',').some((etag) => keyOf(etag) === changeKey);
  if (!fits) throw conflict(412);
}

/** When a request changed a message last, in milliseconds. */
const lastChanges = new WeakMap<StoredMessage, number>();

/** Refuses a change of a message that was changed a moment ago, as often as the settings say. */
export function checkQuickChange(mailbox: Mailbox, message: StoredMessage, { now, settings }: GraphContext): void {
  const before = lastChanges.get(message);
  if (before === undefined || now().getTime() - before >= settings.conflictSeconds * 1000) return;
  const random = randomOf(`${mailbox.login} ${message.key} ${message.changed}`);
  if (random.below(100) < settings.conflictShare) throw conflict(settings.conflictStatus);
}

/** Remembers that a request has changed the message. */
export function noteChange(message: StoredMessage, { now }: GraphContext): void {
  lastChanges.set(message, now().getTime());
}
