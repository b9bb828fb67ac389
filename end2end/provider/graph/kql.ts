// `$search` over messages: the part of Microsoft's Keyword Query Language that mailboxes take. Clauses beside each other
// must all hold, but those of one property only one of them; AND, OR, NOT and parentheses combine them by hand.

import type { Address, StoredMessage } from './mailbox.ts';
import { textOf } from './text.ts';

type Test = (message: StoredMessage) => boolean;

interface Clause {
  /** The property in small letters; empty for a word without one. */
  property: string;
  test: Test;
}

type Node = { clause: Clause } | { test: Test };

const TOKEN = /\s*(\(|\)|-?[A-Za-z]+(?::|<=|>=|<>|=|<|>)(?:"[^"]*"?|[^\s()"]+)|-?"[^"]*"?|-?[^\s()"]+)/gy;
const PARTS = /^([A-Za-z]+)(:|<=|>=|<>|=|<|>)(.*)$/s;

/** The words of a text in small letters. */
const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** Whether the words of a phrase are in the text one after the other; after `*` the last one is a beginning. */
function hasPhrase(text: string, phrase: string): boolean {
  const [words, wanted] = [wordsOf(text), wordsOf(phrase)];
  if (!wanted.length) return false;
  const begins = phrase.trimEnd().endsWith('*');
  return words.some((_, start) => wanted.every((word, offset) => {
    const found = words[start + offset] ?? '';
    return begins && offset === wanted.length - 1 ? found.startsWith(word) : found === word;
  }));
}

const people = (addresses: (Address | null)[]): string => addresses.map((one) => (one ? `${one.name} | ${one.address}` : '')).join(' | ');

/** The text in which a property searches. */
const TEXTS: Record<string, (message: StoredMessage) => string> = {
  from: ({ from }) => people([from]),
  to: ({ to }) => people(to),
  cc: ({ cc }) => people(cc),
  bcc: ({ bcc }) => people(bcc),
  recipients: ({ to, cc, bcc }) => people([...to, ...cc, ...bcc]),
  participants: ({ from, to, cc, bcc }) => people([from, ...to, ...cc, ...bcc]),
  subject: ({ subject }) => subject,
  body: ({ body }) => textOf(body),
  attachment: ({ attachments }) => attachments.map(({ name }) => name).join(' | '),
  category: ({ categories }) => categories.join(' | '),
};

/** A word without a property is looked for in these. */
const EVERYWHERE = ['from', 'subject', 'body'];

/** The days of a date or of a range of dates: the first, and the one after the last. */
function daysOf(value: string, now: Date): [number, number] | undefined {
  const day = (text: string): number => {
    const american = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text);
    const iso = american ? `${american[3]}-${american[1]?.padStart(2, '0')}-${american[2]?.padStart(2, '0')}` : text.slice(0, 10);
    return Date.parse(`${iso}T00:00:00Z`);
  };
  const DAY = 86_400_000;
  const today = Date.parse(now.toISOString().slice(0, 10));
  const named: Record<string, [number, number]> = { today: [today, today + DAY], yesterday: [today - DAY, today] };
  const known = named[value.toLowerCase()];
  if (known) return known;
  const [first = '', last = first] = value.split('..');
  const range: [number, number] = [day(first), day(last) + DAY];
  return range.some(Number.isNaN) ? undefined : range;
}

function inTime(operator: string, time: number, [first, after]: [number, number]): boolean {
  if (operator === '<') return time < first;
  if (operator === '<=') return time < after;
  if (operator === '>') return time >= after;
  if (operator === '>=') return time >= first;
  return (operator === '<>') !== (time >= first && time < after);
}

/** The number of bytes by which a search compares messages. */
const sizeOf = ({ body, attachments }: StoredMessage): number => body.length + attachments.reduce((sum, { content }) => sum + content.length, 0);

function inSize(operator: string, size: number, value: string): boolean {
  const [least = 0, most = least] = value.split('..').map(Number);
  if (operator === '<') return size < least;
  if (operator === '<=') return size <= least;
  if (operator === '>') return size > least;
  if (operator === '>=') return size >= least;
  return size >= least && size <= most;
}

/** A clause `property:value`, or undefined if KQL has no such property. */
function propertyTest(property: string, operator: string, value: string, now: Date): Test | undefined {
  const text = TEXTS[property];
  if (text) return (message) => hasPhrase(text(message), value);
  switch (property) {
    case 'hasattachment':
    case 'hasattachments':
      return ({ attachments }) => String(attachments.some(({ isInline }) => !isInline)) === value.toLowerCase();
    case 'importance':
      return ({ importance }) => importance === value.toLowerCase();
    case 'kind':
      return () => value.toLowerCase() === 'email';
    case 'size':
      return (message) => inSize(operator, sizeOf(message), value);
    case 'received':
    case 'sent': {
      const days = daysOf(value, now);
      const time = property === 'sent' ? ({ sent }: StoredMessage) => sent : ({ received }: StoredMessage) => received;
      return (message) => days !== undefined && inTime(operator, Date.parse(time(message)), days);
    }
    default:
      return undefined;
  }
}

function clauseOf(token: string, now: Date): Clause {
  const parts = PARTS.exec(token);
  if (parts) {
    const [, name = '', operator = '', written = ''] = parts;
    const property = name.toLowerCase();
    const test = propertyTest(property, operator, written.replaceAll('"', ''), now);
    if (test) return { property, test };
  }
  const phrase = token.replaceAll('"', '');
  return { property: '', test: (message) => EVERYWHERE.some((name) => hasPhrase(TEXTS[name]?.(message) ?? '', phrase)) };
}

class Parser {
  private readonly tokens: string[];
  private readonly now: Date;
  private at = 0;

  constructor(query: string, now: Date) {
    this.tokens = [...query.matchAll(TOKEN)].map(([, token = '']) => token);
    this.now = now;
  }

  whole(): Test {
    const tests: Test[] = [];
    // A closing parenthesis too many separates clauses.
    while (this.at < this.tokens.length) {
      tests.push(this.or());
      this.at += 1;
    }
    return (message) => tests.every((test) => test(message));
  }

  private or(): Test {
    let left = this.sequence();
    while (this.tokens[this.at] === 'OR') {
      this.at += 1;
      const [before, after] = [left, this.sequence()];
      left = (message) => before(message) || after(message);
    }
    return left;
  }

  /** Clauses beside each other. */
  private sequence(): Test {
    const groups = new Map<string, Test[]>();
    const others: Test[] = [];
    let joined = false;
    for (let token = this.tokens[this.at]; token !== undefined && token !== ')' && token !== 'OR'; token = this.tokens[this.at]) {
      if (token === 'AND') {
        this.at += 1;
        joined = true;
        continue;
      }
      const node = this.one();
      // Two clauses of one property beside each other are alternatives; with AND between them they are not.
      if ('clause' in node && node.clause.property && !joined) {
        groups.set(node.clause.property, [...(groups.get(node.clause.property) ?? []), node.clause.test]);
      } else {
        others.push('clause' in node ? node.clause.test : node.test);
      }
      joined = false;
    }
    return (message) => others.every((test) => test(message)) && [...groups.values()].every((tests) => tests.some((test) => test(message)));
  }

  private one(): Node {
    const token = this.tokens[this.at] ?? '';
    this.at += 1;
    if (token === 'NOT' || (token.startsWith('-') && token.length > 1)) {
      if (token !== 'NOT') this.tokens[--this.at] = token.slice(1);
      const inner = this.one();
      const test = 'clause' in inner ? inner.clause.test : inner.test;
      return { test: (message) => !test(message) };
    }
    if (token !== '(') return { clause: clauseOf(token, this.now) };
    const inner = this.or();
    if (this.tokens[this.at] === ')') this.at += 1;
    return { test: inner };
  }
}

/** Whether a message fits the query, which comes without the quotation marks around the whole. */
export function searchTest(query: string, now: Date): Test {
  return new Parser(query, now).whole();
}
