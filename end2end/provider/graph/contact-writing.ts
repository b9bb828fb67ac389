// Changes of contacts: made, changed, deleted.

import { fieldsOf, withNames, withNewName } from './contact-fields.ts';
import { renderContact } from './contact-json.ts';
import { type ContactBook, contactsOf, type StoredContact, type StoredContactFolder } from './contact-store.ts';
import { contactAt, contactFolderAt } from './contacts.ts';
import { accessDenied, allows, type Answer, type GraphContext, type GraphRequest, wantsImmutableIds, WRITE } from './context.ts';
import { objectOf } from './json-body.ts';
import type { Mailbox } from './mailbox.ts';
import { checkEtag } from './preconditions.ts';
import { appliedIds } from './preferences.ts';
import { contextOf, locationOf } from './query.ts';

interface Call {
  request: GraphRequest;
  book: ContactBook;
  context: GraphContext;
  /** The folder of the path, if it names one. */
  folder: StoredContactFolder | undefined;
  /** Empty for a new contact. */
  id: string;
}

function answer({ request, book, context }: Call, contact: StoredContact, status: 200 | 201): Answer {
  const json = renderContact(book, contact, wantsImmutableIds(request));
  return {
    status,
    headers: { ...appliedIds(request), ...(status === 201 && { location: locationOf(request, context.login, 'contacts', json.id ?? '') }) },
    json: { '@odata.context': contextOf(request, "users('me')/contacts/$entity"), ...json },
  };
}

function make(call: Call): Answer {
  const { request, book, context, folder } = call;
  const fields = withNames(fieldsOf(objectOf(request)));
  return answer(call, book.add(folder?.id ?? book.defaultFolder, fields, context.now()), 201);
}

function change(call: Call): Answer {
  const { request, book, context, folder, id } = call;
  const contact = contactAt(book, id, folder);
  const fields = withNewName(fieldsOf(objectOf(request)), contact.fields);
  checkEtag(request, book.changeKeyOf(contact));
  if (Object.keys(fields).length) book.change(contact, fields, context.now());
  return answer(call, contact, 200);
}

function remove({ request, book, folder, id }: Call): Answer {
  const contact = contactAt(book, id, folder);
  checkEtag(request, book.changeKeyOf(contact));
  book.remove(contact);
  return { status: 204 };
}

/** The contact folder that a path names, if it does, and the segments below its contacts. */
function placeOf({ segments }: GraphRequest): { folder?: string; below: string[] } | undefined {
  const [kind = '', ...named] = segments;
  if (kind === 'contacts') return { below: named };
  if (kind !== 'contactFolders') return undefined;
  let [folder = '', list = '', ...below] = named;
  while (list === 'childFolders') [folder = '', list = '', ...below] = below;
  return list === 'contacts' ? { folder, below } : undefined;
}

/** Answers what changes a contact; nothing for other calls. */
export function handleContactWriting(request: GraphRequest, mailbox: Mailbox, context: GraphContext): Answer | undefined {
  const place = placeOf(request);
  const [id = '', ...rest] = place?.below ?? [];
  const perform = { POST: id ? undefined : make, PATCH: id ? change : undefined, DELETE: id ? remove : undefined }[request.method];
  if (!place || !perform || rest.length) return undefined;
  if (!allows(context, WRITE.contacts)) return accessDenied();
  const book = contactsOf(mailbox, context.settings);
  const folder = place.folder === undefined ? undefined : contactFolderAt(book, place.folder);
  return perform({ request, book, context, folder, id });
}
