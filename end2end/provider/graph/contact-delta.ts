// The changes of contacts since a token: a first round with everything, then rounds with what was changed. Each round has
// pages; the last one has the link of the next round.

import { CONTACTS, FOLDERS, renderContact, renderFolder } from './contact-json.ts';
import type { ContactBook, DeltaState, StoredContactFolder } from './contact-store.ts';
import { type Answer, type GraphRequest, preferences, Refused, wantsImmutableIds } from './context.ts';
import { appliedIds } from './preferences.ts';
import { contextOf, MAX_PAGE, option, project, selected } from './query.ts';

const DEFAULT_PAGE = 10;

/** Options that Exchange refuses beside change tracking. Others report `$top` among them, seen at the service. */
const REFUSED = ['$orderby', '$filter', '$expand', '$search', '$top', '$skip', '$count'];

/** The shape of a token of this store. */
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

function checkOptions(request: GraphRequest, resource: string): void {
  if (REFUSED.every((name) => option(request, name) === undefined)) return;
  const message = `The following parameters are not supported with change tracking over the '${resource}' resource: '${REFUSED.join(', ')}'.`;
  throw new Refused(400, 'ErrorInvalidUrlQuery', message);
}

/** The state of the token that the request brings, or none if the request begins the first round. */
function stateOf(request: GraphRequest, book: ContactBook, of: DeltaState['of'], folder: string): DeltaState | undefined {
  const token = option(request, '$skiptoken') ?? option(request, '$deltatoken');
  if (token === undefined) return undefined;
  const state = book.tokens.get(token);
  if (!state && TOKEN.test(token)) {
    throw new Refused(410, 'syncStateNotFound', 'The sync state generation is not found. The delta token is expired.');
  }
  if (!state || state.of !== of || state.folder !== folder) throw new Refused(400, 'InvalidSyncStateData', 'The sync state data is not valid.');
  return state;
}

function pageSize(request: GraphRequest): number {
  const wanted = Number(preferences(request).get('odata.maxpagesize') ?? DEFAULT_PAGE);
  return Number.isInteger(wanted) && wanted > 0 ? Math.min(wanted, MAX_PAGE) : DEFAULT_PAGE;
}

/** Answers one page of a round, with the link of the next page or of the next round. */
function answer(request: GraphRequest, book: ContactBook, round: DeltaState, what: string, render: (item: number) => object[]): Answer {
  const size = pageSize(request);
  const next = { ...round, left: round.left.slice(size) };
  const [path] = request.target.split('?');
  const link = (name: string, state: DeltaState): string => `${request.base}${path}?${new URLSearchParams({ [name]: book.tokenFor(state) }).toString()}`;
  const isPreferred = preferences(request).has('odata.maxpagesize');
  return {
    status: 200,
    headers: appliedIds(request, isPreferred ? [`odata.maxpagesize=${size}`] : []),
    json: {
      '@odata.context': contextOf(request, what),
      value: round.left.slice(0, size).flatMap(render),
      ...(next.left.length
        ? { '@odata.nextLink': link('$skiptoken', next) }
        : { '@odata.deltaLink': link('$deltatoken', { ...next, first: false }) }),
    },
  };
}

/** Adds the items of a new round to a state whose round has ended. */
function begin(state: DeltaState, changed: number[], from: number): DeltaState {
  return { ...state, left: [...new Set(changed)], from };
}

export function contactDelta(request: GraphRequest, book: ContactBook, folder: StoredContactFolder): Answer {
  checkOptions(request, 'Contacts');
  const known = stateOf(request, book, 'contacts', folder.id);
  const from = book.changes.length;
  let round: DeltaState;
  if (!known) {
    const left = book.in(folder.id).map(({ key }) => key);
    round = { of: 'contacts', folder: folder.id, select: selected(request, CONTACTS), left, from, first: true };
  } else if (known.left.length) {
    round = known;
  } else {
    const changed = book.changes.slice(known.from).filter((change) => change.folder === folder.id);
    round = begin(known, changed.map(({ key }) => key), from);
  }
  const immutable = wantsImmutableIds(request);
  const render = (key: number): object[] => {
    const contact = book.contacts.get(key);
    if (contact?.folder === folder.id) return [project(renderContact(book, contact, immutable), round.select)];
    if (round.first) return [];
    const left = book.changes.findLast((change) => change.key === key && change.folder === folder.id && change.kind === 'removed');
    return [{ id: book.idOf(key, left?.moves ?? 0, immutable), '@removed': { reason: 'deleted' } }];
  };
  return answer(request, book, round, 'Collection(contact)/$delta', render);
}

export function folderDelta(request: GraphRequest, book: ContactBook): Answer {
  checkOptions(request, 'ContactFolders');
  const known = stateOf(request, book, 'folders', '');
  const from = book.folderOrder.length;
  const places = [...book.folderOrder.keys()];
  let round: DeltaState;
  if (!known) round = { of: 'folders', folder: '', select: selected(request, FOLDERS), left: places, from, first: true };
  else if (known.left.length) round = known;
  else round = begin(known, places.slice(known.from), from);
  const render = (place: number): object[] => {
    const folder = book.folders.get(book.folderOrder[place] ?? '');
    return folder ? [project(renderFolder(folder), round.select)] : [];
  };
  return answer(request, book, round, 'Collection(contactFolder)/$delta', render);
}
