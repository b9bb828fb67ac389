// What administrators do with accounts: they connect, test, pause and delete them, and owners sign in again.

import { randomBytes, randomInt } from 'node:crypto';
import type { Administrator } from './administrator.ts';
import { FOR_MAILBOXES, type Mailboxes } from './ledger.ts';
import { connectMailbox } from './owner.ts';

/** The limit of accounts for each administrator. */
const MOST = 8;

/** The connector of this administrator through which mailboxes are connected. A new one if the last try was interrupted. */
async function connectorOf(administrator: Administrator, mailboxes: Mailboxes, prefix: string): Promise<string> {
  const known = mailboxes.connectors.get(prefix);
  if (known) return known;
  const id = await administrator.add(`${FOR_MAILBOXES} ${prefix}${randomBytes(6).toString('hex')}`);
  await administrator.verify(id);
  mailboxes.connectors.set(prefix, id);
  return id;
}

/** Makes one change of an account. */
export async function changeMailbox(administrator: Administrator, mailboxes: Mailboxes, prefix: string): Promise<void> {
  const connector = await connectorOf(administrator, mailboxes, prefix);
  const mine = mailboxes.certain(prefix);
  const one = mine[randomInt(Math.max(1, mine.length))];
  const dice = randomInt(10);
  if (!one || (dice < 3 && mine.length < MOST)) {
    const [email, added] = [`${prefix}${randomBytes(6).toString('hex')}@contoso.test`, { paused: false }];
    mailboxes.begin(email, added);
    await connectMailbox(administrator, connector, email);
    mailboxes.done(email, added, await administrator.findAccount(email));
  } else if (dice < 4) {
    // It signs in again, and stays as it is.
    await connectMailbox(administrator, connector, one.key);
  } else if (dice < 7) {
    await administrator.testAccess(one.id);
  } else if (dice < 9 || !administrator.mayDelete()) {
    const changed = { paused: !one.entry.paused };
    mailboxes.begin(one.key, changed);
    await administrator.pause(one.id, changed.paused);
    mailboxes.done(one.key, changed);
  } else {
    mailboxes.begin(one.key, undefined);
    await administrator.deleteAccount(one.id);
    mailboxes.done(one.key, undefined);
  }
}
