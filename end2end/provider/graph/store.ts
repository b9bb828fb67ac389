// All mailboxes of the stand-in. Each is made when it is first asked for.

import type { Settings } from '../settings.mjs';
import type { Mailbox } from './mailbox.ts';
import { seedMailbox, seedOf } from './seed.ts';

const mailboxes = new Map<string, Mailbox>();

/** The domain of the stand-in's own accounts. Every address of it has a mailbox. */
const DOMAIN = '@contoso.test';

/** Whether a log-in has a mailbox here: one of another domain does if it was asked for. */
export const isMailbox = (login: string): boolean => login.endsWith(DOMAIN) || mailboxes.has(login);

/** The mailbox of a log-in, seeded again if the settings of its seed have changed. */
export function mailboxOf(login: string, settings: Settings): Mailbox {
  const name = login.toLowerCase();
  const known = mailboxes.get(name);
  if (known && known.seed === seedOf(settings)) return known;
  const mailbox = seedMailbox(name, settings);
  mailboxes.set(name, mailbox);
  return mailbox;
}
