// In the middle of refreshing the database goes away, the disk fills, the clock jumps, or the provider hangs. No process is
// restarted.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { findings } from './consistency.ts';
import { given } from './database.ts';
import { load } from './load.ts';
import { controlPostgres, fill } from './machine.ts';
import { Refreshing } from './refreshing.ts';
import { pause, test } from './scene.ts';

const ACCOUNTS = 100;
const PROCESSES = { SQLite: 1, PostgreSQL: 3 };
const DAY = 86_400;

test('o16_PostgreSQL is gone for thirty seconds in the middle of refreshes: each account is refreshed once and none is lost', async ({ open, ending }) => {
  const refreshing = await Refreshing.of(await open('PostgreSQL'), PROCESSES.PostgreSQL, ending);
  await refreshing.connect(ACCOUNTS);
  for (const how of ['immediate', 'fast']) {
    const amid = async () => {
      // The first answers are not here yet.
      await pause(500);
      controlPostgres(`stop -m ${how} -w`);
      await pause(30_000);
      controlPostgres('start -w');
    };
    expect(await refreshing.round({ reuse: 'revoke', amid }), how).toEqual({ findings: [], cutOff: 0, revoked: 0 });
  }
  const { scene } = refreshing;
  expect(await findings('PostgreSQL', scene.database, scene.app)).toEqual([]);
});

test('o16_the disk is full in the middle of refreshes: each account is refreshed once and none is lost', async ({ open, ending }) => {
  const disk = given('SOAK_SMALL_DISK');
  const folder = mkdtempSync(join(disk, 'scene-'));
  ending(() => { rmSync(folder, { recursive: true, force: true }); });
  const scene = await open('SQLite', { dataDir: join(folder, 'data') });
  const refreshing = await Refreshing.of(scene, PROCESSES.SQLite, ending);
  await refreshing.connect(ACCOUNTS);
  for (let time = 0; time < 3; time += 1) {
    const amid = async () => {
      await pause(500);
      const ballast = fill(disk);
      await pause(20_000);
      rmSync(ballast);
    };
    expect(await refreshing.round({ reuse: 'revoke', amid })).toEqual({ findings: [], cutOff: 0, revoked: 0 });
  }
  expect(await findings('SQLite', scene.database, scene.app)).toEqual([]);
});

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`o16_on ${kind} the clock jumps by a day: each account is refreshed once for each day, and none is lost`, async ({ open, ending }) => {
    const refreshing = await Refreshing.of(await open(kind, { movable: true }), PROCESSES[kind], ending);
    await refreshing.connect(ACCOUNTS);
    const jump = (days: number) => { for (const app of refreshing.processes) app.advance(days * DAY); };
    const whole = { findings: [], cutOff: 0, revoked: 0 };
    expect(await refreshing.round({ reuse: 'revoke', begin: () => { jump(1); } }), 'a day later').toEqual(whole);
    // Their due times are two days ahead now, which only a wrong clock can have written.
    expect(await refreshing.round({ reuse: 'revoke', begin: () => { jump(-1); } }), 'a day earlier').toEqual(whole);
    for (const days of [1, -1]) {
      // Those that were refreshed before the jump are due again after it.
      const amid = async () => {
        await pause(3000);
        jump(days);
      };
      expect(await refreshing.round({ reuse: 'revoke', amid, most: 2 }), `a jump by ${days} amid refreshes`).toEqual(whole);
    }
  });
}

for (const [kind, reuse] of [['SQLite', 'allow'], ['PostgreSQL', 'revoke']] as const) {
  test(`d2_on ${kind} the provider hangs in the middle of refreshes: at most what it was asked then is lost, other pages stay fast, and it is used again`, async ({ open, ending }) => {
    const refreshing = await Refreshing.of(await open(kind), PROCESSES[kind], ending);
    await refreshing.connect(ACCOUNTS);
    const { scene } = refreshing;
    const cookie = await scene.administrators[0]?.cookie() ?? '';
    const amid = async () => {
      await pause(1500);
      scene.provider.freeze();
      try {
        // A request that ends after fifteen seconds may still be answered by the server when it continues.
        refreshing.look(true);
        const others = await load(`${scene.app.url}/connectors`, 5, 8, cookie);
        await pause(13_000);
        refreshing.look(true);
        expect(others.failed).toBe(0);
        expect(others.p99).toBeLessThan(300);
      } finally {
        scene.provider.thaw();
      }
    };
    // After an outage a refresh is tried again a minute later.
    const { findings: wrong, cutOff, revoked } = await refreshing.round({ reuse, amid, patience: 240 });
    expect(wrong).toEqual([]);
    expect(cutOff, 'no refresh was under way').toBeGreaterThan(0);
    if (reuse === 'allow') expect(revoked).toBe(0);
    console.log(`   ${kind}, reuse: ${reuse}: ${cutOff} refreshes were under way while the provider hung, ${revoked} grants were revoked`);
    expect(await findings(kind, scene.database, scene.app)).toEqual([]);
  });
}
