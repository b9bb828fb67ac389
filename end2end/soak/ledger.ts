// The confirmed changes. A change that an administrator saw as done must exist afterwards. An interrupted change
// must exist completely or not at all.

import { isDeepStrictEqual } from 'node:util';
import type { Database } from './database.ts';

/** A connector: the number of its new names, whether it asks for fewer scopes, whether a sign-in has verified it. */
export interface Entry {
  renamed: number;
  narrow: boolean;
  verified: boolean;
}

/** An account. */
export interface Mailbox {
  paused: boolean;
}

/** A name contains the connector's number and the number of its new names. */
export const nameOf = (key: string, renamed: number) => `${key} v${renamed}`;

/** The beginning of the names of connectors for accounts, which are not changed. */
export const FOR_MAILBOXES = 'mailboxes';

/** The permission that a narrow connector does not request. */
export const FURTHER = 'Contacts.Read';

/** The number of confirmed changes, and of those that were interrupted. */
interface Counts {
  promised: number;
  cutOff: number;
}

/** What may be there, by key; undefined means that it does not exist. */
class Promises<T> {
  private readonly possible = new Map<string, (T | undefined)[]>();
  private readonly ids = new Map<string, string>();

  constructor(protected readonly counts: Counts, private readonly shown: (one: T) => string) {}

  /** Before a change: the new state becomes possible, and the old one stays possible until the change is confirmed. */
  begin(key: string, after: T | undefined): void {
    this.possible.set(key, [...(this.possible.get(key) ?? [undefined]), after]);
  }

  /** The change was confirmed. */
  done(key: string, after: T | undefined, id = this.ids.get(key)): void {
    this.possible.set(key, [after]);
    if (id) this.ids.set(key, id);
    this.counts.promised += 1;
  }

  /** Those that must exist and whose keys begin like this. */
  certain(prefix: string): { key: string; id: string; entry: T }[] {
    return [...this.possible].flatMap(([key, [entry, ...others]]) => {
      const id = this.ids.get(key);
      return entry && id && others.length === 0 && key.startsWith(prefix) ? [{ key, id, entry }] : [];
    });
  }

  private say(one: T | undefined): string {
    return one ? this.shown(one) : 'not there';
  }

  /** Compares what is there with the confirmed changes. Afterwards the found states are the only possible ones. */
  protected compare(there: Map<string, T>): string[] {
    const found: string[] = [];
    for (const [key, possible] of this.possible) {
      const is = there.get(key);
      if (!possible.some((one) => isDeepStrictEqual(one, is))) {
        found.push(`${key} is ${this.say(is)}, and may be ${possible.map((one) => this.say(one)).join(' or ')}`);
      }
      if (possible.length > 1) this.counts.cutOff += 1;
      this.possible.set(key, [is]);
    }
    for (const key of there.keys()) if (!this.possible.has(key)) found.push(`${key} is there, and no administrator added it`);
    return found;
  }
}

/** The accounts, by email. */
export class Mailboxes extends Promises<Mailbox> {
  /** The connector of each administrator through which mailboxes are connected. */
  readonly connectors = new Map<string, string>();

  constructor(counts: Counts) {
    super(counts, ({ paused }) => (paused ? 'paused' : 'not paused'));
  }

  settle(database: Database): string[] {
    const rows = database.rows('SELECT email, CASE WHEN paused_at IS NULL THEN 0 ELSE 1 END FROM accounts');
    return this.compare(new Map(rows.map(([email = '', paused]): [string, Mailbox] => [email, { paused: paused === '1' }])));
  }
}

/** The connectors, by key, and the accounts. */
export class Ledger extends Promises<Entry> {
  readonly mailboxes = new Mailboxes(this.counts);

  constructor() {
    const shown = ({ renamed, narrow, verified }: Entry) => `renamed ${renamed} times, ${narrow ? 'narrow' : 'wide'}, ${verified ? '' : 'not '}verified`;
    super({ promised: 0, cutOff: 0 }, shown);
  }

  get promised(): number {
    return this.counts.promised;
  }

  get cutOff(): number {
    return this.counts.cutOff;
  }

  /** Compares the database with the confirmed changes. Afterwards the found states are the only possible ones. */
  settle(database: Database): string[] {
    const found: string[] = [];
    const there = new Map<string, Entry>();
    const rows = database.rows(`SELECT service_name, state, scopes FROM connectors WHERE service_name NOT LIKE '${FOR_MAILBOXES} %'`);
    for (const [name = '', state, scopes = ''] of rows) {
      const [, key = '', renamed] = /^(.*) v(\d+)$/.exec(name) ?? [];
      if (there.has(key)) found.push(`${key} is there twice`);
      there.set(key, { renamed: Number(renamed), narrow: !scopes.includes(FURTHER), verified: state === 'verified' });
    }
    return [...found, ...this.compare(there), ...this.mailboxes.settle(database)];
  }
}
