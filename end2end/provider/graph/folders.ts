// Folders of mail: the children of the root or of a folder, one folder, and their number.

import type { MailFolder, MailSearchFolder } from '@microsoft/microsoft-graph-types';
import { type Answer, countOf, type GraphRequest, itemNotFound, malformedId, Refused } from './context.ts';
import { folderDelta } from './delta.ts';
import { fits, parseFilter, type Schema } from './filter.ts';
import { isWellFormed } from './ids.ts';
import type { Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { MESSAGE, MESSAGE_SCHEMA, renderMessage } from './message-json.ts';
import { flagOf } from './parameters.ts';
import { contextOf, listQuery, type ListRules, ordered, page, project, selected } from './query.ts';

export type FolderJson = MailFolder & Pick<MailSearchFolder, 'filterQuery' | 'includeNestedFolders' | 'isSupported' | 'sourceFolderIds'> & { '@odata.type'?: string };

const FOLDER_SCHEMA: Schema = {
  id: 'string',
  displayName: 'string',
  parentFolderId: 'string',
  childFolderCount: 'number',
  unreadItemCount: 'number',
  totalItemCount: 'number',
  isHidden: 'boolean',
};

export const FOLDER_RULES: ListRules = { entity: 'Microsoft.OutlookServices.MailFolder', schema: FOLDER_SCHEMA, order: [] };

const WELL_KNOWN = [
  'archive', 'clutter', 'conflicts', 'conversationhistory', 'deleteditems', 'drafts', 'inbox', 'junkemail', 'localfailures',
  'msgfolderroot', 'outbox', 'recoverableitemsdeletions', 'scheduled', 'searchfolders', 'sentitems', 'serverfailures', 'syncissues',
];

/** The folder that a path names by its id or by a well-known name. */
export function folderAt(mailbox: Mailbox, idOrName: string): StoredFolder {
  const folder = mailbox.folder(idOrName);
  if (folder) return folder;
  const isKnown = isWellFormed(idOrName) || WELL_KNOWN.includes(idOrName.toLowerCase());
  throw Refused.by(isKnown ? itemNotFound() : malformedId());
}

/** The messages of the mailbox or of a folder. Those of a search folder are elsewhere too. Hidden ones only if they are wanted. */
export function messagesIn(mailbox: Mailbox, folder: StoredFolder | undefined, hidden = false): StoredMessage[] {
  const shown = [...mailbox.messages.values()].filter(({ isHidden }) => hidden || !isHidden);
  if (folder?.search === null) return shown.filter((message) => message.folder === folder.id);
  const { recoverable } = mailbox;
  const all = shown.filter((message) => message.folder !== recoverable);
  if (!folder) return all;
  const filter = parseFilter(folder.search ?? '', MESSAGE_SCHEMA, MESSAGE);
  const rendering = { immutable: true, bodyType: 'html', unsafe: true, basic: false } as const;
  return all.filter((message) => fits(filter, renderMessage(mailbox, message, rendering)));
}

export function renderFolder(mailbox: Mailbox, folder: StoredFolder): FolderJson {
  const messages = messagesIn(mailbox, folder);
  const common = {
    id: folder.id,
    displayName: folder.displayName,
    parentFolderId: folder.parent ?? folder.id,
    childFolderCount: mailbox.childrenOf(folder.id).filter(({ isHidden }) => !isHidden).length,
    unreadItemCount: messages.filter(({ isRead }) => !isRead).length,
    totalItemCount: messages.length,
    isHidden: folder.isHidden,
  };
  if (folder.search === null) return common;
  return {
    '@odata.type': '#microsoft.graph.mailSearchFolder',
    ...common,
    isSupported: true,
    includeNestedFolders: true,
    sourceFolderIds: [mailbox.wellKnown('msgfolderroot').id],
    filterQuery: folder.search,
  };
}

function list(request: GraphRequest, mailbox: Mailbox, parent: string): Answer {
  const query = listQuery(request, FOLDER_RULES);
  const hidden = flagOf(request, 'includeHiddenFolders');
  const children = mailbox.childrenOf(parent).filter(({ isHidden }) => hidden || !isHidden);
  const items = ordered(children.map((folder) => renderFolder(mailbox, folder)), query);
  return page(request, query, items, "users('me')/mailFolders", (folder) => project(folder, query.select));
}

/** Answers below `/mailFolders`, except for the messages of a folder. */
export function handleFolders(request: GraphRequest, mailbox: Mailbox): Answer {
  const [, idOrName, below, ...rest] = request.segments;
  const root = mailbox.wellKnown('msgfolderroot').id;
  if (idOrName === undefined) return list(request, mailbox, root);
  if (idOrName === 'delta' && below === undefined) return folderDelta(request, mailbox);
  if (idOrName === '$count' && below === undefined) {
    return countOf(mailbox.childrenOf(root).filter(({ isHidden }) => !isHidden).length);
  }
  const folder = folderAt(mailbox, idOrName);
  if (below === 'childFolders' && rest.length === 0) return list(request, mailbox, folder.id);
  if (below !== undefined) throw new Refused(400, 'BadRequest', `Resource not found for the segment '${below}'.`);
  const select = selected(request, FOLDER_RULES);
  return { status: 200, json: { '@odata.context': contextOf(request, "users('me')/mailFolders/$entity"), ...project(renderFolder(mailbox, folder), select) } };
}
