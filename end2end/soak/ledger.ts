// The confirmed changes. A change that an administrator saw as done must exist afterwards. An interrupted change
// must exist completely or not at all.

import type { Database } from './database.ts';

/** A connector: the number of its new names, whether it asks for fewer scopes, whether a sign-in has verified it. */
export interface Entry {
  renamed: number;
  narrow: boolean;
  verified: boolean;
}

/** The states that one connector may have; undefined means that it does not exist. */
type Possible = Entry | undefined;

const same = (one: Possible, other: Possible) => one?.renamed === other?.renamed && one?.narrow === other?.narrow && one?.verified === other?.verified;

const shown = (entry: Possible) => (entry ? `renamed ${entry.renamed} times, ${entry.narrow ? 'narrow' : 'wide'}, ${entry.verified ? '' : 'not '}verified` : 'not there');

/** A name contains the connector's number and the number of its new names. */
export const nameOf = (key: string, renamed: number) => `${key} v${renamed}`;

/** The permission that a narrow connector does not request. */
export const FURTHER = 'Contacts.Read';

export class Ledger {
  private readonly possible = new Map<string, Possible[]>();
  private readonly ids = new Map<string, string>();
  promised = 0;
  cutOff = 0;

  /** Before a change: the new state becomes possible, and the old one stays possible until the change is confirmed. */
  begin(key: string, after: Possible): void {
    this.possible.set(key, [...(this.possible.get(key) ?? [undefined]), after]);
  }

  /** The change was confirmed. */
  done(key: string, after: Possible, id = this.ids.get(key)): void {
    this.possible.set(key, [after]);
    if (id) this.ids.set(key, id);
    this.promised += 1;
  }

  /** The connectors that must exist and whose names begin like this. */
  certain(prefix: string): { key: string; id: string; entry: Entry }[] {
    return [...this.possible].flatMap(([key, [entry, ...others]]) => {
      const id = this.ids.get(key);
      return entry && id && others.length === 0 && key.startsWith(prefix) ? [{ key, id, entry }] : [];
    });
  }

  /** Compares the database with the confirmed changes. Afterwards the found states are the only possible ones. */
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
    for (const key of there.keys()) if (!this.possible.has(key)) found.push(`${key} is there, and no administrator added it`);
    return found;
  }
}
