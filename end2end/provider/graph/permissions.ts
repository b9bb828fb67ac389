// The permissions of the calls that write drafts and send (Microsoft Graph, the page of each call). Sending needs no
// permission to read: a program with Mail.Send alone can answer a message whose id it knows.

import { type GraphRequest, WRITE } from './context.ts';

const SEND = ['Mail.Send'] as const;

/** Actions on a message. */
export const SENDING = ['send', 'reply', 'replyAll', 'forward'];
export const DRAFTING = ['createReply', 'createReplyAll', 'createForward'];

/** The permissions of a call that writes a draft, its attachments, or sends; nothing for other calls. */
export function neededToSend({ method, segments: [kind, id, below] }: GraphRequest): readonly string[] | undefined {
  if (kind === 'sendMail') return SEND;
  if (kind !== 'messages') return undefined;
  if (below === 'attachments' && method !== 'GET') return WRITE.mail;
  if (method !== 'POST') return undefined;
  if (id === undefined) return WRITE.mail;
  if (below === undefined) return undefined;
  if (SENDING.includes(below)) return SEND;
  return DRAFTING.includes(below) ? WRITE.mail : undefined;
}
