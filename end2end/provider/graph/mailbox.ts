// One mailbox of the stand-in for Graph: its folders, its messages, and the ids that it has given out.

import type { StoredAttachment } from './context.ts';
import { IdBook } from './ids.ts';
import type { Written } from './written.ts';

/** A person at a message. */
export interface Address {
  name: string;
  address: string;
}

export interface StoredFolder {
  id: string;
  /** The well-known name, if it has one. */
  wellKnown: string | null;
  displayName: string;
  /** Null for the root. */
  parent: string | null;
  isHidden: boolean;
  /** A search folder holds the messages that its filter finds; it has no own ones. */
  search: string | null;
}

/** The dates of a flag. */
export type FlagDates = Partial<Record<'startDateTime' | 'dueDateTime' | 'completedDateTime', { dateTime: string; timeZone: string }>>;

export interface StoredMessage {
  key: number;
  /** The folder's id. */
  folder: string;
  /** How often it was moved; its changeable id differs after each move. */
  moves: number;
  /** The number of the mailbox's change that touched it last. */
  changed: number;
  created: string;
  received: string;
  sent: string;
  modified: string;
  internetMessageId: string;
  conversation: string;
  subject: string;
  /** HTML. */
  body: string;
  from: Address | null;
  to: Address[];
  cc: Address[];
  bcc: Address[];
  replyTo: Address[];
  importance: 'low' | 'normal' | 'high';
  isRead: boolean;
  isDraft: boolean;
  /** Whether a mail program keeps it for itself, as it does with its views. */
  isHidden: boolean;
  flag: 'notFlagged' | 'flagged' | 'complete';
  flagDates?: FlagDates;
  /** Focused if it is not given. */
  inference?: 'focused' | 'other';
  categories: string[];
  inReplyTo: string | null;
  attachments: StoredAttachment[];
  /** Only if a program wrote it through Graph. */
  written?: Written;
}

/** A change that a delta reports: the message came into the folder or changed there, or left it. */
export interface Change {
  number: number;
  folder: string;
  key: number;
  kind: 'created' | 'updated' | 'removed';
  /** Whether the message is hidden; no delta reports it then. */
  isHidden: boolean;
  /** The id under which the folder had a message that left. */
  changeableId: string;
}

export interface Category {
  id: string;
  displayName: string;
  color: string;
}

/** A folder was made, renamed or removed. */
export interface FolderChange {
  number: number;
  id: string;
}

/** A time as Exchange has it: in whole seconds. */
export const timeOf = (at: Date): string => at.toISOString().replace(/\.\d+Z$/, 'Z');

/** Other parts that store something for a mailbox keep it in a WeakMap of the mailbox. */
export class Mailbox {
  readonly login: string;
  /** The settings with which it was seeded. */
  readonly seed: string;
  readonly ids: IdBook;
  readonly folders = new Map<string, StoredFolder>();
  readonly messages = new Map<number, StoredMessage>();
  readonly changes: Change[] = [];
  readonly folderChanges: FolderChange[] = [];
  categories: Category[] = [];
  /** The messages that were deleted for good. No call of Graph reaches them. */
  readonly purges: StoredMessage[] = [];
  private lastKey = 0;

  constructor(login: string, seed: string) {
    this.login = login;
    this.seed = seed;
    this.ids = new IdBook(login);
  }

  /** A key that no item of this mailbox has had. */
  nextKey(): number {
    this.lastKey += 1;
    return this.lastKey;
  }

  /** The folder of an id or a well-known name. */
  folder(idOrName: string): StoredFolder | undefined {
    const byId = this.folders.get(idOrName);
    if (byId) return byId;
    const name = idOrName.toLowerCase();
    return [...this.folders.values()].find((folder) => folder.wellKnown === name);
  }

  /** The folder of a well-known name that each mailbox has. */
  wellKnown(name: string): StoredFolder {
    const folder = this.folder(name);
    if (!folder) throw new Error(`the mailbox has no folder ${name}`);
    return folder;
  }

  /** The message of an id of either sort. One among the recoverable items is found only if `folder` is their folder. */
  message(id: string, folder?: string): StoredMessage | undefined {
    const message = this.messages.get(this.ids.find('message', id) ?? 0);
    return message && (message.folder === folder || message.folder !== this.recoverable) ? message : undefined;
  }

  /** Whether the id is that of a message among the recoverable items. */
  isRecoverable(id: string): boolean {
    return this.messages.get(this.ids.find('message', id) ?? 0)?.folder === this.recoverable;
  }

  /** The folder whose messages no list of the mailbox has. */
  get recoverable(): string {
    return this.wellKnown('recoverableitemsdeletions').id;
  }

  /** Whether a folder is another one or is somewhere below it. */
  isWithin(folder: string, other: string): boolean {
    const parent = this.folders.get(folder)?.parent ?? null;
    return folder === other || (parent !== null && this.isWithin(parent, other));
  }

  childrenOf(folder: string): StoredFolder[] {
    return [...this.folders.values()].filter(({ parent }) => parent === folder);
  }

  /** Puts a folder into the tree, or records that it was renamed. */
  putFolder(folder: StoredFolder): void {
    this.folders.set(folder.id, folder);
    this.logFolder(folder.id);
  }

  /** Removes a folder with everything in it. */
  removeFolder(id: string): void {
    for (const child of this.childrenOf(id)) this.removeFolder(child.id);
    for (const message of [...this.messages.values()]) if (message.folder === id) this.remove(message);
    this.folders.delete(id);
    this.logFolder(id);
  }

  /** Puts a message into its folder. */
  add(message: StoredMessage): void {
    this.messages.set(message.key, message);
    this.ids.add('message', message.key, message.moves);
    for (const attachment of message.attachments) this.ids.add('attachment', attachment.key, message.moves);
    this.log(message, 'created');
  }

  /** Records that a message was changed where it is. */
  touch(message: StoredMessage, at: Date): void {
    message.modified = timeOf(at);
    this.log(message, 'updated');
  }

  /** Moves a message. Its changeable id and those of its attachments end. */
  move(message: StoredMessage, folder: string, at: Date): void {
    this.log(message, 'removed');
    for (const { kind, key } of this.partsOf(message)) this.ids.end(kind, key, message.moves);
    message.moves += 1;
    message.folder = folder;
    message.modified = timeOf(at);
    for (const { kind, key } of this.partsOf(message)) this.ids.add(kind, key, message.moves);
    this.log(message, 'created');
  }

  /** Puts a copy of a message into a folder. */
  copy(message: StoredMessage, folder: string, at: Date): StoredMessage {
    const attachments = message.attachments.map((attachment) => ({ ...attachment, key: this.nextKey() }));
    const time = timeOf(at);
    const made = { ...message, key: this.nextKey(), folder, moves: 0, created: time, modified: time, categories: [...message.categories], attachments };
    this.add(made);
    return made;
  }

  /** Deletes a message for good, so that only the holds of an administrator reach it. */
  purge(message: StoredMessage): void {
    this.purges.push(message);
    this.remove(message);
  }

  /** Removes a message for good. */
  remove(message: StoredMessage): void {
    this.log(message, 'removed');
    for (const { kind, key } of this.partsOf(message)) this.ids.end(kind, key, message.moves, true);
    this.messages.delete(message.key);
  }

  private partsOf(message: StoredMessage): { kind: 'message' | 'attachment'; key: number }[] {
    const attachments = message.attachments.map(({ key }) => ({ kind: 'attachment' as const, key }));
    return [{ kind: 'message', key: message.key }, ...attachments];
  }

  private logFolder(id: string): void {
    this.folderChanges.push({ number: this.folderChanges.length + 1, id });
  }

  private log(message: StoredMessage, kind: Change['kind']): void {
    const number = this.changes.length + 1;
    const changeableId = this.ids.idOf('message', message.key, message.moves, false);
    this.changes.push({ number, folder: message.folder, key: message.key, kind, isHidden: message.isHidden, changeableId });
    message.changed = number;
  }
}
