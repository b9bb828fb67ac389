// The names that the query of a path may have. The service refuses unknown ones that begin with `$` and ignores others;
// here those are noted and, unless a setting says otherwise, refused too, so that a misspelt one does not stay unseen.

import { type GraphContext, type GraphRequest, Refused } from './context.ts';
import { badQuery } from './filter.ts';

/** Options of OData. `$` before the name may be missing. */
const OPTIONS = ['$select', '$filter', '$orderby', '$top', '$skip', '$skiptoken', '$count', '$search', '$expand', '$deltatoken'];

/** The parameters without `$` that a path has. */
function ownOf({ segments }: GraphRequest): string[] {
  const [kind, id, below] = segments;
  if (kind === 'mailFolders' && (id === undefined || below === 'childFolders')) return ['includeHiddenFolders'];
  if (kind !== 'messages') return [];
  if (id === 'delta') return ['changeType'];
  // A list of messages, and one of them.
  return below === undefined && id !== '$count' ? ['includeHiddenMessages'] : [];
}

/** Refuses a request with a parameter that its path does not have. */
export function checkParameters(request: GraphRequest, { login, record, settings }: GraphContext): void {
  const own = ownOf(request);
  for (const name of request.query.keys()) {
    const lower = name.toLowerCase();
    if (OPTIONS.includes(lower) || OPTIONS.includes(`$${lower}`) || own.includes(name)) continue;
    if (name.startsWith('$')) throw badQuery(`The query parameter '${name}' is not supported.`);
    record({ event: 'graph.unknown-parameter', login, path: request.target.split('?')[0], name });
    if (settings.unknownParameters === 'ignore') continue;
    throw new Refused(400, 'UnknownParameter', `The stand-in knows no parameter '${name}' of this path. Microsoft Graph would ignore it.`);
  }
}

/** A parameter that is true or false; false if it is missing. */
export function flagOf(request: GraphRequest, name: string): boolean {
  const value = request.query.get(name)?.toLowerCase() ?? 'false';
  if (value !== 'true' && value !== 'false') throw badQuery(`Invalid value '${value}' for the query parameter '${name}'.`);
  return value === 'true';
}
