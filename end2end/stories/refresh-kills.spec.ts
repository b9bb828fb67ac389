// Fifty accounts are due at once, and the processes that refresh them are killed. The log of the strict server is the
// witness. `make soak` does the same with 2,000 accounts and 200 kills; no browser here.

import { expect } from '@playwright/test';
import { GOOGLE, MICROSOFT, type Seen } from '../soak/companies.ts';
import { Refreshing } from '../soak/refreshing.ts';
import { test } from '../soak/scene.ts';

const ACCOUNTS = 50;
const KILLS = 5;

/**
 * Gmail runs on SQLite only: what the program stores and locks is the same with both. There no process waits until another one
 * is taken for dead.
 */
const RUNS = [[MICROSOFT, 'SQLite', 1], [MICROSOFT, 'PostgreSQL', 2], [GOOGLE, 'SQLite', 1]] as const;

for (const [company, kind, processes] of RUNS) {
  const { name, reuses } = company;
  test(`o16_with ${name}, on ${kind} five kills lose at most the refreshes that were under way, and none at a provider that allows reuse`, async ({ openAt, ending }) => {
    const begun = performance.now();
    // At the same time, because most of it is waiting: a process is taken for dead after thirty seconds.
    await Promise.all(reuses.map(async (reuse) => {
      const refreshing = await Refreshing.of(await openAt<Seen>(company, kind), processes, ending);
      await refreshing.connect(ACCOUNTS);
      const amid = async () => {
        expect(await refreshing.kill(KILLS), 'all accounts were refreshed before the last kill').toBe(KILLS);
      };
      // A connector has four places in each process. Together they refresh about ten accounts a second.
      const delays = { tokenDelay: 100 * processes, answerDelay: 300 * processes };
      const { findings, cutOff, revoked } = await refreshing.round({ reuse, delays, amid });
      expect(findings).toEqual([]);
      expect(cutOff, 'no kill met a refresh').toBeGreaterThan(0);
      if (reuse === 'allow') expect(revoked).toBe(0);
      for (const app of refreshing.processes) expect(app.logText(), 'the program panicked').not.toContain('panicked at');
      const seconds = ((performance.now() - begun) / 1000).toFixed(0);
      console.log(`   ${name} on ${kind}, reuse: ${reuse}: ${cutOff} refreshes were under way at ${KILLS} kills, ${revoked} grants were revoked; ${seconds} s`);
    }));
  });
}
