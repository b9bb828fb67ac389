// Drafts: new ones, and answers to a message or its forward as drafts. Their files are attached in one request each; larger
// ones by an upload session (uploads.ts).

import { type Answer, type GraphContext, type GraphRequest, itemNotFound, malformedId, refusal, Refused } from './context.ts';
import { render } from './attachments.ts';
import { answerOf, composedIn, copiesOf, draftOf, type ReplyKind } from './compose.ts';
import { isWellFormed } from './ids.ts';
import { type Mailbox, type StoredFolder, type StoredMessage, timeOf } from './mailbox.ts';
import { type AttachmentInput, attachmentOf, jsonOf } from './message-input.ts';
import { checkContent } from './message-writing.ts';
import { answerMessage, messageAt, renderingOf } from './messages.ts';
import { appliedIds } from './preferences.ts';
import { contextOf } from './query.ts';
import { checkSize } from './sizes.ts';

const KINDS: Record<string, ReplyKind> = { createReply: 'reply', createReplyAll: 'replyAll', createForward: 'forward' };

/** Puts a draft into the mailbox, and answers it. */
function created(request: GraphRequest, mailbox: Mailbox, context: GraphContext, draft: StoredMessage): Answer {
  checkSize(draft, context.settings);
  mailbox.add(draft);
  return answerMessage(request, mailbox, draft, context, 201);
}

/** Answers what creates a draft; nothing for other requests. @param folder The folder of the path. */
export function handleDrafts(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const [kind, id, action, ...rest] = request.segments;
  if (kind !== 'messages' || request.method !== 'POST' || rest.length) return undefined;
  if (id === undefined) {
    if (folder && folder.search !== null) throw new Refused(400, 'ErrorInvalidRequest', 'A search folder has no own messages.');
    const draft = draftOf(mailbox, composedIn(request), context.settings, context.now());
    return created(request, mailbox, context, { ...draft, folder: folder?.id ?? draft.folder });
  }
  const reply = KINDS[action ?? ''];
  if (!reply) return undefined;
  const original = messageAt(mailbox, id, folder);
  return created(request, mailbox, context, answerOf(request, mailbox, original, reply, context.settings, context.now()));
}

/** The draft of a path. The attachments of other messages are content, which is final. */
export function draftAt(mailbox: Mailbox, id: string, context: GraphContext, folder?: StoredFolder): StoredMessage {
  const message = messageAt(mailbox, id, folder);
  checkContent(message, context);
  return message;
}

/** Puts a file at a draft. @returns Its key. */
export function attach(mailbox: Mailbox, draft: StoredMessage, file: AttachmentInput, { settings, now }: Pick<GraphContext, 'settings' | 'now'>): number {
  checkSize(draft, settings, file.content.length);
  const [stored] = copiesOf(mailbox, [file], timeOf(now()));
  if (!stored) throw new Error('one attachment has one copy');
  draft.attachments.push(stored);
  mailbox.ids.add('attachment', stored.key, draft.moves);
  mailbox.touch(draft, now());
  return stored.key;
}

/** Answers what attaches a file to a draft or removes one; nothing for other requests. */
export function handleDraftAttachments(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const [kind, messageId = '', part, id, ...rest] = request.segments;
  if (kind !== 'messages' || part !== 'attachments' || rest.length) return undefined;
  if (request.method === 'DELETE' && id !== undefined) {
    const draft = draftAt(mailbox, messageId, context, folder);
    const place = draft.attachments.findIndex(({ key }) => key === mailbox.ids.find('attachment', id));
    if (place < 0) return isWellFormed(id) ? itemNotFound() : malformedId();
    for (const { key } of draft.attachments.splice(place, 1)) mailbox.ids.end('attachment', key, draft.moves, true);
    mailbox.touch(draft, context.now());
    return { status: 204 };
  }
  if (request.method !== 'POST' || id !== undefined) return undefined;
  const draft = draftAt(mailbox, messageId, context, folder);
  if (request.body.length === 0) return refusal(400, 'BadRequest', 'Empty Payload. JSON content expected.');
  const key = attach(mailbox, draft, attachmentOf(jsonOf(request)), context);
  const stored = draft.attachments.find((one) => one.key === key);
  if (!stored) return itemNotFound();
  const { rendering: { immutable } } = renderingOf(request, context);
  return {
    status: 201,
    headers: appliedIds(request),
    json: { '@odata.context': contextOf(request, "users('me')/messages('id')/attachments/$entity"), ...render(mailbox, draft, stored, immutable, false) },
  };
}
