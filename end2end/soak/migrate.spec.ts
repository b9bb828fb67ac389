// kill -9 while the schema is created.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { type Database, given, makeKey, Postgres, Sqlite } from './database.ts';
import { pause, test } from './scene.ts';

/** Kills `mail360 migrate` after this time in milliseconds. Returns whether it was killed, or how long it took. */
async function migrate(environment: NodeJS.ProcessEnv, killedAfter?: number): Promise<{ killed: boolean; took: number }> {
  const begun = performance.now();
  const child = spawn(given('MAIL360_BINARY'), ['migrate'], { env: environment, stdio: 'ignore' });
  const ended = new Promise<void>((done) => { child.once('exit', () => { done(); }); });
  if (killedAfter !== undefined) {
    await pause(killedAfter);
    child.kill('SIGKILL');
  }
  await ended;
  if (child.signalCode === null) expect(child.exitCode).toBe(0);
  return { killed: child.signalCode === 'SIGKILL', took: performance.now() - begun };
}

/** The number of applied migrations. */
function applied(database: Database): number {
  // This query must not create the file.
  if (database instanceof Sqlite && !existsSync(database.path)) return 0;
  const tables = database instanceof Sqlite
    ? "SELECT name FROM sqlite_master WHERE name = 'seaql_migrations'"
    : "SELECT tablename FROM pg_tables WHERE tablename = 'seaql_migrations'";
  return database.rows(tables).length && Number(database.rows('SELECT COUNT(*) FROM seaql_migrations')[0]?.[0]);
}

/** The tables with their columns. */
const shape = (database: Database) => database.rows(database instanceof Sqlite
  ? 'SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2'
  : "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2");

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} a killed migration leaves the whole schema or none, and the next run completes it`, async ({ ending }) => {
    const folder = mkdtempSync(join(tmpdir(), 'mail360-soak-'));
    ending(() => { rmSync(folder, { recursive: true, force: true }); });
    /** A new installation without a database. */
    const fresh = (name: string): { database: Database; environment: NodeJS.ProcessEnv } => {
      const dataDir = join(folder, name);
      const environment = { PATH: process.env.PATH, MAIL360_DATA_DIR: dataDir, MAIL360_LOG: 'warn' };
      if (kind === 'SQLite') {
        mkdirSync(dataDir, { mode: 0o700 });
        return { database: new Sqlite(() => dataDir), environment };
      }
      makeKey(dataDir);
      const database = Postgres.create();
      return { database, environment: { ...environment, MAIL360_DATABASE_URL: database.url } };
    };
    const whole = fresh('whole');
    const { took } = await migrate(whole.environment);
    const all = applied(whole.database);
    expect(all).toBeGreaterThan(0);
    let killed = 0;
    for (let number = 0; number < 50; number += 1) {
      const { database, environment } = fresh(`killed-${number}`);
      killed += Number((await migrate(environment, Math.random() * took)).killed);
      const before = applied(database);
      expect([0, all], 'the migration was done in part').toContain(before);
      if (kind === 'SQLite' && before) expect(database.rows('PRAGMA integrity_check')).toEqual([['ok']]);
      expect(await migrate(environment)).toMatchObject({ killed: false });
      expect(applied(database)).toBe(all);
      expect(shape(database)).toEqual(shape(whole.database));
    }
    console.log(`   ${kind}: killed ${killed} times while the schema was made, in ${took.toFixed(0)} ms`);
    expect(killed).toBeGreaterThan(5);
  });
}
