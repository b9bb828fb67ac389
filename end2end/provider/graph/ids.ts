// Ids of items, as Exchange has them: long, case-sensitive, with `/`, `+` and `=`. An item has a changeable id, which
// differs after each move, and an immutable one. Folders have one id, which never changes.

import { createHash } from 'node:crypto';

/** Kinds of items that have ids of both sorts. */
export type Kind = 'message' | 'attachment' | 'contact';

export interface Item {
  kind: Kind;
  key: number;
  /** How often it was moved. */
  moves: number;
}

/** The beginning of each sort's ids. */
const CHANGEABLE = 'AAMkADA0';
const IMMUTABLE = 'AAkALgAA';
const FOLDER = 'AQMkADA0';

const SHAPE = /^A[A-Za-z0-9+/]{159}=$/;

/** 160 characters of base64 that depend on the text alone, and `=`. They contain `/` and `+`. */
function derive(start: string, text: string): string {
  const hash = (part: number) => createHash('sha512').update(`${part} ${text}`).digest();
  const digits = Buffer.concat([hash(1), hash(2)]).toString('base64').replaceAll('=', '');
  return `${start}${digits.slice(0, 147)}/+AAA=`;
}

/** Whether a text could be an id. Graph answers others with 400 instead of 404. */
export function isWellFormed(id: string): boolean {
  return SHAPE.test(id);
}

export const folderId = (login: string, name: string): string => derive(FOLDER, `${login} folder ${name}`);

/** A conversation's id. */
export const conversationId = (login: string, name: string): string => derive('AAQkADA0', `${login} conversation ${name}`);

/** The ids under which a mailbox finds its items. */
export class IdBook {
  private readonly login: string;
  private readonly items = new Map<string, Item>();

  constructor(login: string) {
    this.login = login;
  }

  /** The id of an item. `moves` is how often it was moved. */
  idOf(kind: Kind, key: number, moves: number, immutable: boolean): string {
    return immutable ? derive(IMMUTABLE, `${this.login} ${kind} ${key}`) : derive(CHANGEABLE, `${this.login} ${kind} ${key} ${moves}`);
  }

  /** Makes an item findable under both its ids. */
  add(kind: Kind, key: number, moves: number): void {
    for (const immutable of [false, true]) this.items.set(this.idOf(kind, key, moves, immutable), { kind, key, moves });
  }

  /** Ends the changeable id of an item, and the immutable one if the item is removed for good. */
  end(kind: Kind, key: number, moves: number, forGood = false): void {
    this.items.delete(this.idOf(kind, key, moves, false));
    if (forGood) this.items.delete(this.idOf(kind, key, moves, true));
  }

  /** The item of an id of either sort, of whichever kind. */
  item(id: string): Item | undefined {
    return this.items.get(id);
  }

  /** The key of the item of this kind, by an id of either sort. */
  find(kind: Kind, id: string): number | undefined {
    const item = this.items.get(id);
    return item?.kind === kind ? item.key : undefined;
  }
}
