// What tests do to the machine: they fill a disk, and stop the database server.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { given } from './database.ts';

/** Fills a disk completely and returns the file that does. */
export function fill(folder: string): string {
  const path = join(folder, 'ballast');
  const file = openSync(path, 'w');
  for (let size = 1 << 20; size >= 1; size = size > 1 ? size >> 1 : 0) {
    try {
      for (;;) writeSync(file, Buffer.alloc(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
  closeSync(file);
  return path;
}

/** Runs pg_ctl with these words, for the server that all tests use. */
export function controlPostgres(words: string): void {
  execFileSync(given('SOAK_POSTGRES_CONTROL'), words.split(' '), { stdio: 'ignore' });
}
