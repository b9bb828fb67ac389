// kill -9 again and again while programs send, lost answers of the provider, and a database that is away in between. By the log
// of deliveries no message is delivered twice, and each one of which a program was told that it was sent, exactly once.

import { expect } from '@playwright/test';
import { until } from '../support/process.ts';
import { GOOGLE, MICROSOFT, type Seen } from './companies.ts';
import { findings } from './consistency.ts';
import { controlPostgres } from './machine.ts';
import { type AtEnd, pause, type Scene, test } from './scene.ts';
import { Sending } from './sending.ts';

const KILLS = 100;
/** Programs that send at the same time. */
const PROGRAMS = 12;

/** Programs that send through this number of processes, with these permissions or those for the safest way. */
const senders = (scene: Scene<Seen>, processes: number, ending: AtEnd, permissions?: readonly string[]): Promise<Sending> =>
  Sending.of(scene, processes, ending, PROGRAMS / scene.company.programs, permissions);

async function amidKills(scene: Scene<Seen>, processes: number, ending: AtEnd): Promise<void> {
  const { company, kind, seen } = scene;
  const sending = await senders(scene, processes, ending);
  await company.loseAnswers(seen, sending.emails);
  let isOver = false;
  const worked = sending.work(PROGRAMS, () => isOver, company.apart);
  await sending.kill(KILLS, 2000);
  // After a kill a message waits until another process may take it over, so fewer than that may be answered.
  await until('a hundred messages', () => sending.posted.length > KILLS || undefined, 300_000);
  isOver = true;
  await worked;
  await company.keepAnswers(seen, sending.emails);
  expect(await sending.findings()).toEqual([]);
  expect(await findings(kind, scene.database, scene.app)).toEqual([]);
  expect(sending.posted.length).toBeGreaterThan(KILLS);
  expect(sending.posted.filter(({ calls }) => calls > 1).length, 'no kill met a send').toBeGreaterThan(KILLS / 10);
  console.log(`   ${company.name} on ${kind}: ${KILLS} kills, ${sending.summary()}`);
}

async function withoutDrafts(scene: Scene<Seen>, ending: AtEnd): Promise<void> {
  const { company, seen } = scene;
  const sending = await senders(scene, 1, ending, company.sendingOnly);
  await company.loseAnswersAtOnce(seen, sending.emails);
  let isOver = false;
  const worked = sending.work(PROGRAMS, () => isOver, company.apart);
  await sending.kill(20);
  isOver = true;
  await worked;
  // Reading the drafts needs a permission that these mailboxes have not granted, so there are none to look at.
  expect(await sending.findings({ withDrafts: false })).toEqual([]);
  expect(sending.posted.filter(({ end }) => end === 'unknown').length).toBeGreaterThan(0);
  console.log(`   ${company.name}, sending only: 20 kills, ${sending.summary()}`);
}

async function amidOutages(scene: Scene<Seen>, ending: AtEnd): Promise<void> {
  const { company } = scene;
  const sending = await senders(scene, 2, ending);
  let isOver = false;
  const worked = sending.work(PROGRAMS, () => isOver, company.apart);
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
  console.log(`   ${company.name}, PostgreSQL away three times: ${sending.summary()}`);
}

for (const company of [MICROSOFT, GOOGLE]) {
  const { name } = company;

  for (const [kind, processes] of [['SQLite', 1], ['PostgreSQL', 2]] as const) {
    test(`with ${name}, on ${kind} 100 kills and lost answers deliver each message exactly once`, async ({ openAt, ending }) => {
      test.setTimeout(1_200_000);
      await amidKills(await openAt<Seen>(company, kind), processes, ending);
    });
  }

  test(`with ${name}, without the permission to write mail, a message whose outcome cannot be known is delivered at most once and says so`, async ({ openAt, ending }) => {
    await withoutDrafts(await openAt<Seen>(company, 'SQLite'), ending);
  });

  test(`with ${name}, while PostgreSQL is away no message is lost and none is delivered twice`, async ({ openAt, ending }) => {
    test.setTimeout(600_000);
    await amidOutages(await openAt<Seen>(company, 'PostgreSQL'), ending);
  });
}
