// 2,000 accounts are due at once: without kills, with kills at a provider that allows reuse, and with kills at one that
// revokes a grant then. Google never revokes one, because it gives no new refresh token.

import { expect } from '@playwright/test';
import { GOOGLE, MICROSOFT, type Seen } from './companies.ts';
import { findings } from './consistency.ts';
import { Refreshing } from './refreshing.ts';
import { type AtEnd, type Scene, test } from './scene.ts';

const ACCOUNTS = 2_000;
/** At each of the two providers. */
const KILLS = 100;
const PATIENCE = 300;

/** Refreshes the accounts of a scene by this number of processes. */
async function refresh(scene: Scene<Seen>, processes: number, ending: AtEnd): Promise<void> {
  const { kind, company: { name, reuses } } = scene;
  const refreshing = await Refreshing.of(scene, processes, ending);
  await refreshing.connect(ACCOUNTS);
  const begun = performance.now();
  const quiet = await refreshing.round({ reuse: 'revoke', delays: { tokenDelay: 0, answerDelay: 0 }, patience: PATIENCE });
  expect(quiet).toEqual({ findings: [], cutOff: 0, revoked: 0 });
  console.log(`   ${name} on ${kind}: refreshed ${ACCOUNTS} accounts in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  // A connector has four places in each process. Together they refresh about forty accounts a second.
  const delays = { tokenDelay: 30 * processes, answerDelay: 70 * processes };
  for (const reuse of reuses) {
    let [killed, cutOff, revoked] = [0, 0, 0];
    while (killed < KILLS) {
      const before = killed;
      const amid = async () => { killed += await refreshing.kill(KILLS - killed); };
      const round = await refreshing.round({ reuse, delays, amid, patience: PATIENCE });
      expect(round.findings, `after ${killed} kills`).toEqual([]);
      expect(killed).toBeGreaterThan(before);
      cutOff += round.cutOff;
      revoked += round.revoked;
    }
    expect(cutOff, 'no kill met a refresh').toBeGreaterThan(0);
    if (reuse === 'allow') expect(revoked).toBe(0);
    console.log(`   ${name} on ${kind}, reuse: ${reuse}: ${cutOff} refreshes were under way at ${killed} kills, ${revoked} grants were revoked`);
  }
  expect(await findings(kind, scene.database, scene.app)).toEqual([]);
  expect(await refreshing.findings()).toEqual([]);
}

for (const [kind, processes] of [['SQLite', 1], ['PostgreSQL', 3]] as const) {
  const how = `on ${kind} with ${processes === 1 ? 'one process' : 'three processes'} 2,000 accounts`;

  test(`o16_${how} of Outlook are refreshed once each, and 200 kills lose at most what was under way`, async ({ openAt, ending }) => {
    test.setTimeout(2_400_000);
    await refresh(await openAt(MICROSOFT, kind), processes, ending);
  });

  test(`o16_${how} of Gmail are refreshed once each, and 100 kills lose none`, async ({ openAt, ending }) => {
    test.setTimeout(2_400_000);
    await refresh(await openAt(GOOGLE, kind), processes, ending);
  });
}
