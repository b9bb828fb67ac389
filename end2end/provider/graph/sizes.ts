// How large a message may be.

import type { Settings } from '../settings.mjs';
import { Refused } from './context.ts';
import type { StoredMessage } from './mailbox.ts';

/** "You can attach files up to 150 MB" (Microsoft, large attachments). */
export const MAX_FILE = 150 * 1024 * 1024;

/** A request, and one piece of an upload, has at most this number of bytes. */
export const MAX_REQUEST = 4 * 1024 * 1024;

export const tooLarge = (): Refused => new Refused(413, 'ErrorMessageSizeExceeded', 'The message exceeds the maximum supported size.');

/** Refuses what makes a message larger than the mailbox takes. @param more The number of bytes that are added. */
export function checkSize({ body, attachments }: StoredMessage, settings: Settings, more = 0): void {
  const size = attachments.reduce((sum, { content }) => sum + content.length, Buffer.byteLength(body) + more);
  if (size > settings.maxMessageBytes) throw tooLarge();
}
