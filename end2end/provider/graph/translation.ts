// `POST /translateExchangeIds`: ids of items in the other sort, up to a thousand in one request. Each is answered by
// itself, with its error if it has one.

import type { ConvertIdResult } from '@microsoft/microsoft-graph-types';
import { accessDenied, type Answer, type GraphContext, type GraphRequest, refusal, Refused } from './context.ts';
import { isWellFormed } from './ids.ts';
import type { Mailbox } from './mailbox.ts';
import { contextOf } from './query.ts';

const MAX_IDS = 1_000;

/** The sorts of ids by which Graph finds items. The stand-in has no ids of MAPI and of Exchange Web Services. */
const SORTS = ['restId', 'restImmutableEntryId'];

interface Wanted {
  ids: string[];
  source: string;
  target: string;
}

function sortOf(value: unknown, name: string): string {
  if (typeof value === 'string' && SORTS.includes(value)) return value;
  throw new Refused(400, 'BadRequest', `Invalid value for the parameter '${name}'.`);
}

function wantedOf(body: Buffer): Wanted {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    throw new Refused(400, 'BadRequest', 'Unable to read JSON request payload.');
  }
  const { inputIds, sourceIdType, targetIdType } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (!Array.isArray(inputIds) || !inputIds.every((id) => typeof id === 'string')) {
    throw new Refused(400, 'BadRequest', "Invalid value for the parameter 'inputIds'.");
  }
  if (inputIds.length > MAX_IDS) throw new Refused(400, 'BadRequest', `The number of ids exceeds the maximum of ${MAX_IDS}.`);
  return { ids: inputIds, source: sortOf(sourceIdType, 'sourceIdType'), target: sortOf(targetIdType, 'targetIdType') };
}

function translated(mailbox: Mailbox, folders: ReadonlySet<string>, id: string, { source, target }: Wanted): ConvertIdResult {
  const failed = (code: string, message: string): ConvertIdResult => ({ sourceId: id, errorDetails: { code, message } } as ConvertIdResult);
  if (!isWellFormed(id)) return failed('ErrorInvalidIdMalformed', 'Id is malformed.');
  if (folders.has(id)) return { sourceId: id, targetId: id };
  const item = mailbox.ids.item(id);
  if (!item) return failed('ErrorItemNotFound', 'The specified object was not found in the store.');
  const idOf = (sort: string): string => mailbox.ids.idOf(item.kind, item.key, item.moves, sort === 'restImmutableEntryId');
  if (idOf(source) !== id) return failed('ErrorInvalidIdMalformed', 'Id is malformed.');
  return { sourceId: id, targetId: idOf(target) };
}

/**
 * Answers what is at `translateExchangeIds`; nothing for other paths.
 * @param contactFolders The ids of the folders of contacts. Like those of mail folders, they are of one sort.
 */
export function handleTranslation(request: GraphRequest, mailbox: Mailbox, context: GraphContext, contactFolders: () => Iterable<string>): Answer | undefined {
  if (request.segments[0] !== 'translateExchangeIds' || request.segments.length > 1) return undefined;
  if (request.method !== 'POST') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  // Others report that it is refused; no page says with which code.
  if (context.isPersonal) return accessDenied();
  const wanted = wantedOf(request.body);
  const folders = new Set([...mailbox.folders.keys(), ...contactFolders()]);
  const value = wanted.ids.map((id) => translated(mailbox, folders, id, wanted));
  return { status: 200, json: { '@odata.context': contextOf(request, 'Collection(microsoft.graph.convertIdResult)'), value } };
}
