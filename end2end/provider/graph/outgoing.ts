// Everything about mail that a program writes and sends: sending, drafts, their files, and upload sessions.

import type { Answer, GraphContext, GraphRequest } from './context.ts';
import { handleDraftAttachments, handleDrafts } from './drafts.ts';
import type { Mailbox, StoredFolder } from './mailbox.ts';
import { handleSending } from './sending.ts';
import { handleUploadSessions } from './uploads.ts';

export { controlSent, type SentWish } from './sent-control.ts';

/** Answers a call that writes a draft or sends; nothing for other calls. @param folder The folder of the path. */
export function handleOutgoing(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  return handleSending(request, mailbox, context, folder)
    ?? handleDrafts(request, mailbox, context, folder)
    ?? handleUploadSessions(request, mailbox, context, folder)
    ?? handleDraftAttachments(request, mailbox, context, folder);
}
