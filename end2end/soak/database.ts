// Direct access to the database, as for an attacker who holds it.

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { until } from '../support/process.ts';

export type Kind = 'SQLite' | 'PostgreSQL';

/** A value that the script sets. */
export function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; the script that starts these tests sets it`);
  return value;
}

export interface Database {
  /** The rows of a query, each column as text; a UUID has no hyphens. */
  rows(sql: string): string[][];
  run(sql: string): void;
  /** The expression of a UUID column as text. */
  uuid(column: string): string;
}

export class Sqlite implements Database {
  constructor(private readonly dataDir: () => string) {}

  get path(): string {
    return join(this.dataDir(), 'mail360.sqlite');
  }

  private with<T>(work: (database: DatabaseSync) => T): T {
    const database = new DatabaseSync(this.path, { timeout: 10_000 });
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  rows(sql: string): string[][] {
    return this.with((database) => database.prepare(sql).all().map((row) => Object.values(row).map((value) => String(value ?? ''))));
  }

  run(sql: string): void {
    this.with((database) => { database.exec(sql); });
  }

  uuid(column: string): string {
    return `lower(hex(${column}))`;
  }
}

export class Postgres implements Database {
  readonly url: string;

  private constructor(url: string) {
    this.url = url;
  }

  /** A new, empty database on the server that the script has started. */
  static create(): Postgres {
    const server = new Postgres(given('MAIL360_TEST_POSTGRES_URL'));
    const name = `soak_${randomBytes(6).toString('hex')}`;
    server.run(`CREATE DATABASE ${name}`);
    return new Postgres(server.url.replace(/[^/]*$/, name));
  }

  private psql(sql: string): string {
    return execFileSync('psql', ['-XAtq', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-d', this.url, '-c', sql], { encoding: 'utf8' });
  }

  /** Makes the whole server read-only, or writable again, as during a failover. */
  async setReadOnly(on: boolean): Promise<void> {
    const words = ['-c', `ALTER SYSTEM SET default_transaction_read_only = ${on}`, '-c', 'SELECT pg_reload_conf()'];
    const env = { ...process.env, PGOPTIONS: '-c default_transaction_read_only=off' };
    execFileSync('psql', ['-Xq', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1', '-d', this.url, ...words], { env });
    // The server tells its processes afterwards.
    await until('PostgreSQL to be so', () => this.psql('SHOW default_transaction_read_only').trim() === (on ? 'on' : 'off') || undefined);
    await new Promise((done) => { setTimeout(done, 500); });
  }

  rows(sql: string): string[][] {
    return this.psql(sql).split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
  }

  run(sql: string): void {
    this.psql(sql);
  }

  uuid(column: string): string {
    return `replace(${column}::text, '-', '')`;
  }
}

/** The line of a new key in the key file. */
const newKey = () => `soak-${randomBytes(3).toString('hex')}:${randomBytes(32).toString('base64')}\n`;

/** Creates the key file that a PostgreSQL installation needs. */
export function makeKey(dataDir: string): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dataDir, 'encryption.key'), newKey(), { mode: 0o600 });
}

/** Puts a new key before the newest existing one; older ones are removed. */
export function renewKey(dataDir: string): void {
  const path = join(dataDir, 'encryption.key');
  const newest = readFileSync(path, 'utf8').split('\n').find((line) => line.includes(':'));
  writeFileSync(path, `${newKey()}${newest}\n`);
}
