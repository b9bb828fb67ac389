// What a test does to a mailbox from outside, as its owner does in a mail program: mail arrives, is moved, changed and
// removed, folders are made and renamed.

import type { Settings } from '../settings.mjs';
import { expireTokens } from './delta.ts';
import { deliver, type MessageWish } from './deliver.ts';
import { conversationId, folderId } from './ids.ts';
import { type Mailbox, type StoredMessage, timeOf } from './mailbox.ts';
import { mailboxOf } from './store.ts';

export type Action =
  /** Mail arrives: `count` messages, a minute apart, each in a conversation of its own unless `message` names one. */
  | { do: 'deliver'; message?: MessageWish; count?: number }
  /** `to` is a folder's id or a well-known name. */
  | { do: 'move'; id: string; to: string }
  | { do: 'change'; id: string; to: Partial<Pick<StoredMessage, 'isRead' | 'flag' | 'categories' | 'subject' | 'body' | 'importance'>> }
  | { do: 'remove'; id: string }
  | { do: 'make-folder'; name: string; parent?: string; isHidden?: boolean }
  | { do: 'rename-folder'; id: string; name: string }
  | { do: 'remove-folder'; id: string }
  /** Answers the messages that were deleted for good. */
  | { do: 'list-purges' }
  /** Every token of changes expires. */
  | { do: 'expire' };

/** A message or folder that an action made or changed. */
export interface Done {
  /** The changeable id of a message; a folder's id. */
  id?: string;
  immutableId?: string;
  internetMessageId?: string;
  conversationId?: string;
  folderId?: string;
}

function describe(mailbox: Mailbox, message: StoredMessage): Done {
  const idOf = (immutable: boolean): string => mailbox.ids.idOf('message', message.key, message.moves, immutable);
  return {
    id: idOf(false),
    immutableId: idOf(true),
    internetMessageId: message.internetMessageId,
    conversationId: conversationId(mailbox.login, message.conversation),
    folderId: message.folder,
  };
}

function found<T>(item: T | undefined, what: string): T {
  if (item === undefined) throw new Error(`the mailbox has no ${what}`);
  return item;
}

function deliverAll(mailbox: Mailbox, { message = {}, count = 1 }: { message?: MessageWish; count?: number }, now: Date): Done[] {
  const start = message.at === undefined ? now.getTime() : Date.parse(message.at);
  return Array.from({ length: count }, (_, number) => {
    const wish = { ...message, at: timeOf(new Date(start + number * 60_000)) };
    return describe(mailbox, deliver(mailbox, wish, now));
  });
}

function perform(mailbox: Mailbox, action: Action, now: Date): Done[] {
  if (action.do === 'deliver') return deliverAll(mailbox, action, now);
  if (action.do === 'list-purges') return mailbox.purges.map((message) => describe(mailbox, message));
  if (action.do === 'expire') {
    expireTokens(mailbox);
    return [{}];
  }
  if (action.do === 'make-folder') {
    const parent = found(mailbox.folder(action.parent ?? 'msgfolderroot'), 'such folder');
    const id = folderId(mailbox.login, `made ${mailbox.folderChanges.length}`);
    mailbox.putFolder({ id, displayName: action.name, parent: parent.id, wellKnown: null, isHidden: action.isHidden ?? false, search: null });
    return [{ id }];
  }
  if (action.do === 'rename-folder') {
    const folder = found(mailbox.folder(action.id), 'such folder');
    mailbox.putFolder({ ...folder, displayName: action.name });
    return [{ id: folder.id }];
  }
  if (action.do === 'remove-folder') {
    mailbox.removeFolder(found(mailbox.folder(action.id), 'such folder').id);
    return [{}];
  }
  const message = found(mailbox.message(action.id), 'such message');
  if (action.do === 'remove') {
    mailbox.remove(message);
    return [{}];
  }
  if (action.do === 'move') {
    mailbox.move(message, found(mailbox.folder(action.to), 'such folder').id, now);
  } else {
    Object.assign(message, action.to);
    mailbox.touch(message, now);
  }
  return [describe(mailbox, message)];
}

/** Does everything in its order. */
export function control({ login, actions }: { login: string; actions: Action[] }, settings: Settings): Done[] {
  const mailbox = mailboxOf(login, settings);
  return actions.flatMap((action) => perform(mailbox, action, new Date()));
}
