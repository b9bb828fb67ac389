// The contacts of the stand-in for Graph: reading of contacts and contact folders, search, and changes since a token.

import { contactDelta, folderDelta } from './contact-delta.ts';
import { type ContactJson, CONTACTS, FOLDERS, renderContact, renderFolder } from './contact-json.ts';
import { type ContactBook, contactsOf, type StoredContact, type StoredContactFolder } from './contact-store.ts';
import {
  accessDenied, allows, type Answer, countOf, type GraphContext, type GraphRequest, itemNotFound, malformedId, READ, refusal, Refused, wantsImmutableIds,
} from './context.ts';
import type { Filter } from './filter.ts';
import { isWellFormed } from './ids.ts';
import type { Mailbox } from './mailbox.ts';
import { appliedIds } from './preferences.ts';
import { contextOf, listQuery, option, ordered, page, project, selected } from './query.ts';

/** Refuses what Exchange cannot filter contacts by. Of an email address it takes only `address eq`; of texts also `startswith`. */
function checkFilter(filter: Filter): void {
  if (filter.kind === 'and' || filter.kind === 'or') {
    checkFilter(filter.left);
    checkFilter(filter.right);
    return;
  }
  const { inner } = filter.kind === 'any' ? filter : { inner: undefined };
  const byAddress = inner?.kind === 'compare' && inner.operator === 'eq' && inner.path[1] === 'address';
  const byText = filter.kind === 'text' && filter.name === 'startswith';
  if (filter.kind === 'compare' || byText || byAddress) return;
  throw new Refused(400, 'ErrorInvalidUrlQueryFilter', 'The query filter contains one or more invalid nodes.');
}

/** Whether each word of a search begins a word of the names or of the addresses. */
function found(contact: ContactJson, search: string): boolean {
  const texts = [contact.displayName, contact.givenName, contact.surname, contact.companyName, ...(contact.emailAddresses ?? []).map(({ address }) => address)];
  const words = texts.join(' ').toLowerCase().split(/[\s@.]+/);
  return search.toLowerCase().split(/[\s@.]+/).filter(Boolean).every((wanted) => words.some((word) => word.startsWith(wanted)));
}

function list(request: GraphRequest, book: ContactBook, folder: StoredContactFolder): Answer {
  if (option(request, '$search') !== undefined && option(request, '$skip') !== undefined) {
    // The second page of a search fails so at the service.
    throw new Refused(400, 'ErrorInvalidUrlQuery', 'The following parameters are not supported with change tracking over the \'Contacts\' resource: \'$orderby, $filter, $select, $expand, $search, $top\'.');
  }
  const query = listQuery(request, CONTACTS);
  if (query.expand.length) throw new Refused(400, 'ErrorInvalidUrlQuery', 'The query parameter \'$expand\' is not supported here.');
  if (query.filter) checkFilter(query.filter);
  const immutable = wantsImmutableIds(request);
  const all = book.in(folder.id).map((contact) => renderContact(book, contact, immutable));
  const { search } = query;
  const matching = search === undefined ? all : all.filter((contact) => found(contact, search));
  const answer = page(request, query, ordered(matching, query), "users('me')/contacts", (contact) => project(contact, query.select));
  return { ...answer, headers: appliedIds(request) };
}

/** The contact of a path. */
export function contactAt(book: ContactBook, id: string, folder: StoredContactFolder | undefined): StoredContact {
  const contact = book.find(id);
  if (contact === 'malformed') throw Refused.by(malformedId());
  if (!contact || (folder && contact.folder !== folder.id)) throw Refused.by(itemNotFound());
  return contact;
}

/** The folder of a path. */
export function contactFolderAt(book: ContactBook, id: string): StoredContactFolder {
  const folder = book.folder(id);
  if (!folder) throw Refused.by(isWellFormed(id) ? itemNotFound() : malformedId());
  return folder;
}

const JPEG = Buffer.from([0xff, 0xd8, 0xff]);

function photoOf({ photo }: StoredContact): Answer {
  if (!photo) return itemNotFound();
  const type = photo.subarray(0, JPEG.length).equals(JPEG) ? 'image/jpeg' : 'image/png';
  return { status: 200, headers: { 'content-type': type }, bytes: photo };
}

function one(request: GraphRequest, book: ContactBook, contact: StoredContact): Answer {
  const json = project(renderContact(book, contact, wantsImmutableIds(request)), selected(request, CONTACTS));
  return { status: 200, headers: appliedIds(request), json: { '@odata.context': contextOf(request, "users('me')/contacts/$entity"), ...json } };
}

/** What is at or below a list of contacts. `folder` is none for `/me/contacts`, which finds contacts of each folder by id. */
function below(request: GraphRequest, book: ContactBook, rest: string[], folder: StoredContactFolder | undefined): Answer | undefined {
  const [id, ...more] = rest;
  const place = folder ?? book.folders.get(book.defaultFolder);
  if (id !== undefined && more.join('/') === 'photo/$value') return photoOf(contactAt(book, id, folder));
  if (!place || more.length) return undefined;
  if (id === undefined) return list(request, book, place);
  if (id === '$count') return countOf(book.in(place.id).length);
  if (id === 'delta' || id === 'delta()') return contactDelta(request, book, place);
  return one(request, book, contactAt(book, id, folder));
}

function folders(request: GraphRequest, book: ContactBook, parent: string): Answer {
  const query = listQuery(request, FOLDERS);
  const all = ordered(book.childrenOf(parent).map(renderFolder), query);
  return page(request, query, all, "users('me')/contactFolders", (folder) => project(folder, query.select));
}

/** What is at or below `/me/contactFolders` or the `childFolders` of one; the default folder is not in its own list. */
function belowFolders(request: GraphRequest, book: ContactBook, rest: string[], parent: string): Answer | undefined {
  const [id, kind = '', ...more] = rest;
  if (id === undefined) return folders(request, book, parent);
  if (id === '$count') return countOf(book.childrenOf(parent).length);
  if (id === 'delta' || id === 'delta()') return folderDelta(request, book);
  const folder = contactFolderAt(book, id);
  if (!kind) {
    const json = project(renderFolder(folder), selected(request, FOLDERS));
    return { status: 200, json: { '@odata.context': contextOf(request, "users('me')/contactFolders/$entity"), ...json } };
  }
  if (kind.toLowerCase() === 'childfolders') return belowFolders(request, book, more, folder.id);
  return kind.toLowerCase() === 'contacts' ? below(request, book, more, folder) : undefined;
}

/** Answers what is below `contacts` and `contactFolders`; nothing for other paths. */
export function handleContacts(request: GraphRequest, mailbox: Mailbox, context: GraphContext): Answer | undefined {
  const [kind = '', ...rest] = request.segments;
  const name = kind.toLowerCase();
  if (name !== 'contacts' && name !== 'contactfolders') return undefined;
  if (!allows(context, READ.contacts)) return accessDenied();
  if (request.method !== 'GET') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const book = contactsOf(mailbox, context.settings);
  return name === 'contacts'
    ? below(request, book, rest, undefined)
    : belowFolders(request, book, rest, book.defaultFolder);
}
