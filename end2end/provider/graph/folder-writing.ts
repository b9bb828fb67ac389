// Changes of the tree of folders: made, renamed, moved, copied, deleted.

import { accessDenied, allows, type Answer, type GraphContext, type GraphRequest, Refused, WRITE } from './context.ts';
import { FOLDER_RULES, folderAt, renderFolder } from './folders.ts';
import { folderId } from './ids.ts';
import { booleanOf, destinationOf, objectOf, textOf, unknownProperty, unsettable } from './json-body.ts';
import type { Mailbox, StoredFolder } from './mailbox.ts';
import { contextOf, locationOf } from './query.ts';

interface Call {
  request: GraphRequest;
  mailbox: Mailbox;
  context: GraphContext;
  /** The folder of the path; for a new one its parent. */
  folder: StoredFolder;
}

const DONE: Answer = { status: 204 };

function answer({ request, mailbox, context }: Call, folder: StoredFolder, status: 200 | 201): Answer {
  return {
    status,
    ...(status === 201 && { headers: { location: locationOf(request, context.login, 'mailFolders', folder.id) } }),
    json: { '@odata.context': contextOf(request, "users('me')/mailFolders/$entity"), ...renderFolder(mailbox, folder) },
  };
}

/** The properties of the body. `isHidden` can be set only on a new folder. */
function fieldsOf(request: GraphRequest, isNew: boolean): { displayName?: string; isHidden?: boolean } {
  const { displayName, isHidden, ...others } = objectOf(request);
  const [other] = Object.keys(others);
  if (other !== undefined) throw other in FOLDER_RULES.schema ? unsettable() : unknownProperty(other, FOLDER_RULES.entity);
  if (isHidden !== undefined && !isNew) throw unsettable();
  // No page says with which code Exchange refuses an empty name.
  if (displayName === '' || displayName === null) throw new Refused(400, 'ErrorInvalidRequest', 'A folder needs a name.');
  return {
    ...(displayName !== undefined && { displayName: textOf(displayName, 'displayName') }),
    ...(isHidden !== undefined && { isHidden: booleanOf(isHidden, 'isHidden') }),
  };
}

/** Whether another folder below the parent has the name. Names do not differ in case; hidden folders count. */
const isTaken = (mailbox: Mailbox, parent: string, name: string, but?: string): boolean =>
  mailbox.childrenOf(parent).some(({ id, displayName }) => id !== but && displayName.toLowerCase() === name.toLowerCase());

function checkName({ mailbox, context }: Call, parent: string, name: string, but?: string): void {
  if (!isTaken(mailbox, parent, name, but)) return;
  throw new Refused(context.settings.folderExistsStatus, 'ErrorFolderExists', `A folder with the specified name already exists., Could not create folder '${name}'.`);
}

/** Refuses what holds no folders. */
function checkParent(folder: StoredFolder): void {
  if (folder.search !== null) throw new Refused(400, 'ErrorMoveCopyFailed', 'The move or copy operation failed.');
}

/** An id that no folder of the mailbox has had. */
const newId = (mailbox: Mailbox): string => folderId(mailbox.login, `made ${mailbox.folderChanges.length}`);

function make(call: Call): Answer {
  const { request, mailbox, folder: parent } = call;
  const { displayName, isHidden = false } = fieldsOf(request, true);
  if (displayName === undefined) throw new Refused(400, 'ErrorInvalidRequest', 'A folder needs a name.');
  checkParent(parent);
  checkName(call, parent.id, displayName);
  const made: StoredFolder = { id: newId(mailbox), displayName, parent: parent.id, wellKnown: null, isHidden, search: null };
  mailbox.putFolder(made);
  return answer(call, made, 201);
}

function rename(call: Call): Answer {
  const { request, mailbox, folder } = call;
  const { displayName = folder.displayName } = fieldsOf(request, false);
  // No page says with which code Exchange refuses it.
  if (folder.wellKnown !== null) throw new Refused(400, 'ErrorInvalidRequest', 'Distinguished folders cannot be renamed.');
  checkName(call, folder.parent ?? '', displayName, folder.id);
  const renamed = { ...folder, displayName };
  mailbox.putFolder(renamed);
  return answer(call, renamed, 200);
}

/** The folder into which this one is moved or copied: not itself, nor one below it. */
function destination(call: Call): StoredFolder {
  const { request, mailbox, folder } = call;
  const to = folderAt(mailbox, destinationOf(request));
  checkParent(to);
  if (mailbox.isWithin(to.id, folder.id)) throw new Refused(400, 'ErrorMoveCopyFailed', 'The move or copy operation failed.');
  return to;
}

/** "200 OK" (mailFolder: move), other than for messages. */
function move(call: Call): Answer {
  const { mailbox, folder } = call;
  if (folder.wellKnown !== null) throw new Refused(400, 'ErrorMoveDistinguishedFolder', 'Cannot move distinguished folder.');
  const to = destination(call);
  checkName(call, to.id, folder.displayName, folder.id);
  const moved = { ...folder, parent: to.id };
  mailbox.putFolder(moved);
  return answer(call, moved, 200);
}

function copyInto(mailbox: Mailbox, folder: StoredFolder, parent: string, now: Date): StoredFolder {
  // What is there before the copy is made.
  const [children, messages] = [mailbox.childrenOf(folder.id), [...mailbox.messages.values()].filter((message) => message.folder === folder.id)];
  const made = { ...folder, id: newId(mailbox), parent, wellKnown: null };
  mailbox.putFolder(made);
  for (const message of messages) mailbox.copy(message, made.id, now);
  for (const child of children) copyInto(mailbox, child, made.id, now);
  return made;
}

function copy(call: Call): Answer {
  const { mailbox, context, folder } = call;
  const to = destination(call);
  // Others report it, seen live (io-msgraph, tests).
  if (to.id === folder.parent) throw new Refused(400, 'ErrorMoveCopyFailed', 'The move or copy operation failed.');
  checkName(call, to.id, folder.displayName);
  return answer(call, copyInto(mailbox, folder, to.id, context.now()), 200);
}

function checkDeletable({ wellKnown }: StoredFolder): void {
  if (wellKnown !== null) throw new Refused(400, 'ErrorDeleteDistinguishedFolder', 'Distinguished folders cannot be deleted.');
}

/** Outside Deleted Items a folder goes there, with a number after its name if the name is taken. */
function remove({ mailbox, folder }: Call): Answer {
  checkDeletable(folder);
  const trash = mailbox.wellKnown('deleteditems').id;
  if (mailbox.isWithin(folder.id, trash) || folder.search !== null) {
    mailbox.removeFolder(folder.id);
    return DONE;
  }
  let { displayName } = folder;
  for (let number = 1; isTaken(mailbox, trash, displayName); number += 1) displayName = `${folder.displayName}${number}`;
  mailbox.putFolder({ ...folder, displayName, parent: trash });
  return DONE;
}

/** "Folders aren't placed in the Purges folder when they are permanently deleted." (mailFolder: permanentDelete) */
function purge({ request, mailbox, context, folder }: Call): Answer {
  if (!context.settings.permanentDelete) throw new Refused(400, 'BadRequest', `Resource not found for the segment '${request.segments[2] ?? ''}'.`);
  checkDeletable(folder);
  mailbox.removeFolder(folder.id);
  return DONE;
}

/** By the method and the segment after the folder, in small letters. */
const CALLS: Record<string, (call: Call) => Answer> = {
  PATCH: rename,
  DELETE: remove,
  'POST childfolders': make,
  'POST move': move,
  'POST copy': copy,
  'POST permanentdelete': purge,
};

/** Answers what changes the tree of folders; nothing for other calls. */
export function handleFolderWriting(request: GraphRequest, mailbox: Mailbox, context: GraphContext): Answer | undefined {
  // At the root it is as below the root folder.
  const atRoot = ['msgfolderroot', 'childFolders'];
  const [kind, ...named] = request.segments;
  const [idOrName = '', ...below] = request.method === 'POST' && !named.length ? atRoot : named;
  const perform = CALLS[[request.method, ...below.map((segment) => segment.toLowerCase())].join(' ')];
  if (kind !== 'mailFolders' || !idOrName || !perform) return undefined;
  if (!allows(context, WRITE.mail)) return accessDenied();
  return perform({ request, mailbox, context, folder: folderAt(mailbox, idOrName) });
}
