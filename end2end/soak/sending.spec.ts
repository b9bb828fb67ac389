// kill -9 again and again while programs send, lost answers of the provider, and a database that is away in between. By the log
// of deliveries no message is delivered twice, and each one of which a program was told that it was sent, exactly once.

import { expect } from '@playwright/test';
import { until } from '../support/process.ts';
import { findings } from './consistency.ts';
import { controlPostgres } from './machine.ts';
import { pause, test } from './scene.ts';
import { Sending } from './sending.ts';

const KILLS = 100;
/** Programs that send at the same time, from this number of mailboxes. */
const [PROGRAMS, MAILBOXES] = [12, 6];

/** Answers of the provider to requests that write, of which a share is lost, before or after they were carried out. */
const FAULTS = ['gateway-timeout', 'gateway-timeout-after', 'gateway-timeout-sent', 'lost-before', 'lost-after', 'lost-sent'];

for (const [kind, processes] of [['SQLite', 1], ['PostgreSQL', 2]] as const) {
  test(`on ${kind} 100 kills and lost answers deliver each message exactly once`, async ({ open, ending }) => {
    test.setTimeout(1_200_000);
    const scene = await open(kind);
    const sending = await Sending.of(scene, processes, ending, MAILBOXES);
    const faults = FAULTS.map((fault) => ({ kind: fault, method: 'POST', path: '/send$|^/me/messages$', share: 4, times: 0, seed: fault }));
    await scene.seen.gate({ faults });
    let isOver = false;
    const worked = sending.work(PROGRAMS, () => isOver);
    await sending.kill(KILLS, 2000);
    // After a kill a message waits until another process may take it over, so fewer than that may be answered.
    await until('a hundred messages', () => sending.posted.length > KILLS || undefined, 300_000);
    isOver = true;
    await worked;
    await scene.seen.gate({ reset: true });
    expect(await sending.findings()).toEqual([]);
    expect(await findings(kind, scene.database, scene.app)).toEqual([]);
    expect(sending.posted.length).toBeGreaterThan(KILLS);
    expect(sending.posted.filter(({ calls }) => calls > 1).length, 'no kill met a send').toBeGreaterThan(KILLS / 10);
    console.log(`   ${kind}: ${KILLS} kills, ${sending.summary()}`);
  });
}

test('without the permission to write mail, a message whose outcome cannot be known is delivered at most once and says so', async ({ open, ending }) => {
  const scene = await open('SQLite');
  const sending = await Sending.of(scene, 1, ending, MAILBOXES, ['Mail.Send']);
  await scene.seen.gate({ faults: ['gateway-timeout', 'lost-sent'].map((fault) => ({ kind: fault, path: '^/me/sendMail', share: 15, times: 0, seed: fault })) });
  let isOver = false;
  const worked = sending.work(PROGRAMS, () => isOver);
  await sending.kill(20);
  isOver = true;
  await worked;
  // Reading the drafts needs a permission that these mailboxes have not granted, so there are none to look at.
  expect(await sending.findings({ withDrafts: false })).toEqual([]);
  expect(sending.posted.filter(({ end }) => end === 'unknown').length).toBeGreaterThan(0);
  console.log(`   sending only: 20 kills, ${sending.summary()}`);
});

test('while PostgreSQL is away no message is lost and none is delivered twice', async ({ open, ending }) => {
  test.setTimeout(600_000);
  const scene = await open('PostgreSQL');
  const sending = await Sending.of(scene, 2, ending, MAILBOXES);
  let isOver = false;
  const worked = sending.work(PROGRAMS, () => isOver);
  for (let outage = 0; outage < 3; outage += 1) {
    await pause(4000);
    controlPostgres('stop -m immediate -w');
    await pause(3000);
    controlPostgres('start -w');
    // A process that is killed just then leaves its sends to the other one.
    await sending.kill(1);
  }
  isOver = true;
  await worked;
  expect(await sending.findings()).toEqual([]);
  console.log(`   PostgreSQL away three times: ${sending.summary()}`);
});
