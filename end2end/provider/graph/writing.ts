// Everything that changes what is in a mailbox, except for what makes and sends messages.

import { handleCategoryWriting } from './category-writing.ts';
import { handleContactWriting } from './contact-writing.ts';
import type { Answer, GraphContext, GraphRequest } from './context.ts';
import { handleFolderWriting } from './folder-writing.ts';
import type { Mailbox, StoredFolder } from './mailbox.ts';
import { handleMessageWriting } from './message-writing.ts';

/** Answers a change; nothing for other calls. `folder` is the mail folder of the path, if it names one. */
export function handleWriting(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  return handleMessageWriting(request, mailbox, context, folder)
    ?? handleFolderWriting(request, mailbox, context)
    ?? handleContactWriting(request, mailbox, context)
    ?? handleCategoryWriting(request, mailbox, context);
}
