// Faults of calls that send or make drafts, besides those of every change: the answer is lost when the mail was sent and is in
// Sent Items, or there is none at all. After a fault of writing-faults.ts that ends with `after` the mail is still under way.

import { setTimeout as wait } from 'node:timers/promises';
import { type Answer, gatewayTimeout, type GraphContext } from './context.ts';
import type { Fault } from './faults.ts';
import { whenSent } from './outbox.ts';
import { mailboxOf } from './store.ts';
import { lost } from './writing-faults.ts';

/** No answer until the client leaves, or for this time; then the connection is closed. */
async function silence({ signal }: GraphContext, seconds = 600): Promise<Answer> {
  await wait(seconds * 1000, undefined, { signal }).catch(() => {});
  return lost();
}

const sent = ({ login, settings }: GraphContext): Promise<void> => whenSent(mailboxOf(login, settings));

export const SENDING_FAULTS: Record<string, Fault> = {
  'gateway-timeout-sent': async (_, sound, context) => {
    await sound();
    await sent(context);
    return gatewayTimeout();
  },
  'lost-sent': async (_, sound, context) => {
    await sound();
    await sent(context);
    return lost();
  },
  // A connection that neither answers nor ends.
  'silent-before': ({ seconds }, _, context) => silence(context, seconds),
  'silent-after': async ({ seconds }, sound, context) => {
    await sound();
    return silence(context, seconds);
  },
  /** It says that it has accepted, and does nothing. */
  forgotten: () => ({ status: 202, headers: { 'content-length': '0' } }),
};
