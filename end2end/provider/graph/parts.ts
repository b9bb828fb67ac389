// The parts of the stand-in besides messages and mail folders, in one place for its server: contacts, attachments, the
// owner, the translation of ids, batches, limits and faults, and what a test does to them.

import type { Settings } from '../settings.mjs';
import { handleAttachments } from './attachments.ts';
import { handleBatch } from './batch.ts';
import { changeContacts, type ContactAction } from './contact-control.ts';
import { contactsOf } from './contact-store.ts';
import { handleContacts } from './contacts.ts';
import type { Answer, GraphContext, GraphRequest } from './context.ts';
import { controlGate, type GateWish, makeGate, pass, passBatch, type Passed } from './gate.ts';
import type { Mailbox, StoredFolder } from './mailbox.ts';
import { controlSent, handleOutgoing, type SentWish } from './outgoing.ts';
import { handleOwner } from './owner.ts';
import { mailboxOf } from './store.ts';
import { handleTranslation } from './translation.ts';
import { handleWriting } from './writing.ts';

/** One for all mailboxes of the process. */
const gate = makeGate(() => Date.now());

/**
 * Answers what changes something, and reads what is neither a message nor a mail folder; nothing for other paths.
 * @param folder The mail folder of the path, if it names one.
 */
export function handlePart(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  return handleOwner(request, context)
    ?? handleTranslation(request, mailbox, context, () => contactsOf(mailbox, context.settings).folders.keys())
    ?? handleWriting(request, mailbox, context, folder)
    ?? handleContacts(request, mailbox, context)
    ?? handleOutgoing(request, mailbox, context, folder)
    ?? handleAttachments(request, mailbox, context, folder);
}

/** Answers a whole `$batch`. */
export const answerBatch = (request: GraphRequest, context: GraphContext): Promise<Answer> =>
  passBatch(gate, request, context, () => handleBatch(request, context, gate));

/** Lets a request that came alone through the limit and the faults. */
export const throughGate = (request: GraphRequest, context: GraphContext, sound: () => Promise<Answer>): Promise<Passed> => pass(gate, request, context, sound);

/** Answers `POST /__contacts`, `POST /__gate` and `POST /__sent` of a test; nothing for other paths. */
export function controlPart(path: string, wanted: unknown, settings: Settings): unknown {
  if (path === '/__gate') return controlGate(gate, wanted as GateWish);
  if (path === '/__sent') return controlSent(wanted as SentWish, settings);
  if (path !== '/__contacts') return undefined;
  const { login, actions } = wanted as { login: string; actions: ContactAction[] };
  return changeContacts(mailboxOf(login, settings), actions, settings, new Date());
}
