// Everything that sends: a draft, a message at once, and answers and forwards at once. The answer is 202 without a body and
// without an id; what happens after it is in outbox.ts. No call can be repeated without sending again, except for a draft
// that is under way.

import type { Settings } from '../settings.mjs';
import { addressesOf } from './addresses.ts';
import { type Answer, type GraphContext, type GraphRequest, refusal, Refused } from './context.ts';
import { answerOf, draftOf, type ReplyKind } from './compose.ts';
import { recipientsOf, type Way } from './deliveries.ts';
import { booleanOf, isObject, parametersOf, unread } from './json-body.ts';
import type { Address, Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { type Composed, composedOf, jsonOf } from './message-input.ts';
import { messageAt } from './messages.ts';
import { composedOfMime, isMime, mimeBytes } from './mime-input.ts';
import { isUnderWay, submit } from './outbox.ts';
import { SENDING } from './permissions.ts';
import { checkSize } from './sizes.ts';

const accepted = (): Answer => ({ status: 202, headers: { 'content-length': '0' } });

const notAllowed = (): Answer => refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');

/** When each mailbox has sent, in milliseconds. */
const times = new WeakMap<Mailbox, number[]>();
const MINUTE = 60_000;

/** Refuses what passes the limits of sending. */
function checkQuota(mailbox: Mailbox, { submissionQuota, sendsPerMinute }: Settings, now: Date): void {
  // No page says with which status.
  if (submissionQuota) {
    throw new Refused(429, 'ErrorSubmissionQuotaExceeded', "The message can't be sent because the sender's submission quota was exceeded.");
  }
  const recent = (times.get(mailbox) ?? []).filter((time) => time > now.getTime() - MINUTE);
  if (sendsPerMinute && recent.length >= sendsPerMinute) {
    const wait = Math.ceil(((recent[0] ?? 0) + MINUTE - now.getTime()) / 1000);
    throw new Refused(429, 'ApplicationThrottled', 'Application is over its limit of messages in a minute.', { 'retry-after': String(Math.max(wait, 1)) });
  }
  times.set(mailbox, [...recent, now.getTime()]);
}

/** The address under which a message leaves: its own if the mailbox has it. */
function senderOf(mailbox: Mailbox, { from }: StoredMessage, settings: Settings): Address {
  const own = addressesOf(mailbox.login, settings);
  const owner: Address = { name: mailbox.login.split('@')[0] ?? '', address: mailbox.login };
  if (!from) return owner;
  const address = own.find((one) => one.toLowerCase() === from.address.toLowerCase());
  if (address) return { name: from.name || owner.name, address };
  if (settings.sendAs === 'refuse') {
    throw new Refused(403, 'ErrorSendAsDenied', 'The user account which was used to submit this request does not have the right to send mail on behalf of the specified sending account., Cannot submit message.');
  }
  return owner;
}

function checkRecipients(message: StoredMessage): void {
  const recipients = recipientsOf(message);
  if (recipients.length === 0 || recipients.some((address) => !/^[^\s@<>]+@[^\s@<>]+$/.test(address))) {
    throw new Refused(400, 'ErrorInvalidRecipients', 'At least one recipient is not valid., Invalid recipients.');
  }
}

/** Accepts a message for sending, or refuses it. */
function accept(mailbox: Mailbox, message: StoredMessage, way: Way, isSaved: boolean, { settings, now }: GraphContext): Answer {
  checkRecipients(message);
  const from = senderOf(mailbox, message, settings);
  checkSize(message, settings);
  checkQuota(mailbox, settings, now());
  submit(mailbox, { message, from, way, isSaved }, settings);
  return accepted();
}

/** What `sendMail` says: a message, and whether a copy is kept. */
function wantedOf(request: GraphRequest): { composed: Composed; isSaved: boolean } {
  if (isMime(request)) return { composed: composedOfMime(mimeBytes(request)), isSaved: true };
  const { message, saveToSentItems = true } = parametersOf(jsonOf(request), ['message', 'saveToSentItems']);
  if (!isObject(message)) throw unread("The parameter 'message' is missing.");
  return { composed: composedOf(message), isSaved: booleanOf(saveToSentItems, 'saveToSentItems') };
}

/** Answers what sends; nothing for other requests. @param folder The folder of the path. */
export function handleSending(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const { settings } = context;
  const [kind, id = '', action = '', ...rest] = request.segments;
  if (kind === 'sendMail' && !id) {
    if (request.method !== 'POST') return notAllowed();
    const { composed, isSaved } = wantedOf(request);
    return accept(mailbox, draftOf(mailbox, composed, settings, context.now()), 'sendMail', isSaved, context);
  }
  if (kind !== 'messages' || !SENDING.includes(action) || rest.length) return undefined;
  if (request.method !== 'POST') return notAllowed();
  const message = messageAt(mailbox, id, folder);
  if (action !== 'send') {
    const way = action as ReplyKind;
    return accept(mailbox, answerOf(request, mailbox, message, way, settings, context.now()), way, true, context);
  }
  if (!message.isDraft) throw new Refused(400, 'ErrorInvalidOperation', 'The message is not a draft.');
  // It is sent once, however often that is asked.
  if (isUnderWay(mailbox, message)) return accepted();
  return accept(mailbox, message, 'send', true, context);
}
