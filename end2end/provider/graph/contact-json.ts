// A contact and a contact folder as Graph answers them, and the properties that a query may name.

import type { Contact, ContactFolder } from '@microsoft/microsoft-graph-types';
import type { ContactBook, StoredContact, StoredContactFolder } from './contact-store.ts';
import type { Schema, Type } from './filter.ts';
import type { ListRules } from './query.ts';

export type ContactJson = Contact & { '@odata.etag': string };

const ADDRESS: Schema = { street: 'string', city: 'string', state: 'string', countryOrRegion: 'string', postalCode: 'string' };

const STRINGS = [
  'id', 'changeKey', 'parentFolderId', 'fileAs', 'displayName', 'givenName', 'initials', 'middleName', 'nickName', 'surname', 'title',
  'yomiGivenName', 'yomiSurname', 'yomiCompanyName', 'generation', 'jobTitle', 'companyName', 'department', 'officeLocation',
  'profession', 'businessHomePage', 'assistantName', 'manager', 'mobilePhone', 'spouseName', 'personalNotes',
];

export const CONTACTS: ListRules = {
  entity: 'Microsoft.OutlookServices.Contact',
  schema: {
    ...Object.fromEntries(STRINGS.map((name): [string, Type] => [name, 'string'])),
    createdDateTime: 'date',
    lastModifiedDateTime: 'date',
    birthday: 'date',
    categories: { list: 'string' },
    imAddresses: { list: 'string' },
    homePhones: { list: 'string' },
    businessPhones: { list: 'string' },
    children: { list: 'string' },
    emailAddresses: { list: { of: { name: 'string', address: 'string' } } },
    homeAddress: { of: ADDRESS },
    businessAddress: { of: ADDRESS },
    otherAddress: { of: ADDRESS },
  },
  order: [],
  // Not documented; other programs report that the first page is answered.
  searchable: true,
};

export const FOLDERS: ListRules = {
  entity: 'Microsoft.OutlookServices.ContactFolder',
  schema: { id: 'string', parentFolderId: 'string', displayName: 'string' },
  order: [],
};

/** All properties of a contact. */
export function renderContact(book: ContactBook, contact: StoredContact, immutable: boolean): ContactJson {
  const changeKey = book.changeKeyOf(contact);
  return {
    '@odata.etag': `W/"${changeKey}"`,
    id: book.idOf(contact.key, contact.moves, immutable),
    createdDateTime: contact.created,
    lastModifiedDateTime: contact.modified,
    changeKey,
    parentFolderId: contact.folder,
    ...contact.fields,
  };
}

export const renderFolder = ({ id, displayName, parent }: StoredContactFolder): ContactFolder => ({ id, parentFolderId: parent, displayName });
