// The changes of a folder's messages and of the folders since a token. A round is answered page by page; its last page has
// the link to the next round. Tokens are kept here, and can be made to expire.

import { randomBytes } from 'node:crypto';
import { type Answer, type GraphContext, type GraphRequest, preferences, Refused, wantsImmutableIds } from './context.ts';
import { fits, parseFilter, propertiesOf } from './filter.ts';
import { FOLDER_RULES, renderFolder } from './folders.ts';
import type { Mailbox, StoredFolder } from './mailbox.ts';
import { chooseProperties, MESSAGE, MESSAGE_SCHEMA, renderMessage, type Rendering } from './message-json.ts';
import { contextOf, option, project, selected } from './query.ts';

/** A client's place in a round. */
interface Round {
  /** The folder whose messages are read; null for the folders themselves. */
  folder: string | null;
  select: string[] | undefined;
  changeType: string | null;
  filter: string | null;
  /** What is still to be reported: keys of messages, or ids of folders. */
  left: (number | string)[];
  /** The change after which the next round begins. */
  until: number;
  /** The change after which this round began; -1 for the first one. */
  since: number;
}

const PAGE = 10;
/** The number of messages that a round with a filter reports at most. */
const MAX_FILTERED = 5_000;

const rounds = new WeakMap<Mailbox, Map<string, Round>>();

function tokensOf(mailbox: Mailbox): Map<string, Round> {
  const known = rounds.get(mailbox) ?? new Map<string, Round>();
  rounds.set(mailbox, known);
  return known;
}

/** Makes every token of the mailbox expire. */
export function expireTokens(mailbox: Mailbox): void {
  tokensOf(mailbox).clear();
}

const expired = (): Refused => new Refused(410, 'syncStateNotFound', 'The sync state generation is not found; continuationToken=.');

function roundOf(mailbox: Mailbox, request: GraphRequest, folder: string | null): Round | undefined {
  const token = option(request, '$skiptoken') ?? option(request, '$deltatoken');
  if (token === undefined) return undefined;
  const round = tokensOf(mailbox).get(token);
  if (!round || round.folder !== folder) throw expired();
  return round;
}

/** The link with a new token: Graph puts the whole query of the first request into it. */
function link(mailbox: Mailbox, request: GraphRequest, name: '$skiptoken' | '$deltatoken', round: Round): string {
  const token = randomBytes(40).toString('base64url');
  tokensOf(mailbox).set(token, round);
  const [path] = request.target.split('?');
  return `${request.base}${path}?${name}=${token}`;
}

/** One page of a round. `render` answers null for what is not reported. */
function answerPage(request: GraphRequest, mailbox: Mailbox, round: Round, render: (item: number | string) => object | null, applied: string[]): Answer {
  const preferred = preferences(request).get('odata.maxpagesize');
  const size = Math.max(1, Number(preferred) || PAGE);
  const [now, later] = [round.left.slice(0, size), round.left.slice(size)];
  const next = later.length
    ? { '@odata.nextLink': link(mailbox, request, '$skiptoken', { ...round, left: later }) }
    : { '@odata.deltaLink': link(mailbox, request, '$deltatoken', { ...round, left: [], since: round.until }) };
  const all = preferred === undefined ? applied : [...applied, `odata.maxpagesize=${size}`];
  return {
    status: 200,
    headers: all.length ? { 'preference-applied': all.join(', ') } : {},
    json: {
      '@odata.context': contextOf(request, round.folder === null ? "users('me')/mailFolders/$delta" : `users('me')/mailFolders('${encodeURIComponent(round.folder)}')/messages/$delta`),
      value: now.flatMap((item) => render(item) ?? []),
      ...next,
    },
  };
}

/** What a delta of messages takes in its first request. */
function firstRound(request: GraphRequest, mailbox: Mailbox, folder: StoredFolder): Round {
  if (option(request, '$search') !== undefined) throw new Refused(400, 'ErrorInvalidUrlQuery', 'The query parameter \'$search\' is not supported in change tracking.');
  const order = option(request, '$orderby');
  if (order !== undefined && !/^receivedDateTime\s+desc$/i.test(order.trim())) {
    throw new Refused(400, 'ErrorInvalidUrlQuery', 'Change tracking supports only $orderby=receivedDateTime+desc.');
  }
  const filter = option(request, '$filter') ?? null;
  if (filter !== null && !/^\s*receivedDateTime\s+(ge|gt)\s+\S+\s*$/.test(filter)) {
    throw new Refused(400, 'ErrorInvalidUrlQueryFilter', 'Change tracking supports only $filter=receivedDateTime ge or gt.');
  }
  if (filter !== null) propertiesOf(parseFilter(filter, MESSAGE_SCHEMA, MESSAGE));
  const changeType = request.query.get('changeType');
  if (changeType !== null && !['created', 'updated', 'deleted'].includes(changeType)) {
    throw new Refused(400, 'ErrorInvalidUrlQuery', `Invalid value '${changeType}' for changeType.`);
  }
  const select = selected(request, { entity: MESSAGE, schema: MESSAGE_SCHEMA });
  return { folder: folder.id, select, changeType, filter, left: [], until: 0, since: -1 };
}

/** The messages of the folder that a new round reports. */
function changedMessages(mailbox: Mailbox, folder: string, round: Round): number[] {
  if (round.since >= 0) {
    const changes = mailbox.changes.filter((change) => change.folder === folder && change.number > round.since && !change.isHidden);
    return [...new Set(changes.map(({ key }) => key))];
  }
  const present = [...mailbox.messages.values()].filter((message) => message.folder === folder && !message.isHidden);
  const newestFirst = present.sort((one, two) => Date.parse(two.received) - Date.parse(one.received));
  return newestFirst.slice(0, round.filter === null ? undefined : MAX_FILTERED).map(({ key }) => key);
}

export function messageDelta(request: GraphRequest, mailbox: Mailbox, folder: StoredFolder, rendering: Rendering, context: GraphContext): Answer {
  const known = roundOf(mailbox, request, folder.id) ?? firstRound(request, mailbox, folder);
  // A token with nothing left begins the next round.
  const round = known.left.length ? known : { ...known, left: changedMessages(mailbox, folder.id, known), until: mailbox.changes.length };
  const filter = round.filter === null ? undefined : parseFilter(round.filter, MESSAGE_SCHEMA, MESSAGE);
  const { immutable } = rendering;

  const render = (key: number | string): object | null => {
    const message = mailbox.messages.get(Number(key));
    const changes = mailbox.changes.filter((change) => change.key === key && change.folder === folder.id && change.number > round.since);
    const left = changes.findLast(({ kind }) => kind === 'removed');
    // With immutable ids a message that left the folder and came back can stay removed.
    const isLost = immutable && context.settings.lostReturns && left !== undefined;
    if (message?.folder === folder.id && !isLost) {
      const kind = round.since < 0 || changes.some((change) => change.kind === 'created') ? 'created' : 'updated';
      if (round.changeType && round.changeType !== kind) return null;
      const json = renderMessage(mailbox, message, rendering);
      return filter && !fits(filter, json) ? null : chooseProperties(json, round.select);
    }
    if (round.since < 0 || (round.changeType && round.changeType !== 'deleted')) return null;
    const id = immutable ? mailbox.ids.idOf('message', Number(key), 0, true) : left?.changeableId;
    return { id, '@removed': { reason: 'deleted' } };
  };
  return answerPage(request, mailbox, round, render, wantsImmutableIds(request) ? ['IdType="ImmutableId"'] : []);
}

/** The changes of the whole tree of folders. */
export function folderDelta(request: GraphRequest, mailbox: Mailbox): Answer {
  const known = roundOf(mailbox, request, null)
    ?? { folder: null, select: selected(request, FOLDER_RULES), changeType: null, filter: null, left: [], until: 0, since: -1 };
  const changed = known.since < 0 ? [...mailbox.folders.keys()] : mailbox.folderChanges.filter(({ number }) => number > known.since).map(({ id }) => id);
  const round: Round = known.left.length ? known : { ...known, left: [...new Set(changed)], until: mailbox.folderChanges.length };
  const render = (id: number | string): object => {
    const folder = mailbox.folders.get(String(id));
    return folder ? project(renderFolder(mailbox, folder), round.select) : { id, '@removed': { reason: 'deleted' } };
  };
  return answerPage(request, mailbox, round, render, []);
}
