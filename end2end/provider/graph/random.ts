// Numbers that look random and depend on a text alone: one log-in always has the same mailbox.

import { createHash } from 'node:crypto';

export interface Random {
  /** A whole number from 0 to `count` - 1. */
  below: (count: number) => number;
  /** One of them. */
  pick: <T>(from: readonly [T, ...T[]]) => T;
}

export function randomOf(text: string): Random {
  let state = createHash('sha256').update(text).digest().readUInt32LE(0);
  const below = (count: number): number => {
    // The generator "mulberry32".
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  };
  return { below, pick: (from) => from[below(from.length)] ?? from[0] };
}
