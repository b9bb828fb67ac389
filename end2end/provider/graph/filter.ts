// The expressions of `$filter`, in the part of OData that Exchange takes: comparisons, `and`, `or`, `not`,
// `startswith`, `endswith`, `contains`, and `any` over a list.

import { Refused } from './context.ts';

/** A property: a primitive, a list with the properties of its elements, or the properties of an object. */
export type Type = 'string' | 'date' | 'boolean' | 'number' | 'enum' | 'binary' | { list: Type } | { of: Schema };
export interface Schema {
  [property: string]: Type;
}

type Literal = { kind: 'string' | 'date' | 'number' | 'boolean' | 'null'; value: string | number | boolean | null };

export type Filter =
  | { kind: 'and' | 'or'; left: Filter; right: Filter }
  | { kind: 'not'; inner: Filter }
  | { kind: 'compare'; path: string[]; operator: string; value: Literal['value']; date: boolean }
  | { kind: 'text'; path: string[]; name: string; value: string }
  | { kind: 'any'; path: string[]; variable: string; inner: Filter };

const OPERATORS = ['eq', 'ne', 'gt', 'ge', 'lt', 'le'];
const FUNCTIONS = ['startswith', 'endswith', 'contains'];
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;
const TOKEN = /\s*('(?:[^']|'')*'|\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?)?|-?\d+(?:\.\d+)?|[A-Za-z_@][\w.@]*|[()/,:])/y;

const EDM: Record<string, string> = { string: 'Edm.String', date: 'Edm.DateTimeOffset', number: 'Edm.Int32', boolean: 'Edm.Boolean', enum: 'Edm.String' };

export const badQuery = (message: string): Refused => new Refused(400, 'RequestBroker--ParseUri', message);

function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw badQuery(`Syntax error at position ${at} in '${text}'.`);
    tokens.push(token);
  }
  return tokens;
}

/** The type of a property of `schema`. */
export function typeOf(path: string[], schema: Schema, entity: string): Type {
  let type: Type = { of: schema };
  for (const name of path) {
    const inner: Type | undefined = typeof type === 'object' && 'of' in type ? type.of[name] : undefined;
    if (!inner) throw badQuery(`Could not find a property named '${name}' on type '${entity}'.`);
    type = inner;
  }
  return type;
}

class Parser {
  private readonly tokens: string[];
  private readonly text: string;
  private readonly entity: string;
  private at = 0;

  constructor(text: string, entity: string) {
    this.text = text;
    this.entity = entity;
    this.tokens = tokensOf(text);
  }

  whole(schema: Schema): Filter {
    const filter = this.or(schema);
    if (this.at < this.tokens.length) throw this.wrong();
    return filter;
  }

  private wrong(): Refused {
    return badQuery(`Invalid filter clause: syntax error at '${this.tokens[this.at] ?? 'the end'}' in '${this.text}'.`);
  }

  private is(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at += 1;
    return true;
  }

  private expect(token: string): void {
    if (!this.is(token)) throw this.wrong();
  }

  private word(): string {
    const token = this.tokens[this.at] ?? '';
    if (!/^[A-Za-z_@]/.test(token)) throw this.wrong();
    this.at += 1;
    return token;
  }

  private or(schema: Schema): Filter {
    let left = this.and(schema);
    while (this.is('or')) left = { kind: 'or', left, right: this.and(schema) };
    return left;
  }

  private and(schema: Schema): Filter {
    let left = this.one(schema);
    while (this.is('and')) left = { kind: 'and', left, right: this.one(schema) };
    return left;
  }

  private one(schema: Schema): Filter {
    if (this.is('not')) return { kind: 'not', inner: this.one(schema) };
    if (this.is('(')) {
      const inner = this.or(schema);
      this.expect(')');
      return inner;
    }
    const name = this.word();
    if (FUNCTIONS.includes(name.toLowerCase()) && this.is('(')) return this.textFunction(name.toLowerCase(), schema);
    return this.property(name, schema);
  }

  private textFunction(name: string, schema: Schema): Filter {
    const path = this.path(this.word());
    if (typeOf(path, schema, this.entity) !== 'string') throw badQuery(`No function signature for the function with name '${name}' matches the specified arguments.`);
    this.expect(',');
    const { kind, value } = this.literal();
    if (kind !== 'string') throw this.wrong();
    this.expect(')');
    // `startswith(…) eq true` says the same.
    if (this.is('eq')) {
      const expected = this.literal().value;
      const inner: Filter = { kind: 'text', path, name, value: String(value) };
      return expected === true ? inner : { kind: 'not', inner };
    }
    return { kind: 'text', path, name, value: String(value) };
  }

  private path(first: string): string[] {
    const names = [first];
    while (this.tokens[this.at] === '/' && this.tokens[this.at + 1] !== 'any' && this.is('/')) names.push(this.word());
    return names;
  }

  private property(first: string, schema: Schema): Filter {
    const path = this.path(first);
    const type = typeOf(path, schema, this.entity);
    if (this.is('/')) {
      this.expect('any');
      if (typeof type !== 'object' || !('list' in type)) throw this.wrong();
      this.expect('(');
      const variable = this.word();
      this.expect(':');
      const inner = this.or({ [variable]: type.list });
      this.expect(')');
      return { kind: 'any', path, variable, inner };
    }
    const operator = this.tokens[this.at] ?? '';
    if (typeof type !== 'object' && type === 'boolean' && !OPERATORS.includes(operator)) {
      return { kind: 'compare', path, operator: 'eq', value: true, date: false };
    }
    if (!OPERATORS.includes(operator)) throw this.wrong();
    this.at += 1;
    const literal = this.literal();
    const left = typeof type === 'string' ? EDM[type] : undefined;
    const right = literal.kind === 'null' ? left : EDM[literal.kind];
    if (!left || left !== right) {
      throw badQuery(`A binary operator with incompatible types was detected. Found operand types '${left ?? 'a complex type'}' and '${right}' for operator kind '${operator}'.`);
    }
    return { kind: 'compare', path, operator, value: literal.value, date: type === 'date' };
  }

  private literal(): Literal {
    const token = this.tokens[this.at] ?? '';
    this.at += 1;
    if (token.startsWith("'")) return { kind: 'string', value: token.slice(1, -1).replaceAll("''", "'") };
    if (DATE.test(token)) return { kind: 'date', value: token };
    if (/^-?\d+(\.\d+)?$/.test(token)) return { kind: 'number', value: Number(token) };
    if (token === 'true' || token === 'false') return { kind: 'boolean', value: token === 'true' };
    if (token === 'null') return { kind: 'null', value: null };
    this.at -= 1;
    throw this.wrong();
  }
}

/**
 * Parses a filter.
 * @param entity The name of the type in errors, as Graph has it: `Microsoft.OutlookServices.Message`.
 */
export function parseFilter(text: string, schema: Schema, entity: string): Filter {
  return new Parser(text, entity).whole(schema);
}

/** The properties that a filter names, in their order, each once. */
export function propertiesOf(filter: Filter): string[] {
  const all = (part: Filter): string[] => {
    if ('left' in part) return [...all(part.left), ...all(part.right)];
    return part.kind === 'not' ? all(part.inner) : [part.path.join('/')];
  };
  return [...new Set(all(filter))];
}

function valueAt(item: unknown, path: string[]): unknown {
  let value = item;
  for (const name of path) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return value ?? null;
}

/** Orders two values; texts as Exchange does, without regard to case. Null comes first. */
export function compare(left: unknown, right: unknown, date = false): number {
  if (left === null || right === null) return Number(left !== null) - Number(right !== null);
  if (date) return Date.parse(String(left)) - Date.parse(String(right));
  if (typeof left === 'string' && typeof right === 'string') {
    const [one, two] = [left.toLowerCase(), right.toLowerCase()];
    return one < two ? -1 : Number(one > two);
  }
  return Number(left) - Number(right);
}

/** Whether an item, in the form of its JSON, fits the filter. */
export function fits(filter: Filter, item: unknown): boolean {
  switch (filter.kind) {
    case 'and': return fits(filter.left, item) && fits(filter.right, item);
    case 'or': return fits(filter.left, item) || fits(filter.right, item);
    case 'not': return !fits(filter.inner, item);
    case 'any': {
      const list = valueAt(item, filter.path);
      return Array.isArray(list) && list.some((element) => fits(filter.inner, { [filter.variable]: element }));
    }
    case 'text': {
      const [text, part] = [String(valueAt(item, filter.path) ?? '').toLowerCase(), filter.value.toLowerCase()];
      if (filter.name === 'startswith') return text.startsWith(part);
      return filter.name === 'endswith' ? text.endsWith(part) : text.includes(part);
    }
    case 'compare': {
      const value = valueAt(item, filter.path);
      // Ids differ in case; other texts are compared without regard to it.
      const isId = /(^|\/)(id|conversationId|parentFolderId)$/.test(filter.path.join('/'));
      const order = isId ? Number(value !== filter.value) : compare(value, filter.value, filter.date);
      if (filter.operator === 'eq') return order === 0;
      if (filter.operator === 'ne') return order !== 0;
      if (value === null) return false;
      if (filter.operator === 'gt') return order > 0;
      if (filter.operator === 'ge') return order >= 0;
      return filter.operator === 'lt' ? order < 0 : order <= 0;
    }
  }
}

/** Sorts by a property. */
export function sortBy<T>(items: readonly T[], order: readonly { path: string[]; descending: boolean; date: boolean }[]): T[] {
  return [...items].sort((one, two) => {
    for (const { path, descending, date } of order) {
      const difference = compare(valueAt(one, path), valueAt(two, path), date);
      if (difference !== 0) return descending ? -difference : difference;
    }
    return 0;
  });
}
