// kill -9 again and again, while connectors are added, edited, verified and deleted, and accounts are connected, refreshed,
// paused and deleted.

import { expect } from '@playwright/test';
import { findings } from './consistency.ts';
import { given } from './database.ts';
import { Ledger } from './ledger.ts';
import { Refreshing } from './refreshing.ts';
import { pause, test } from './scene.ts';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} no confirmed change is lost and no change is half done`, async ({ open, ending }) => {
    const scene = await open(kind);
    const ledger = new Ledger();
    const end = Date.now() + 1000 * Number(given('SOAK_SECONDS'));
    let kills = 0;
    while (Date.now() < end) {
      const worked = scene.work(ledger, () => false);
      await pause(50 + Math.random() * 2000);
      await scene.app.kill9();
      expect(await worked, 'the work of an administrator ended before the kill').toHaveLength(scene.administrators.length);
      await scene.app.restart();
      kills += 1;
      expect(ledger.settle(scene.database), `after ${kills} kills`).toEqual([]);
      if (kills % 10 === 0) expect(await findings(kind, scene.database, scene.app), `after ${kills} kills`).toEqual([]);
    }
    // No attempt counts as still in progress.
    expect(await findings(kind, scene.database, scene.app)).toEqual([]);
    const refreshing = await Refreshing.of(scene, 1, ending);
    expect(await refreshing.findings()).toEqual([]);
    console.log(`   ${kind}: killed ${kills} times, ${ledger.promised} promises kept, ${ledger.cutOff} cut off, whole or not at all`);
    expect(ledger.promised).toBeGreaterThan(10 * kills / 4);
    expect(ledger.cutOff).toBeGreaterThan(kills / 2);
  });
}
