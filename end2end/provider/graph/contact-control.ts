// What a test does to the contacts of a mailbox from outside, as its owner does in Outlook.

import type { Settings } from '../settings.mjs';
import { type ContactBook, type ContactFields, contactsOf, type StoredContact } from './contact-store.ts';
import type { Mailbox } from './mailbox.ts';

export type ContactAction =
  /** `to` is a folder's id; without it the default folder. */
  | { do: 'add-contact'; contact: Partial<ContactFields>; to?: string }
  | { do: 'change-contact'; id: string; contact: Partial<ContactFields> }
  | { do: 'move-contact'; id: string; to: string }
  | { do: 'remove-contact'; id: string }
  /** A picture, or none. */
  | { do: 'set-contact-photo'; id: string; base64: string | null }
  /** `parent` is a folder's id; without it the default folder. */
  | { do: 'make-contact-folder'; name: string; parent?: string }
  /** Every token of changes of contacts expires. */
  | { do: 'expire-contacts' };

/** A contact or folder that an action made or changed. */
export interface ContactDone {
  /** The changeable id of a contact; a folder's id. */
  id?: string;
  immutableId?: string;
}

function describe(book: ContactBook, { key, moves }: StoredContact): ContactDone {
  return { id: book.idOf(key, moves, false), immutableId: book.idOf(key, moves, true) };
}

function contactAt(book: ContactBook, id: string): StoredContact {
  const contact = book.find(id);
  if (contact === undefined || contact === 'malformed') throw new Error('the mailbox has no such contact');
  return contact;
}

function folderAt(book: ContactBook, id: string | undefined): string {
  const folder = book.folder(id ?? book.defaultFolder);
  if (!folder) throw new Error('the mailbox has no such contact folder');
  return folder.id;
}

function perform(book: ContactBook, action: ContactAction, now: Date): ContactDone {
  switch (action.do) {
    case 'add-contact':
      return describe(book, book.add(folderAt(book, action.to), action.contact, now));
    case 'make-contact-folder':
      return { id: book.addFolder(action.name, folderAt(book, action.parent)).id };
    case 'expire-contacts':
      book.tokens.clear();
      return {};
    case 'remove-contact':
      book.remove(contactAt(book, action.id));
      return {};
    case 'change-contact': {
      const contact = contactAt(book, action.id);
      book.change(contact, action.contact, now);
      return describe(book, contact);
    }
    case 'set-contact-photo': {
      const contact = contactAt(book, action.id);
      book.setPhoto(contact, action.base64 === null ? null : Buffer.from(action.base64, 'base64'), now);
      return describe(book, contact);
    }
    case 'move-contact': {
      const contact = contactAt(book, action.id);
      book.move(contact, folderAt(book, action.to), now);
      return describe(book, contact);
    }
    default:
      throw new Error(`no action is called ${JSON.stringify(action)}`);
  }
}

/** Does everything in its order. */
export function changeContacts(mailbox: Mailbox, actions: ContactAction[], settings: Settings, now: Date): ContactDone[] {
  const book = contactsOf(mailbox, settings);
  return actions.map((action) => perform(book, action, now));
}
