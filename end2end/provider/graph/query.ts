// The query of a list as Graph takes it: `$select`, `$filter`, `$orderby`, `$top`, `$skip`, `$count`, `$search`, `$expand`.
// What Exchange refuses is refused here with the same code.

import { type Answer, type GraphRequest, Refused } from './context.ts';
import { badQuery, type Filter, fits, parseFilter, propertiesOf, type Schema, sortBy, typeOf } from './filter.ts';

export interface Order {
  path: string[];
  descending: boolean;
  date: boolean;
}

/** What a list of the kind accepts. */
export interface ListRules {
  /** The name of the type in errors. */
  entity: string;
  schema: Schema;
  /** The order without `$orderby`. */
  order: Order[];
  /** Properties that `$filter` refuses. */
  unfilterable?: string[];
  /** Properties that a filter has without any order. */
  unordered?: string[];
  searchable?: boolean;
}

export interface ListQuery {
  select: string[] | undefined;
  filter: Filter | undefined;
  order: Order[];
  top: number;
  skip: number;
  count: boolean;
  /** The text of `$search`, without the quotation marks around it. */
  search: string | undefined;
  expand: string[];
}

const DEFAULT_PAGE = 10;
export const MAX_PAGE = 1000;

/** The last value of an option; `$` before the name may be missing, and the name may have any case. */
export function option(request: GraphRequest, name: string): string | undefined {
  let found: string | undefined;
  for (const [key, value] of request.query) if (key.toLowerCase() === name || key.toLowerCase() === name.slice(1)) found = value;
  return found;
}

/** Splits at commas outside parentheses. */
export function splitList(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${character}`);
  }
  return parts.map((part) => part.trim()).filter(Boolean);
}

/** The properties of `$select`, spelt as the schema has them. */
export function selected(request: GraphRequest, { entity, schema }: Pick<ListRules, 'entity' | 'schema'>): string[] | undefined {
  const text = option(request, '$select');
  if (text === undefined) return undefined;
  return splitList(text).map((name) => {
    const known = Object.keys(schema).find((property) => property.toLowerCase() === name.toLowerCase());
    if (!known) throw badQuery(`Could not find a property named '${name}' on type '${entity}'.`);
    return known;
  });
}

function orderOf(text: string, { entity, schema }: ListRules): Order[] {
  return splitList(text).map((part) => {
    const [path = '', direction = 'asc', ...rest] = part.split(/\s+/);
    if (rest.length || !['asc', 'desc'].includes(direction.toLowerCase())) throw badQuery(`Syntax error in '${text}'.`);
    const names = path.split('/');
    const type = typeOf(names, schema, entity);
    if (typeof type === 'object') throw badQuery(`The $orderby expression '${path}' is not a single value.`);
    return { path: names, descending: direction.toLowerCase() === 'desc', date: type === 'date' };
  });
}

/** A whole number of the query. */
function numberOf(request: GraphRequest, name: string, least: number, fallback: number): number {
  const text = option(request, name);
  if (text === undefined) return fallback;
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw badQuery(`Invalid value '${text}' for ${name} query option found. The ${name} query option requires a non-negative integer value.`);
  }
  return Number(text);
}

/**
 * "The properties in `$orderby` must also appear in `$filter`, in the same order, and before the other properties."
 * Exchange answers otherwise that it cannot.
 */
function checkOrder(filter: Filter, order: Order[], rules: ListRules): void {
  const properties = propertiesOf(filter);
  const wanted = order.map(({ path }) => path.join('/'));
  const unordered = properties.some((property) => rules.unordered?.includes(property));
  if (unordered || wanted.some((property, place) => properties[place] !== property)) {
    throw new Refused(400, 'InefficientFilter', 'The restriction or sort order is too complex for this operation.');
  }
}

/** Reads `$search`, which must be in quotation marks unless it is one word. */
function searchText(text: string): string {
  if (!text.replaceAll('"', '').trim()) throw new Refused(400, 'BadRequest', 'The search query is empty.');
  const quoted = /^"((?:[^"\\]|\\.)*)"$/s.exec(text.trim())?.[1];
  if (quoted !== undefined) return quoted.replace(/\\(.)/gs, '$1');
  const wrong = /[^\p{L}\p{N}_]/u.exec(text.trim());
  if (wrong) throw new Refused(400, 'BadRequest', `Syntax error: character '${wrong[0]}' is not valid at position ${wrong.index} in '${text}'.`);
  return text.trim();
}

/** The options that Exchange does not take beside `$search`, each with the code of its refusal. */
const NOT_WITH_SEARCH: [name: string, code: string][] = [
  ['$filter', 'SearchWithFilter'], ['$orderby', 'SearchWithOrderBy'], ['$skip', 'SearchWithSkip'], ['$count', 'SearchWithCount'],
];

export function listQuery(request: GraphRequest, rules: ListRules): ListQuery {
  const search = option(request, '$search');
  if (search !== undefined) {
    if (!rules.searchable) throw new Refused(400, 'ErrorInvalidRequest', 'The query parameter \'$search\' is not supported.');
    for (const [name, code] of NOT_WITH_SEARCH) {
      if (option(request, name) !== undefined) throw new Refused(400, code, `The query parameter '${name}' is not supported with '$search'.`);
    }
  }
  const top = numberOf(request, '$top', 1, DEFAULT_PAGE);
  if (top > MAX_PAGE) throw badQuery(`The limit of '${MAX_PAGE}' for Top query has been exceeded. The value from the incoming request is '${top}'.`);
  const text = option(request, '$filter');
  const filter = text === undefined ? undefined : parseFilter(text, rules.schema, rules.entity);
  if (filter && propertiesOf(filter).some((property) => rules.unfilterable?.includes(property))) {
    throw new Refused(400, 'ErrorInvalidUrlQueryFilter', 'The property is not supported in a filter.');
  }
  const wanted = option(request, '$orderby');
  const order = wanted === undefined ? rules.order : orderOf(wanted, rules);
  if (filter && wanted !== undefined) checkOrder(filter, order, rules);
  const count = option(request, '$count') ?? 'false';
  if (!['true', 'false'].includes(count)) throw badQuery(`Invalid value '${count}' for $count query option found.`);
  return {
    select: selected(request, rules),
    filter,
    order,
    top,
    skip: numberOf(request, '$skip', 0, 0),
    count: count === 'true',
    search: search === undefined ? undefined : searchText(search),
    expand: splitList(option(request, '$expand') ?? ''),
  };
}

/** The items that fit, in their order. They are in the form of their JSON. */
export function ordered<T>(items: readonly T[], { filter, order }: ListQuery): T[] {
  return sortBy(filter ? items.filter((item) => fits(filter, item)) : items, order);
}

/** The absolute address of a request with other options in its query. `undefined` removes one. */
export function linkTo(request: GraphRequest, changes: Record<string, string | undefined>): string {
  const query = new URLSearchParams(request.query);
  for (const [name, value] of Object.entries(changes)) {
    for (const key of [...query.keys()]) if (key.toLowerCase() === name) query.delete(key);
    if (value !== undefined) query.set(name, value);
  }
  const [path] = request.target.split('?');
  const text = query.toString();
  return `${request.base}${path}${text ? `?${text}` : ''}`;
}

/** The `@odata.context` of an answer. */
export const contextOf = (request: GraphRequest, what: string): string => `${request.base}/$metadata#${what}`;

/** The address of a new item, as `Location` has it. */
export const locationOf = (request: GraphRequest, login: string, kind: string, id: string): string =>
  `${request.base}/users('${encodeURIComponent(login)}')/${kind}('${encodeURIComponent(id)}')`;

/** Only the selected properties, and what Graph adds by itself. */
export function project<T extends object>(item: T, select: string[] | undefined): T {
  if (!select) return item;
  const kept = Object.entries(item).filter(([name]) => name === 'id' || name.startsWith('@') || select.includes(name));
  return Object.fromEntries(kept) as T;
}

/**
 * One page of a list.
 * @param render Makes the JSON of an item that is on the page.
 */
export function page<T, U>(request: GraphRequest, query: ListQuery, items: readonly T[], what: string, render: (item: T) => U): Answer {
  const end = query.skip + query.top;
  const more = end < items.length;
  return {
    status: 200,
    json: {
      '@odata.context': contextOf(request, what),
      ...(query.count && { '@odata.count': items.length }),
      value: items.slice(query.skip, end).map(render),
      ...(more && { '@odata.nextLink': linkTo(request, { $top: String(query.top), $skip: String(end) }) }),
    },
  };
}
