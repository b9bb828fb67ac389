// What was promised: what an administrator was told that it is done must be there afterwards, and what was cut off must
// be there whole or not at all.

import type { Database } from './database.ts';

/** A connector: how often it was renamed, whether it asks for less than the others, whether a sign-in has proved it. */
export interface Entry {
  renamed: number;
  narrow: boolean;
  verified: boolean;
}

/** What may be true of one connector; nothing is that it is not there. */
type Possible = Entry | undefined;

const same = (one: Possible, other: Possible) => one?.renamed === other?.renamed && one?.narrow === other?.narrow && one?.verified === other?.verified;

const shown = (entry: Possible) => (entry ? `renamed ${entry.renamed} times, ${entry.narrow ? 'narrow' : 'wide'}, ${entry.verified ? '' : 'not '}verified` : 'not there');

/** Names carry which connector it is, and how often it was renamed. */
export const nameOf = (key: string, renamed: number) => `${key} v${renamed}`;

/** The permission that a narrow connector does not ask for. */
export const FURTHER = 'Contacts.Read';

export class Ledger {
  private readonly possible = new Map<string, Possible[]>();
  private readonly ids = new Map<string, string>();
  promised = 0;
  cutOff = 0;

  /** Something is about to be done that makes this of it; what it was stays possible until it is done. */
  begin(key: string, after: Possible): void {
    this.possible.set(key, [...(this.possible.get(key) ?? [undefined]), after]);
  }

  /** It was answered that it is done. */
  done(key: string, after: Possible, id = this.ids.get(key)): void {
    this.possible.set(key, [after]);
    if (id) this.ids.set(key, id);
    this.promised += 1;
  }

  /** The connectors that are there for certain and whose names begin so. */
  certain(prefix: string): { key: string; id: string; entry: Entry }[] {
    return [...this.possible].flatMap(([key, [entry, ...others]]) => {
      const id = this.ids.get(key);
      return entry && id && others.length === 0 && key.startsWith(prefix) ? [{ key, id, entry }] : [];
    });
  }

  /** Compares what is there with what was promised. From then on what was open is what was found. */
  settle(database: Database): string[] {
    const found: string[] = [];
    const there = new Map<string, Possible>();
    for (const [name = '', state, scopes = ''] of database.rows('SELECT service_name, state, scopes FROM connectors')) {
      const [, key = '', renamed] = /^(.*) v(\d+)$/.exec(name) ?? [];
      if (there.has(key)) found.push(`${key} is there twice`);
      there.set(key, { renamed: Number(renamed), narrow: !scopes.includes(FURTHER), verified: state === 'verified' });
    }
    for (const [key, possible] of this.possible) {
      const is = there.get(key);
      if (!possible.some((one) => same(one, is))) found.push(`${key} is ${shown(is)}, and may be ${possible.map(shown).join(' or ')}`);
      if (possible.length > 1) this.cutOff += 1;
      this.possible.set(key, [is]);
    }
    for (const key of there.keys()) if (!this.possible.has(key)) found.push(`${key} is there, and nobody has added it`);
    return found;
  }
}
