// A full disk, and a database that is unavailable for a while.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { Interrupted } from './administrator.ts';
import { findings } from './consistency.ts';
import { given, type Postgres } from './database.ts';
import { controlPostgres, fill } from './machine.ts';
import { Ledger } from './ledger.ts';
import { Refreshing } from './refreshing.ts';
import { pause, test } from './scene.ts';

test('with a full disk pages can be read, changes are refused with 503, and afterwards everything works', async ({ open, ending }) => {
  const dataDir = join(mkdtempSync(join(given('SOAK_SMALL_DISK'), 'scene-')), 'data');
  const scene = await open('SQLite', { dataDir });
  const ledger = new Ledger();
  for (let round = 0; round < 5; round += 1) {
    const ballast = fill(given('SOAK_SMALL_DISK'));
    // SQLite can still write what fits into free pages of its file.
    const until = Date.now() + 20_000;
    expect(await scene.work(ledger, () => Date.now() > until), 'an administrator could still work without the database').toHaveLength(scene.administrators.length);
    await expect(scene.administrators[0]?.add('one more')).rejects.toThrow(/^503 from/);
    await expect(scene.administrators[0]?.add('one more')).rejects.toBeInstanceOf(Interrupted);
    expect(await scene.administrators[0]?.get('/connectors')).toContain('Connectors');
    rmSync(ballast);
    const enough = Date.now() + 2000;
    expect(await scene.work(ledger, () => Date.now() > enough), 'the program does not work after the outage').toEqual([]);
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings('SQLite', scene.database, scene.app)).toEqual([]);
  }
  // Killed with a full disk, it starts again or says why not, and nothing is damaged.
  const ballast = fill(given('SOAK_SMALL_DISK'));
  await scene.app.kill9();
  const started = await scene.app.restart().then(() => 'it started', String);
  expect(started).toMatch(/it started|full|disk/);
  await scene.app.kill9();
  rmSync(ballast);
  await scene.app.restart();
  expect(ledger.settle(scene.database)).toEqual([]);
  expect(await findings('SQLite', scene.database, scene.app)).toEqual([]);
  expect(await (await Refreshing.of(scene, 1, ending)).findings()).toEqual([]);
  console.log(`   full disk: ${ledger.promised} promises kept, ${ledger.cutOff} refused; killed there, ${started.slice(0, 100)}`);
  expect(ledger.promised).toBeGreaterThan(100);
});

test('a SQLite database on a read-only disk is reported, and afterwards everything works', async ({ open, ending }) => {
  const disk = given('SOAK_SMALL_DISK');
  const remount = (how: 'ro' | 'rw') => execFileSync(given('SOAK_REMOUNT'), [how], { stdio: 'ignore' });
  const scene = await open('SQLite', { dataDir: join(mkdtempSync(join(disk, 'scene-')), 'data') });
  ending(() => { remount('rw'); });
  const ledger = new Ledger();
  for (let round = 0; round < 3; round += 1) {
    const enough = Date.now() + 1500;
    expect(await scene.work(ledger, () => Date.now() > enough), 'the program does not work after the outage').toEqual([]);
    await scene.app.kill9();
    remount('ro');
    await expect(scene.app.restart()).rejects.toThrow(/Read-only file system/);
    remount('rw');
    await scene.app.restart();
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings('SQLite', scene.database, scene.app)).toEqual([]);
  }
  expect(await (await Refreshing.of(scene, 1, ending)).findings()).toEqual([]);
  expect(ledger.promised).toBeGreaterThan(10);
});

test('a SQLite database that is moved away while open and moved back has every confirmed change, and no new file replaces it', async ({ open, ending }) => {
  const scene = await open('SQLite');
  const ledger = new Ledger();
  const [there, away] = [scene.app.dataDir, `${scene.app.dataDir}.away`];
  for (let round = 0; round < 5; round += 1) {
    let over = false;
    const worked = scene.work(ledger, () => over);
    await pause(1000);
    renameSync(there, away);
    await pause(1500);
    // No new file is created in its place.
    expect(existsSync(there)).toBe(false);
    renameSync(away, there);
    await pause(500);
    over = true;
    await worked;
    expect(ledger.settle(scene.database)).toEqual([]);
    const enough = Date.now() + 1000;
    expect(await scene.work(ledger, () => Date.now() > enough), 'the program does not work after the outage').toEqual([]);
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings('SQLite', scene.database, scene.app)).toEqual([]);
  }
  expect(await (await Refreshing.of(scene, 1, ending)).findings()).toEqual([]);
  console.log(`   SQLite moved away: ${ledger.promised} promises kept, ${ledger.cutOff} cut off, whole or not at all`);
});

test('a PostgreSQL server that stops and returns is used again, and no confirmed change is lost', async ({ open, ending }) => {
  const scene = await open('PostgreSQL');
  const ledger = new Ledger();
  // A request waits ten seconds for a connection before it is refused.
  for (const [how, seconds] of [['immediate', 1], ['fast', 1], ['immediate', 15]] as const) {
    let over = false;
    const worked = scene.work(ledger, () => over);
    await pause(1500);
    controlPostgres(`stop -m ${how} -w`);
    await pause(seconds * 1000);
    controlPostgres('start -w');
    await pause(1500);
    over = true;
    const cutOff = await worked;
    if (seconds > 10) expect(cutOff, 'an administrator could still work during the outage').toHaveLength(scene.administrators.length);
    expect(ledger.settle(scene.database)).toEqual([]);
    const enough = Date.now() + 3000;
    expect(await scene.work(ledger, () => Date.now() > enough), 'the program does not work after the outage').toEqual([]);
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings('PostgreSQL', scene.database, scene.app)).toEqual([]);
  }
  expect(await (await Refreshing.of(scene, 1, ending)).findings()).toEqual([]);
  console.log(`   PostgreSQL gone: ${ledger.promised} promises kept, ${ledger.cutOff} cut off, whole or not at all`);
});

test('with a read-only PostgreSQL pages can be read, changes are refused with 503, and afterwards everything works', async ({ open, ending }) => {
  const scene = await open('PostgreSQL');
  const database = scene.database as Postgres;
  // This affects the whole server, which other tests use too.
  ending(() => database.setReadOnly(false));
  const ledger = new Ledger();
  for (let round = 0; round < 3; round += 1) {
    let over = false;
    const worked = scene.work(ledger, () => over);
    await pause(1500);
    await database.setReadOnly(true);
    await pause(1500);
    over = true;
    expect(await worked, 'an administrator could still work during the outage').toHaveLength(scene.administrators.length);
    await expect(scene.administrators[0]?.add('one more')).rejects.toThrow(/^503 from/);
    expect(await scene.administrators[0]?.get('/connectors')).toContain('Connectors');
    expect(ledger.settle(scene.database)).toEqual([]);
    await database.setReadOnly(false);
    const enough = Date.now() + 2000;
    expect(await scene.work(ledger, () => Date.now() > enough), 'the program does not work after the outage').toEqual([]);
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings('PostgreSQL', scene.database, scene.app)).toEqual([]);
  }
  expect(await (await Refreshing.of(scene, 1, ending)).findings()).toEqual([]);
  console.log(`   PostgreSQL read-only: ${ledger.promised} promises kept, ${ledger.cutOff} refused`);
});
