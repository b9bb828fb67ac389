// A backup under load, and what it contains.

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { whereFound } from '../support/secrets.ts';
import { findings } from './consistency.ts';
import { Postgres, Sqlite } from './database.ts';
import { Ledger } from './ledger.ts';
import { pause, test } from './scene.ts';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} a backup taken under load works with its key, is useless without it, and its sessions are ended`, async ({ open, ending }) => {
    const scene = await open(kind);
    const ledger = new Ledger();
    let over = false;
    const worked = scene.work(ledger, () => over);
    await pause(3000);
    // One administrator is in the middle of a sign-in.
    const [ada] = scene.administrators;
    await ada?.leave(await ada.add('left open'));
    const [before, promised] = [ledger.certain(''), ledger.promised];
    const folder = mkdtempSync(join(tmpdir(), 'mail360-restored-'));
    ending(() => { rmSync(folder, { recursive: true, force: true }); });
    mkdirSync(join(folder, 'data'), { mode: 0o700 });
    let restored: Postgres | undefined;
    let backup: Buffer;
    if (kind === 'SQLite') {
      // Like `sqlite3 mail360.sqlite "VACUUM INTO '…'"`.
      const path = join(folder, 'data', 'mail360.sqlite');
      scene.database.run(`VACUUM INTO '${path}'`);
      chmodSync(path, 0o600);
      backup = readFileSync(path);
    } else {
      restored = Postgres.create();
      backup = execFileSync('pg_dump', [(scene.database as Postgres).url], { maxBuffer: 1 << 28 });
      execFileSync('psql', ['-Xq', '-v', 'ON_ERROR_STOP=1', '-d', restored.url], { input: backup, stdio: ['pipe', 'ignore', 'inherit'] });
    }
    await pause(1000);
    over = true;
    expect(await worked).toEqual([]);
    expect(ledger.promised, 'requests failed during the backup').toBeGreaterThan(promised);
    const secrets = await scene.secrets();
    expect(secrets.size, 'no token was looked for').toBeGreaterThan(10);
    expect(whereFound(secrets, new Map([['the backup', backup]])), 'the backup has a readable secret').toEqual([]);

    const how = { log: 'warn', dataDir: join(folder, 'data'), ...(restored ? { database: restored.url } : {}) };
    // Without the key the program says so and creates no new key.
    await expect(scene.start(how)).rejects.toThrow(/encryption\.key/);
    await expect(scene.start(how), 'the program started a second time without its key').rejects.toThrow(/encryption\.key/);
    copyFileSync(join(scene.app.dataDir, 'encryption.key'), join(folder, 'data', 'encryption.key'));
    const app = await scene.start(how);
    ending(() => app.remove());
    const database = restored ?? new Sqlite(() => how.dataDir);
    expect(await findings(kind, database, app)).toEqual([]);
    // Sessions and sign-ins that were open in the backup have ended.
    // The names of cookies contain the port.
    const cookie = (await scene.administrators[0]?.cookie() ?? '').replaceAll(`mail360_${scene.app.port}_`, `mail360_${app.port}_`);
    const asBefore = async () => (await fetch(`${app.url}/connectors`, { headers: { cookie }, redirect: 'manual' })).status;
    expect(await asBefore()).toBe(200);
    const { code, stdout } = await app.command(['end-sessions']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Browsers logged out: [1-9]\d*, sign-ins ended: [1-9]/);
    expect(await asBefore()).toBe(303);
    expect(database.rows('SELECT created_at FROM sessions')).toEqual([]);
    expect(database.rows('SELECT created_at FROM attempts WHERE pkce_verifier IS NOT NULL')).toEqual([]);
    // Every change that was confirmed before the backup is in it, unless it was deleted since.
    const there = database.rows(`SELECT ${database.uuid('id')} FROM connectors`);
    const deleted = database.rows(`SELECT ${database.uuid('entity_id')} FROM activity WHERE action = 'connector.deleted'`);
    const accounted = new Set([...there, ...deleted].flat());
    expect(before.length).toBeGreaterThan(0);
    expect(before.filter(({ id }) => !accounted.has(id.replaceAll('-', '')))).toEqual([]);
    // `mail360 check` has opened each secret; the provider accepts them.
    const again = await scene.logInAt(app);
    const ids = database.rows(`SELECT ${database.uuid('id')} FROM connectors`).flat().slice(0, 10);
    for (const id of ids) await again.verify(id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));
    expect(await findings(kind, database, app)).toEqual([]);
  });
}
