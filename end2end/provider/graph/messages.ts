// Messages of the mailbox or of a folder: lists, searches, one message, its MIME, and the changes of a folder.

import {
  accessDenied, type Answer, allows, countOf, gatewayTimeout, type GraphContext, type GraphRequest, itemNotFound, malformedId, preferences, READ,
  Refused, wantsImmutableIds,
} from './context.ts';
import { expandAttachments } from './attachments.ts';
import { messageDelta } from './delta.ts';
import { badQuery, propertiesOf } from './filter.ts';
import { messagesIn } from './folders.ts';
import { isWellFormed } from './ids.ts';
import { searchTest } from './kql.ts';
import type { Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { chooseProperties, extendedProperty, MESSAGE, MESSAGE_SCHEMA, type MessageJson, NOT_BASIC, renderMessage, type Rendering } from './message-json.ts';
import { mimePieces } from './mime.ts';
import { flagOf } from './parameters.ts';
import { contextOf, linkTo, listQuery, type ListQuery, type ListRules, option, ordered, page, selected, splitList } from './query.ts';

const RULES: ListRules = {
  entity: MESSAGE,
  schema: MESSAGE_SCHEMA,
  order: [{ path: ['receivedDateTime'], descending: true, date: true }],
  unfilterable: ['toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo', 'internetMessageHeaders', 'attachments'],
  unordered: ['conversationId'],
  searchable: true,
};

/** The number of results of a search at most. */
const MAX_RESULTS = 1_000;

/** How the request wants messages, and which of its preferences were followed. */
export function renderingOf(request: GraphRequest, context: GraphContext): { rendering: Rendering; applied: string[] } {
  const preferred = preferences(request);
  const bodyType = preferred.get('outlook.body-content-type')?.toLowerCase();
  const immutable = wantsImmutableIds(request);
  const unsafe = preferred.has('outlook.allow-unsafe-html');
  return {
    rendering: { immutable, bodyType: bodyType === 'text' ? 'text' : 'html', unsafe, basic: !allows(context, READ.mail) },
    applied: [
      ...(immutable ? ['IdType="ImmutableId"'] : []),
      ...(bodyType === 'text' || bodyType === 'html' ? [`outlook.body-content-type="${bodyType}"`] : []),
      ...(unsafe ? ['outlook.allow-unsafe-html'] : []),
    ],
  };
}

const appliedHeader = (applied: string[]): Record<string, string> => (applied.length ? { 'preference-applied': applied.join(', ') } : {});

/** The message of a path. */
export function messageAt(mailbox: Mailbox, id: string, folder?: StoredFolder): StoredMessage {
  if (!isWellFormed(id)) throw Refused.by(malformedId());
  const message = mailbox.message(id, folder?.id);
  if (!message || (folder && !messagesIn(mailbox, folder, true).includes(message))) throw Refused.by(itemNotFound());
  return message;
}

/** What one part of `$expand` adds to a message. */
function expanded(request: GraphRequest, mailbox: Mailbox, message: StoredMessage, part: string, immutable: boolean): object {
  const [, name = '', inner = ''] = /^([A-Za-z]+)(?:\((.*)\))?$/s.exec(part) ?? [];
  if (name === 'attachments') {
    const select = /^\s*\$select=(.*)$/s.exec(inner)?.[1];
    return { attachments: expandAttachments(request, mailbox, message, select === undefined ? undefined : splitList(select), immutable) };
  }
  if (name === 'singleValueExtendedProperties') {
    const ids = [...inner.matchAll(/id eq '((?:[^']|'')*)'/g)].map(([, id = '']) => id);
    if (!ids.length) throw badQuery('The expand of singleValueExtendedProperties needs a filter with ids.');
    const found = ids.flatMap((id) => extendedProperty(message, id) ?? []);
    return found.length ? { singleValueExtendedProperties: found } : {};
  }
  throw badQuery(`Could not find a property named '${name || part}' on type '${MESSAGE}'.`);
}

/** With Mail.ReadBasic, what a message says is refused, not only left out. */
function checkBasic(rendering: Rendering, select: string[] | undefined, expand: string[], search: string | undefined): void {
  if (!rendering.basic) return;
  const isHidden = select?.some((name) => NOT_BASIC.includes(name)) || expand.length > 0 || search !== undefined;
  if (isHidden) throw Refused.by(accessDenied());
}

interface Wanted {
  select: string[] | undefined;
  expand: string[];
}

function finish(request: GraphRequest, mailbox: Mailbox, message: StoredMessage, { select, expand }: Wanted, rendering: Rendering): MessageJson {
  const json = chooseProperties(renderMessage(mailbox, message, rendering), select);
  for (const part of expand) Object.assign(json, expanded(request, mailbox, message, part, rendering.immutable));
  return json;
}

/** Exchange refuses on some mailboxes what it takes on others: a filter by category with an order. */
function checkCategories(query: ListQuery, request: GraphRequest, { settings }: GraphContext): void {
  const named = query.filter && propertiesOf(query.filter).includes('categories');
  if (settings.refuseOrderedCategories && named && option(request, '$orderby') !== undefined) {
    throw new Refused(400, 'InefficientFilter', 'The restriction or sort order is too complex for this operation.');
  }
}

/** Results of a search: by the time of sending, the newest first. Its ids change on a move, whatever the request prefers. */
function search(request: GraphRequest, mailbox: Mailbox, messages: StoredMessage[], query: ListQuery, rendering: Rendering, context: GraphContext): Answer {
  const token = option(request, '$skiptoken');
  const start = token === undefined ? 0 : Number(Buffer.from(token, 'base64url').toString().replace('from ', ''));
  if (token !== undefined && (!Number.isInteger(start) || context.settings.staleSearch)) {
    throw new Refused(400, 'ErrorExecuteSearchStaleData', 'The search results are stale.');
  }
  const test = searchTest(query.search ?? '', context.now());
  const found = messages.filter(test).sort((one, two) => Date.parse(two.sent) - Date.parse(one.sent)).slice(0, MAX_RESULTS);
  const end = start + query.top;
  const next = Buffer.from(`from ${end}`).toString('base64url');
  const changeable = { ...rendering, immutable: false };
  return {
    status: 200,
    json: {
      '@odata.context': contextOf(request, "users('me')/messages"),
      value: found.slice(start, end).map((message) => finish(request, mailbox, message, query, changeable)),
      ...(end < found.length && { '@odata.nextLink': linkTo(request, { $skiptoken: next }) }),
    },
  };
}

/** Refuses a page with the bodies of more messages than the service gathers in time. */
function checkSize(answer: Answer, { select }: ListQuery, { basic }: Rendering, { settings }: GraphContext): void {
  const hasBodies = !basic && (!select || select.includes('body') || select.includes('uniqueBody'));
  const { value = [] } = (answer.json ?? {}) as { value?: unknown[] };
  if (settings.maxBodies && hasBodies && value.length > settings.maxBodies) throw Refused.by(gatewayTimeout());
}

function list(request: GraphRequest, mailbox: Mailbox, folder: StoredFolder | undefined, context: GraphContext): Answer {
  const { rendering, applied } = renderingOf(request, context);
  const query = listQuery(request, RULES);
  checkBasic(rendering, query.select, query.expand, query.search);
  checkCategories(query, request, context);
  if (query.search !== undefined) {
    const answer = search(request, mailbox, messagesIn(mailbox, folder), query, rendering, context);
    checkSize(answer, query, rendering, context);
    return { ...answer, headers: appliedHeader(applied.filter((preference) => !preference.startsWith('IdType'))) };
  }
  const messages = messagesIn(mailbox, folder, flagOf(request, 'includeHiddenMessages'));
  const what = folder ? `users('me')/mailFolders('${encodeURIComponent(folder.id)}')/messages` : "users('me')/messages";
  const answer = isPlain(query)
    ? page(request, query, newestFirst(messages), what, (message) => finish(request, mailbox, message, query, rendering))
    : page(request, query, fitting(mailbox, messages, query, rendering), what, (message) => finish(request, mailbox, message, query, rendering));
  checkSize(answer, query, rendering, context);
  return { ...answer, headers: appliedHeader(applied) };
}

/** Whether the list is only sorted by the time of receiving, so that messages need not be rendered before. */
const isPlain = ({ filter, order: [first, ...others] }: ListQuery): boolean =>
  !filter && others.length === 0 && first?.path.join('/') === 'receivedDateTime' && first.descending;

const newestFirst = (messages: StoredMessage[]): StoredMessage[] =>
  [...messages].sort((one, two) => Date.parse(two.received) - Date.parse(one.received) || two.key - one.key);

function fitting(mailbox: Mailbox, messages: StoredMessage[], query: ListQuery, rendering: Rendering): StoredMessage[] {
  const byId = new Map(newestFirst(messages).map((message) => [mailbox.ids.idOf('message', message.key, message.moves, rendering.immutable), message]));
  const rendered = [...byId.values()].map((message) => renderMessage(mailbox, message, rendering));
  return ordered(rendered, query).flatMap(({ id }) => byId.get(id ?? '') ?? []);
}

/** Answers below `/messages`, alone or in a folder, except for attachments. */
export function handleMessages(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer {
  const [, id, below, ...rest] = request.segments;
  if (id === undefined) return list(request, mailbox, folder, context);
  if (id === '$count' && below === undefined) {
    return countOf(messagesIn(mailbox, folder).length);
  }
  const { rendering } = renderingOf(request, context);
  if (id === 'delta' && below === undefined) {
    if (!folder) throw new Refused(400, 'ErrorInvalidUrlQuery', "Change tracking is not supported against 'microsoft.graph.message' without a folder.");
    return messageDelta(request, mailbox, folder, rendering, context);
  }
  const message = messageAt(mailbox, id, folder);
  if (below === '$value' && rest.length === 0) {
    if (rendering.basic) throw Refused.by(accessDenied());
    return { status: 200, headers: { 'content-type': 'text/plain' }, chunks: inParts(mimePieces(message)) };
  }
  if (below !== undefined) throw new Refused(400, 'BadRequest', `Resource not found for the segment '${below}'.`);
  return answerMessage(request, mailbox, message, context, 200);
}

/** Answers one message as the request wants it. */
export function answerMessage(request: GraphRequest, mailbox: Mailbox, message: StoredMessage, context: GraphContext, status: 200 | 201): Answer {
  const { rendering, applied } = renderingOf(request, context);
  const select = selected(request, RULES);
  const expand = splitList(option(request, '$expand') ?? '');
  checkBasic(rendering, select, expand, undefined);
  return {
    status,
    headers: appliedHeader(applied),
    json: { '@odata.context': contextOf(request, "users('me')/messages/$entity"), ...finish(request, mailbox, message, { select, expand }, rendering) },
  };
}

const PART = 64 * 1024;

async function* inParts(pieces: Iterable<Buffer>): AsyncIterable<Uint8Array> {
  for (const bytes of pieces) for (let at = 0; at < bytes.length; at += PART) yield bytes.subarray(at, at + PART);
}
