// kill -9 while secrets are sealed again and all administrators work.

import { expect } from '@playwright/test';
import { findings } from './consistency.ts';
import { renewKey } from './database.ts';
import { Ledger } from './ledger.ts';
import { test } from './scene.ts';

const KILLS = 50;

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`d4_on ${kind} after a killed reseal every secret opens, and the next run completes it`, async ({ open }) => {
    const scene = await open(kind);
    const ledger = new Ledger();
    const enough = Date.now() + 5000;
    expect(await scene.work(ledger, () => Date.now() > enough)).toEqual([]);
    let [killed, renewed, shortest] = [0, 0, Infinity];
    while (killed < KILLS) {
      renewKey(scene.app.dataDir);
      await scene.app.restart();
      renewed += 1;
      expect(renewed, 'the command ended before it could be killed').toBeLessThan(KILLS);
      let through = false;
      const worked = scene.work(ledger, () => through);
      while (!through) {
        const begun = performance.now();
        // The first run measures the duration, and later runs correct it: the first one may be slow. Three of four
        // runs are killed.
        const after = renewed > 1 ? (Math.random() * shortest * 4) / 3 : undefined;
        const { code, stderr } = await scene.app.command(['reseal'], '', after);
        if (code === null) {
          killed += 1;
          expect(await scene.app.command(['check']), 'a value cannot be opened').toMatchObject({ code: 0 });
        } else {
          expect(code, stderr).toBe(0);
          shortest = Math.min(shortest, performance.now() - begun);
          through = true;
        }
      }
      expect(await worked).toEqual([]);
      expect(ledger.settle(scene.database)).toEqual([]);
      expect(await findings(kind, scene.database, scene.app)).toEqual([]);
    }
    console.log(`   ${kind}: ${renewed} keys, killed ${killed} times in ${shortest.toFixed(0)} ms; ${ledger.promised} promises kept`);
    expect(ledger.promised).toBeGreaterThan(KILLS);
  });
}
