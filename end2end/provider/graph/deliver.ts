// Makes a message from what a seed or a test says about it; everything else has a usual value.

import type { StoredAttachment } from './context.ts';
import { inMemory } from './content.ts';
import { checkItem } from './items.ts';
import { type Address, type Mailbox, type StoredMessage, timeOf } from './mailbox.ts';

/** An attachment to be made. A file has `text`, `base64` or a number of bytes; an item has MIME, a vCard or iCalendar as `text`. */
export interface AttachmentWish {
  kind?: StoredAttachment['kind'];
  name: string;
  contentType?: string;
  text?: string;
  base64?: string;
  size?: number;
  isInline?: boolean;
  contentId?: string;
  sourceUrl?: string;
}

/** A message to be made. `folder` is an id or a well-known name; `at` is when it was sent and received. */
export interface MessageWish extends Partial<Omit<StoredMessage, 'key' | 'moves' | 'changed' | 'attachments' | 'created' | 'modified'>> {
  at?: string;
  attachments?: AttachmentWish[];
}

/** The bytes of a file whose content does not matter. They do not compress to nothing and differ along the file. */
function filler(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 1) bytes[at] = (at * 31 + (at >>> 8)) & 0xff;
  return bytes;
}

function bytesOf({ text, base64, size }: AttachmentWish): Buffer {
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  return text === undefined ? filler(size ?? 0) : Buffer.from(text);
}

function attachmentOf(wish: AttachmentWish, key: number, at: string): StoredAttachment {
  const kind = wish.kind ?? 'file';
  const bytes = kind === 'reference' ? Buffer.alloc(0) : bytesOf(wish);
  if (kind === 'item') checkItem(bytes);
  return {
    key,
    kind,
    name: wish.name,
    contentType: kind === 'item' ? null : wish.contentType ?? 'application/octet-stream',
    content: inMemory(bytes),
    isInline: wish.isInline ?? false,
    contentId: wish.contentId ?? null,
    lastModified: at,
    ...(kind === 'reference' && { sourceUrl: wish.sourceUrl ?? `https://contoso.sharepoint.test/${encodeURIComponent(wish.name)}` }),
  };
}

/** Puts a message into the mailbox. */
export function deliver(mailbox: Mailbox, wish: MessageWish, now: Date): StoredMessage {
  const folder = mailbox.folder(wish.folder ?? 'inbox');
  if (!folder) throw new Error(`no folder is called ${wish.folder}`);
  const key = mailbox.nextKey();
  const at = wish.at ?? timeOf(now);
  const owner: Address = { name: mailbox.login.split('@')[0] ?? '', address: mailbox.login };
  const fromOwner = folder.wellKnown === 'sentitems' || folder.wellKnown === 'drafts';
  const colleague: Address = { name: 'Grace Hopper', address: 'grace@fabrikam.test' };
  const { attachments, at: _, ...given } = wish;
  const message: StoredMessage = {
    key,
    moves: 0,
    changed: 0,
    created: at,
    received: at,
    sent: at,
    modified: at,
    internetMessageId: `<${key}.${Buffer.from(mailbox.login).toString('hex').slice(-16)}@mail.contoso.test>`,
    conversation: `conversation ${key}`,
    subject: `Message ${key}`,
    body: `<html><body><p>This is message ${key}.</p></body></html>`,
    from: fromOwner ? owner : colleague,
    to: fromOwner ? [colleague] : [owner],
    cc: [],
    bcc: [],
    replyTo: [],
    importance: 'normal',
    isRead: fromOwner,
    isDraft: folder.wellKnown === 'drafts',
    isHidden: false,
    flag: 'notFlagged',
    categories: [],
    inReplyTo: null,
    ...given,
    folder: folder.id,
    attachments: (attachments ?? []).map((one) => attachmentOf(one, mailbox.nextKey(), at)),
  };
  mailbox.add(message);
  return message;
}
