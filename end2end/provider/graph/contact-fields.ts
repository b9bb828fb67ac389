// The properties of a contact that a request can set, from JSON to how the book stores them.

import type { EmailAddress, PhysicalAddress } from '@microsoft/microsoft-graph-types';
import { CONTACTS } from './contact-json.ts';
import type { ContactFields } from './contact-store.ts';
import { Refused } from './context.ts';
import type { Type } from './filter.ts';
import { type Json, listOf, partsOf, textOf, unknownProperty, unread, unsettable } from './json-body.ts';

/** Set by Exchange alone. A contact cannot be moved. */
const FIXED = ['id', 'changeKey', 'parentFolderId', 'createdDateTime', 'lastModifiedDateTime'];

/** Texts that are empty rather than null. */
const NEVER_NULL = ['displayName', 'fileAs', 'personalNotes'];

/** The numbers of values of which others report that Exchange refuses more (microsoft-graph-docs, issue 15276). */
const MOST: [name: keyof ContactFields, most: number][] = [['emailAddresses', 3], ['businessPhones', 2], ['homePhones', 2]];

function emailOf(value: unknown, name: string): EmailAddress {
  const { name: person, address } = partsOf(value, name, ['name', 'address']);
  const text = textOf(address, 'address');
  return { name: person === undefined || person === null ? text : textOf(person, 'name'), address: text };
}

const PARTS = ['street', 'city', 'state', 'countryOrRegion', 'postalCode'];

/** An address replaces the old one as a whole. */
function addressOf(value: unknown, name: string): PhysicalAddress {
  if (value === null) return {};
  const parts = Object.entries(partsOf(value, name, PARTS)).filter(([, part]) => part !== null);
  return Object.fromEntries(parts.map(([part, text]) => [part, textOf(text, part)]));
}

/** A day has the time that Exchange gives birthdays. */
function birthdayOf(value: unknown, name: string): string | null {
  if (value === null) return null;
  const text = textOf(value, name);
  if (Number.isNaN(Date.parse(text))) throw unread(`Cannot convert the literal '${text}' to the expected type 'Edm.DateTimeOffset'.`);
  return `${new Date(text).toISOString().slice(0, 10)}T11:59:00Z`;
}

function valueOf(value: unknown, name: string, type: Type): unknown {
  if (type === 'date') return birthdayOf(value, name);
  if (typeof type === 'object' && 'of' in type) return addressOf(value, name);
  if (typeof type === 'object') return listOf<unknown>(value, name, type.list === 'string' ? textOf : emailOf);
  if (value === null) return NEVER_NULL.includes(name) ? '' : null;
  return textOf(value, name);
}

/** The properties that the request sets. */
export function fieldsOf(json: Json): Partial<ContactFields> {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    const type = CONTACTS.schema[name];
    if (!type) throw unknownProperty(name, CONTACTS.entity);
    if (FIXED.includes(name)) throw unsettable();
    fields[name] = valueOf(value, name, type);
  }
  for (const [name, most] of MOST) {
    const { length } = (fields[name] ?? []) as unknown[];
    const shown = name.charAt(0).toUpperCase() + name.slice(1);
    if (length > most) throw new Refused(400, 'ErrorInvalidRequest', `The multi value property ${shown} has ${length} entries, that exceeds the max allowed value of ${most}`);
  }
  return fields;
}

const fullName = ({ givenName, middleName, surname }: Partial<ContactFields>): string => [givenName, middleName, surname].filter(Boolean).join(' ');

/** A new contact with the names that Exchange makes of the parts, unless they are given. */
export function withNames(fields: Partial<ContactFields>): Partial<ContactFields> {
  const displayName = fields.displayName ?? fullName(fields);
  const { surname, givenName } = fields;
  return { ...fields, displayName, fileAs: fields.fileAs ?? (surname && givenName ? `${surname}, ${givenName}` : displayName) };
}

/**
 * A change with the name that Exchange makes of the changed parts: "Later updates to other properties may cause an
 * automatically generated value to overwrite the displayName value" (contact: update).
 */
export function withNewName(fields: Partial<ContactFields>, before: ContactFields): Partial<ContactFields> {
  const isRenamed = 'givenName' in fields || 'middleName' in fields || 'surname' in fields;
  return isRenamed && fields.displayName === undefined ? { ...fields, displayName: fullName({ ...before, ...fields }) } : fields;
}
