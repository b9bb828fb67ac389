// Changes of a message: its properties, its folder, a copy, and its end.

import { accessDenied, allows, type Answer, type GraphContext, type GraphRequest, Refused, WRITE } from './context.ts';
import { folderAt } from './folders.ts';
import { destinationOf, objectOf } from './json-body.ts';
import type { Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { fieldsOf } from './message-fields.ts';
import { etagOf } from './message-json.ts';
import { answerMessage, messageAt } from './messages.ts';
import { checkEtag, checkQuickChange, noteChange } from './preconditions.ts';
import { unwritten } from './written.ts';

interface Call {
  request: GraphRequest;
  mailbox: Mailbox;
  context: GraphContext;
  /** The id in the path. */
  id: string;
  /** The folder of the path, in which the message then must be. */
  folder: StoredFolder | undefined;
}

const DONE: Answer = { status: 204 };

/** The content of a message that is not a draft is final for most programs. */
export function checkContent(message: StoredMessage, context: GraphContext): void {
  const { finalContent } = context.settings;
  if (message.isDraft || finalContent === 'changed' || allows(context, WRITE.content)) return;
  throw finalContent === 'denied' ? Refused.by(accessDenied()) : new Refused(400, 'ErrorInvalidPropertySet', 'Message is not draft.');
}

function change({ request, mailbox, context, id, folder }: Call): Answer {
  const message = messageAt(mailbox, id, folder);
  const json = objectOf(request);
  const { fields, isContent, wantsReadReceipt } = fieldsOf(json);
  if (isContent) checkContent(message, context);
  checkEtag(request, etagOf(message));
  if (Object.keys(json).length) {
    checkQuickChange(mailbox, message, context);
    Object.assign(message, fields);
    // Another object, because copies of the message share the one before.
    if (wantsReadReceipt !== undefined) message.written = { ...(message.written ?? { ...unwritten(), isReceived: !message.isDraft }), wantsReadReceipt };
    mailbox.touch(message, context.now());
    noteChange(message, context);
  }
  return answerMessage(request, mailbox, message, context, 200);
}

/** The folder into which a message is moved or copied. */
function destination({ request, mailbox }: Call): StoredFolder {
  const folder = folderAt(mailbox, destinationOf(request));
  // No page says how Exchange refuses it.
  if (folder.search !== null) throw new Refused(400, 'ErrorMoveCopyFailed', 'The move or copy operation failed.');
  return folder;
}

function move(call: Call): Answer {
  const { request, mailbox, context, id, folder } = call;
  const message = messageAt(mailbox, id, folder);
  const to = destination(call);
  checkQuickChange(mailbox, message, context);
  mailbox.move(message, to.id, context.now());
  noteChange(message, context);
  return answerMessage(request, mailbox, message, context, 201);
}

function copy(call: Call): Answer {
  const { request, mailbox, context, id, folder } = call;
  const message = messageAt(mailbox, id, folder);
  const made = mailbox.copy(message, destination(call).id, context.now());
  return answerMessage(request, mailbox, made, context, 201);
}

function remove({ request, mailbox, context, id, folder }: Call): Answer {
  // Others report it of deleted messages, whose immutable id still finds them (msgraph-sdk-dotnet, issue 3047).
  if (mailbox.isRecoverable(id)) throw new Refused(403, 'ErrorCannotDeleteObject', 'Object cannot be deleted.');
  const message = messageAt(mailbox, id, folder);
  checkEtag(request, etagOf(message));
  checkQuickChange(mailbox, message, context);
  const isInTrash = mailbox.isWithin(message.folder, mailbox.wellKnown('deleteditems').id);
  const to = isInTrash ? 'recoverableitemsdeletions' : context.settings.deletedGoTo;
  mailbox.move(message, mailbox.wellKnown(to).id, context.now());
  noteChange(message, context);
  return DONE;
}

function purge({ request, mailbox, context, id, folder }: Call): Answer {
  if (!context.settings.permanentDelete) throw new Refused(400, 'BadRequest', `Resource not found for the segment '${request.segments[2] ?? ''}'.`);
  const message = messageAt(mailbox, id, folder);
  checkQuickChange(mailbox, message, context);
  mailbox.purge(message);
  return DONE;
}

/** By the method and the segment after the id, in small letters. */
const CALLS: Record<string, (call: Call) => Answer> = {
  PATCH: change,
  DELETE: remove,
  'POST move': move,
  'POST copy': copy,
  'POST permanentdelete': purge,
};

/** Answers what changes a message that is there; nothing for other calls. */
export function handleMessageWriting(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const [kind, id, ...below] = request.segments;
  const perform = CALLS[[request.method, ...below.map((segment) => segment.toLowerCase())].join(' ')];
  if (kind !== 'messages' || id === undefined || !perform) return undefined;
  if (!allows(context, WRITE.mail)) return accessDenied();
  return perform({ request, mailbox, context, id, folder });
}
