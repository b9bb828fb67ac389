// What a message has besides the usual properties because a program wrote it through Graph: its own headers, the messages
// before it, and the MIME in which it came.

import { createHash } from 'node:crypto';
import type { StoredMessage } from './mailbox.ts';
import type { Header } from './mime.ts';

/** A message as its program wrote it in MIME. */
export interface MimeSource {
  /** In their order and as they came, lines folded. Without those that Exchange writes itself. */
  headers: Header[];
  /** Everything after the empty line. */
  body: Buffer;
  /** The print of the message when it was made of this MIME. */
  print: string;
}

export interface Written {
  /** Whether it came from another mailbox, or from this one to itself. Otherwise it is the sender's own copy. */
  isReceived: boolean;
  /** The ids of the messages before it, the oldest first, as the header `References` has them. */
  references: string | null;
  /** Headers with names that begin with `x-`. */
  headers: Header[];
  wantsReadReceipt: boolean;
  source: MimeSource | null;
}

export const unwritten = (): Written => ({ isReceived: false, references: null, headers: [], wantsReadReceipt: false, source: null });

/** A text that differs if a property differs that the MIME of the message shows. */
export function printOf({ subject, body, to, cc, replyTo, importance, attachments, internetMessageId }: StoredMessage): string {
  const shown = [subject, body, to, cc, replyTo, importance, internetMessageId, attachments.map(({ name, isInline, content }) => [name, isInline, content.length])];
  return createHash('sha256').update(JSON.stringify(shown)).digest('base64');
}

/** The MIME in which the message came, unless it was changed after. */
export function sourceOf(message: StoredMessage): MimeSource | null {
  const source = message.written?.source ?? null;
  return source && source.print === printOf(message) ? source : null;
}
