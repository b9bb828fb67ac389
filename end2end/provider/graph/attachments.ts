// The attachments of messages: files, items and links; their list, one of them, and its bytes.

import type { Attachment, FileAttachment, ItemAttachment } from '@microsoft/microsoft-graph-types';
import {
  accessDenied, allows, type Answer, countOf, type GraphContext, type GraphRequest, itemNotFound, malformedId, READ, refusal, Refused,
  type StoredAttachment, wantsImmutableIds,
} from './context.ts';
import type { Content } from './content.ts';
import type { Schema, Type } from './filter.ts';
import { messagesIn } from './folders.ts';
import { isWellFormed } from './ids.ts';
import { CONTENT, itemOf, kindOf } from './items.ts';
import type { Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { appliedIds } from './preferences.ts';
import { contextOf, listQuery, type ListRules, option, ordered, page, selected, splitList } from './query.ts';

export type AttachmentJson = (Attachment | FileAttachment | ItemAttachment) & { '@odata.type': string };

/** A property that only files have is selected by its name after the name of their type. */
const CAST = 'microsoft.graph.fileAttachment/';
const FILE_ONLY: Schema = { contentId: 'string', contentLocation: 'string', contentBytes: 'binary' };

export const ATTACHMENTS: ListRules = {
  entity: 'Microsoft.OutlookServices.Attachment',
  schema: {
    id: 'string', lastModifiedDateTime: 'date', name: 'string', contentType: 'string', size: 'number', isInline: 'boolean',
    ...Object.fromEntries(Object.entries(FILE_ONLY).map(([name, type]): [string, Type] => [`${CAST}${name}`, type])),
  },
  order: [],
};

/** The `$expand` that adds the item of an item attachment. */
const ITEM = 'microsoft.graph.itemattachment/item';

/** The number of bytes that Exchange adds for the properties of an attachment. */
const OVERHEAD = 186;
const CHUNK = 64 * 1024;

/** An attachment with all its properties; the item and the bytes only if they are wanted. */
export function render(mailbox: Mailbox, message: StoredMessage, attachment: StoredAttachment, immutable: boolean, withItem: boolean, withBytes = true): AttachmentJson {
  const common = {
    id: mailbox.ids.idOf('attachment', attachment.key, message.moves, immutable),
    lastModifiedDateTime: attachment.lastModified,
    name: attachment.name,
    contentType: attachment.contentType,
    size: attachment.content.length + OVERHEAD + 2 * attachment.name.length,
    isInline: attachment.isInline,
  };
  if (attachment.kind === 'reference') return { '@odata.type': '#microsoft.graph.referenceAttachment', ...common };
  if (attachment.kind === 'item') return { '@odata.type': '#microsoft.graph.itemAttachment', ...common, ...(withItem && { item: itemOf(attachment.content.read(), attachment.name, attachment.lastModified) }) };
  return {
    '@odata.type': '#microsoft.graph.fileAttachment',
    ...common,
    contentId: attachment.contentId,
    contentLocation: null,
    ...(withBytes && { contentBytes: attachment.content.read().toString('base64') }),
  };
}

/** The selected properties. An expanded item stays. */
function choose(attachment: AttachmentJson, select: string[] | undefined): AttachmentJson {
  if (!select) return attachment;
  const wanted = select.map((name) => (name.startsWith(CAST) ? name.slice(CAST.length) : name));
  const kept = Object.entries(attachment).filter(([name]) => name === 'id' || name === 'item' || name.startsWith('@') || wanted.includes(name));
  return { '@odata.type': attachment['@odata.type'], ...Object.fromEntries(kept) };
}

/** Whether the bytes of files are among the properties. */
const wantsBytes = (select: string[] | undefined): boolean => !select || select.includes(`${CAST}contentBytes`);

/** Whether the request wants the items of item attachments. */
function wantsItems(expand: string[]): boolean {
  for (const name of expand) {
    if (name.toLowerCase() !== ITEM) throw new Refused(400, 'RequestBroker--ParseUri', `Could not find a property named '${name}' on type '${ATTACHMENTS.entity}'.`);
  }
  return expand.length > 0;
}

/** The attachments of a message for its `$expand=attachments`, with the named properties or with all. */
export function expandAttachments(
  request: GraphRequest, mailbox: Mailbox, message: StoredMessage, names: string[] | undefined, immutable: boolean,
): AttachmentJson[] {
  const query = new URLSearchParams();
  if (names) query.set('$select', names.join());
  const select = selected({ ...request, query }, ATTACHMENTS);
  return message.attachments.map((attachment) => choose(render(mailbox, message, attachment, immutable, false, wantsBytes(select)), select));
}

/** The bytes in pieces, so that a slow client holds the request for as long as it reads. */
async function* pieces(content: Content): AsyncGenerator<Uint8Array> {
  for (const piece of content.pieces()) for (let start = 0; start < piece.length; start += CHUNK) yield piece.subarray(start, start + CHUNK);
}

function content(attachment: StoredAttachment): Answer {
  if (attachment.kind === 'reference') return refusal(405, 'ErrorInvalidRequest', 'The content of a reference attachment cannot be read.');
  const type = attachment.kind === 'item' ? CONTENT[kindOf(attachment.content.read())].type : attachment.contentType ?? 'application/octet-stream';
  return { status: 200, headers: { 'content-type': type }, chunks: pieces(attachment.content) };
}

/**
 * Answers what is at or below the `attachments` of a message; nothing for other paths.
 * @param folder The folder of the path, in which the message then must be.
 */
export function handleAttachments(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const [kind, messageId = '', part, id, below, ...rest] = request.segments;
  if (kind !== 'messages' || part !== 'attachments') return undefined;
  if (!allows(context, READ.mail)) return accessDenied();
  if (request.method !== 'GET') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const message = mailbox.message(messageId, folder?.id);
  if (!message) return isWellFormed(messageId) ? itemNotFound() : malformedId();
  if (folder && !messagesIn(mailbox, folder, true).includes(message)) return itemNotFound();
  const immutable = wantsImmutableIds(request);
  if (id === undefined) {
    const query = listQuery(request, ATTACHMENTS);
    const items = wantsItems(query.expand);
    const all = message.attachments.map((attachment) => render(mailbox, message, attachment, immutable, items, wantsBytes(query.select)));
    const answer = page(request, query, ordered(all, query), "users('me')/messages('id')/attachments", (attachment) => choose(attachment, query.select));
    return { ...answer, headers: appliedIds(request) };
  }
  if (id === '$count' && below === undefined) return countOf(message.attachments.length);
  if (!isWellFormed(id)) return malformedId();
  const attachment = message.attachments.find(({ key }) => key === mailbox.ids.find('attachment', id));
  if (!attachment) return itemNotFound();
  if (below === '$value' && !rest.length) return content(attachment);
  if (below !== undefined) return undefined;
  const select = selected(request, ATTACHMENTS);
  const json = choose(render(mailbox, message, attachment, immutable, wantsItems(splitList(option(request, '$expand') ?? '')), wantsBytes(select)), select);
  return {
    status: 200,
    headers: appliedIds(request),
    json: { '@odata.context': contextOf(request, "users('me')/messages('id')/attachments/$entity"), ...json },
  };
}
