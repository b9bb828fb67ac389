// The contacts of a mailbox of the stand-in: folders, contacts, and the changes that a delta reports.

import { createHash } from 'node:crypto';
import type { Contact } from '@microsoft/microsoft-graph-types';
import type { Settings } from '../settings.mjs';
import { seedContacts } from './contact-seed.ts';
import { folderId, isWellFormed } from './ids.ts';
import { type Mailbox, timeOf } from './mailbox.ts';

/** The fields of a contact that its owner can write. */
export type ContactFields = Required<Omit<Contact,
  'id' | 'createdDateTime' | 'lastModifiedDateTime' | 'changeKey' | 'parentFolderId'
  | 'extensions' | 'multiValueExtendedProperties' | 'singleValueExtendedProperties' | 'photo'>>;

export interface StoredContactFolder {
  id: string;
  displayName: string;
  /** The root of the mailbox for the default folder, and otherwise a contact folder. */
  parent: string;
}

export interface StoredContact {
  key: number;
  /** The folder's id. */
  folder: string;
  /** How often it was moved; its changeable id differs after each move. */
  moves: number;
  /** How often it was changed; its etag differs after each change. */
  version: number;
  created: string;
  modified: string;
  fields: ContactFields;
  /** The bytes of a picture. */
  photo: Buffer | null;
}

/** A change of a folder: a contact came or was changed there, or left it. */
export interface ContactChange {
  number: number;
  folder: string;
  key: number;
  kind: 'written' | 'removed';
  /** How often the contact had been moved when it left. */
  moves: number;
}

/** The place of a client in a round of changes, under the token that it has. */
export interface DeltaState {
  of: 'contacts' | 'folders';
  /** The folder's id; empty for a round of folders. */
  folder: string;
  select: string[] | undefined;
  /** The items that this round has not reported yet: keys of contacts, places of folders. Empty at the end of a round. */
  left: number[];
  /** The number of changes, or of folders, at which the next round begins. */
  from: number;
  /** Whether it is the first round, which reports every item and no removal. */
  first: boolean;
}

export class ContactBook {
  readonly mailbox: Mailbox;
  /** The settings with which it was seeded. */
  readonly seed: string;
  readonly root: string;
  readonly defaultFolder: string;
  readonly folders = new Map<string, StoredContactFolder>();
  readonly contacts = new Map<number, StoredContact>();
  readonly changes: ContactChange[] = [];
  /** The ids of all folders in the order in which they were made. */
  readonly folderOrder: string[] = [];
  /** The tokens of `$skiptoken` and `$deltatoken`. A token that was dropped has expired. */
  readonly tokens = new Map<string, DeltaState>();
  private lastKey = 0;
  private lastToken = 0;

  constructor(mailbox: Mailbox, settings: Settings) {
    this.mailbox = mailbox;
    this.seed = seedOf(settings);
    this.root = folderId(mailbox.login, 'root of contacts');
    this.defaultFolder = this.addFolder(settings.language === 'de' ? 'Kontakte' : 'Contacts', this.root).id;
    seedContacts(this, settings.contacts);
  }

  addFolder(displayName: string, parent: string): StoredContactFolder {
    const id = folderId(this.mailbox.login, `contacts ${this.folderOrder.length}`);
    const folder = { id, displayName, parent };
    this.folders.set(id, folder);
    this.folderOrder.push(id);
    return folder;
  }

  /** The folder of an id or of the name `contacts`, which is the default one in each language. */
  folder(idOrName: string): StoredContactFolder | undefined {
    return this.folders.get(idOrName.toLowerCase() === 'contacts' ? this.defaultFolder : idOrName);
  }

  childrenOf(folder: string): StoredContactFolder[] {
    return [...this.folders.values()].filter(({ parent }) => parent === folder);
  }

  in(folder: string): StoredContact[] {
    return [...this.contacts.values()].filter((contact) => contact.folder === folder);
  }

  add(folder: string, fields: Partial<ContactFields>, at: Date): StoredContact {
    this.lastKey += 1;
    const time = timeOf(at);
    const contact: StoredContact = { key: this.lastKey, folder, moves: 0, version: 1, created: time, modified: time, fields: { ...EMPTY, ...kept(fields) }, photo: null };
    this.contacts.set(contact.key, contact);
    this.mailbox.ids.add('contact', contact.key, contact.moves);
    this.log(contact, 'written');
    return contact;
  }

  change(contact: StoredContact, fields: Partial<ContactFields>, at: Date): void {
    Object.assign(contact.fields, kept(fields));
    this.touch(contact, at);
    this.log(contact, 'written');
  }

  setPhoto(contact: StoredContact, photo: Buffer | null, at: Date): void {
    contact.photo = photo;
    this.touch(contact, at);
    this.log(contact, 'written');
  }

  /** Moves a contact as Outlook does on its owner's order; Graph has no such call. Its changeable id ends. */
  move(contact: StoredContact, folder: string, at: Date): void {
    this.log(contact, 'removed');
    this.mailbox.ids.end('contact', contact.key, contact.moves);
    contact.moves += 1;
    contact.folder = folder;
    this.mailbox.ids.add('contact', contact.key, contact.moves);
    this.touch(contact, at);
    this.log(contact, 'written');
  }

  remove(contact: StoredContact): void {
    this.log(contact, 'removed');
    this.mailbox.ids.end('contact', contact.key, contact.moves, true);
    this.contacts.delete(contact.key);
  }

  /** A contact by its id; `malformed` if the text cannot be an id. */
  find(id: string): StoredContact | 'malformed' | undefined {
    if (!isWellFormed(id)) return 'malformed';
    const key = this.mailbox.ids.find('contact', id);
    return key === undefined ? undefined : this.contacts.get(key);
  }

  idOf(key: number, moves: number, immutable: boolean): string {
    return this.mailbox.ids.idOf('contact', key, moves, immutable);
  }

  changeKeyOf({ key, version }: StoredContact): string {
    const bytes = createHash('sha256').update(`${this.mailbox.login} ${key} ${version}`).digest();
    return `EQAAAB${bytes.toString('base64').slice(0, 26)}`;
  }

  /** Keeps the place of a client and gives it a token. */
  tokenFor(state: DeltaState): string {
    this.lastToken += 1;
    const token = createHash('sha256').update(`${this.mailbox.login} ${this.seed} ${this.lastToken}`).digest('base64url');
    this.tokens.set(token, state);
    return token;
  }

  private touch(contact: StoredContact, at: Date): void {
    contact.version += 1;
    contact.modified = timeOf(at);
  }

  private log({ key, folder, moves }: StoredContact, kind: ContactChange['kind']): void {
    this.changes.push({ number: this.changes.length + 1, folder, key, kind, moves });
  }
}

/** A contact without any text: Graph leaves no field out of an answer without `$select`. */
const EMPTY: ContactFields = {
  categories: [], birthday: null, fileAs: '', displayName: '', givenName: null, initials: null, middleName: null,
  nickName: null, surname: null, title: null, yomiGivenName: null, yomiSurname: null, yomiCompanyName: null,
  generation: null, imAddresses: [], jobTitle: null, companyName: null, department: null, officeLocation: null,
  profession: null, businessHomePage: null, assistantName: null, manager: null, homePhones: [], mobilePhone: null,
  businessPhones: [], spouseName: null, personalNotes: '', children: [], emailAddresses: [], homeAddress: {},
  businessAddress: {}, otherAddress: {},
};

/** The number of addresses that Exchange keeps. */
const MAX_ADDRESSES = 3;

/** The fields as Exchange keeps them. */
function kept(fields: Partial<ContactFields>): Partial<ContactFields> {
  const { emailAddresses } = fields;
  return emailAddresses ? { ...fields, emailAddresses: emailAddresses.slice(0, MAX_ADDRESSES) } : fields;
}

const seedOf = ({ contacts, language }: Settings): string => JSON.stringify([contacts, language]);

const books = new WeakMap<Mailbox, ContactBook>();

/** The contacts of a mailbox, seeded at the first use and again if a setting of the seed has changed. */
export function contactsOf(mailbox: Mailbox, settings: Settings): ContactBook {
  const known = books.get(mailbox);
  if (known?.seed === seedOf(settings)) return known;
  const book = new ContactBook(mailbox, settings);
  books.set(mailbox, book);
  return book;
}
