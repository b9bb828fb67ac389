// The limits of mailboxes and the end of a key, over real processes on one PostgreSQL. The stand-in for Graph counts what
// is under way for each mailbox.

import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@playwright/test';
import { test } from '../soak/scene.ts';
import { until } from '../support/process.ts';
import { begin, call, connectAll, type Reply } from './mailboxes.ts';

const PROGRAMS = 50;
const CALLS = 3;
const BUSY = 'busy@contoso.test';
const OTHER = 'other@contoso.test';
/** How long a call waits for the limit of its mailbox, in seconds. */
const LIMIT_WAIT = 5;

test('50 programs at three processes have at most four requests of a mailbox under way, a busy mailbox slows no other, and waits end', async ({ open, ending }) => {
  const scene = await open('PostgreSQL');
  const processes = [scene.app];
  while (processes.length < 3) {
    const another = await scene.another();
    ending(() => another.remove());
    processes.push(another);
  }
  const { seen } = scene;
  const { key, accounts: [busy = '', other = ''] } = await connectAll(scene, [BUSY, OTHER]);
  const processOf = (number: number) => processes[number % processes.length] ?? scene.app;

  await test.step('four at a time', async () => {
    // The stand-in itself refuses none here, so it would see a fifth one.
    const slow = { kind: 'slow', login: BUSY, seconds: 0.1, times: 0 };
    await seen.gate({ reset: true, limits: { concurrency: 1000 }, faults: [slow] });
    const paths = [`/api/accounts/${busy}/proxy/v1.0/me/messages?$top=1`, `/api/accounts/${busy}/messages?limit=1`];
    let busyAnswers = 0;
    const answers = await Promise.all(Array.from({ length: PROGRAMS }, async (_, number) => {
      const statuses: number[] = [];
      while (statuses.length < CALLS) {
        const answer = await call(processOf(number), key, paths[number % paths.length] ?? '');
        if (answer.status === 429) {
          // A program that waited for long is told to come back, and does.
          expect(answer.data).toMatchObject({ errorCode: 'TOO_MANY_REQUESTS', limit: 'mailbox' });
          expect(answer.seconds).toBeLessThan(LIMIT_WAIT + 3);
          busyAnswers += 1;
          await wait(1000 * Number(answer.headers['retry-after']));
        } else {
          statuses.push(answer.status);
        }
      }
      return statuses;
    }));
    expect(new Set(answers.flat())).toEqual(new Set([200]));
    const load = (await seen.gate())[BUSY];
    console.log(`   ${PROGRAMS} programs: ${load?.requests} requests, at most ${load?.most} under way, ${busyAnswers} calls were sent away`);
    expect(load).toMatchObject({ underWay: 0, most: 4, refused: 0 });
    expect(load?.requests).toBeGreaterThanOrEqual(PROGRAMS * CALLS);
  });

  await test.step('a throttled mailbox slows no other', async () => {
    await seen.gate({ reset: true, faults: [{ kind: 'throttled', login: BUSY, seconds: 60, times: 0 }] });
    const throttled = Array.from({ length: 15 }, (_, number) => call(processOf(number), key, `/api/accounts/${busy}/messages?limit=1`));
    for (const app of processes) {
      const answer = await call(app, key, `/api/accounts/${other}/messages?limit=5`);
      expect(answer.status, answer.body).toBe(200);
      expect(answer.seconds).toBeLessThan(2);
    }
    for (const answer of await Promise.all(throttled)) {
      expect(answer, answer.body).toMatchObject({ status: 429, data: { errorCode: 'TOO_MANY_REQUESTS', limit: 'provider' } });
      expect(answer.seconds).toBeLessThan(LIMIT_WAIT + 2);
      const after = Number(answer.headers['retry-after']);
      expect(after).toBeGreaterThan(0);
      expect(after).toBeLessThanOrEqual(60);
    }
    // Each process learns it from what it has under way, and then asks no more.
    expect((await seen.gate())[BUSY]?.requests).toBeLessThanOrEqual(4 * processes.length);
  });

  await test.step('a wait for the mailbox is bounded', async () => {
    const path = `/api/accounts/${other}/proxy/v1.0/me/messages?$top=1`;
    await seen.gate({ reset: true, faults: [{ kind: 'slow', login: OTHER, seconds: LIMIT_WAIT + 6, times: 4 }] });
    const four = [0, 1, 2, 3].map((number) => call(processOf(number), key, path));
    await until('four requests to be under way', async () => (await seen.gate())[OTHER]?.underWay === 4 || undefined);
    const fifths = await Promise.all(processes.map((app) => call(app, key, path)));
    const isRefused = ({ status, data, headers, seconds }: Reply) =>
      status === 429 && data.limit === 'mailbox' && Number(headers['retry-after']) > 0 && seconds >= LIMIT_WAIT - 1 && seconds < LIMIT_WAIT + 2;
    expect(fifths.filter((answer) => !isRefused(answer))).toEqual([]);
    expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

test('a revoked key is refused by every process within ten seconds', async ({ open, ending }) => {
  const scene = await open('PostgreSQL');
  const another = await scene.another();
  ending(() => another.remove());
  const processes = [scene.app, another];
  const [ada] = scene.administrators;
  if (!ada) throw new Error('the scene has no administrator');
  const { path, key } = await ada.addApiClient('Soon revoked');
  const kept = await ada.addApiClient('Kept');
  for (const app of processes) expect((await call(app, key, '/api/accounts')).status).toBe(200);
  const revoked = performance.now();
  await ada.revokeApiClient(path);
  await Promise.all(processes.map(async (app) => {
    const answer = await until('the key to be refused', async () => {
      const refused = await call(app, key, '/api/accounts');
      return refused.status === 200 ? undefined : refused;
    });
    expect(answer).toMatchObject({ status: 401, data: { errorCode: 'INVALID_OAUTHTOKEN' } });
    expect(performance.now() - revoked).toBeLessThan(10_000);
  }));
  for (const app of processes) expect((await call(app, kept.key, '/api/accounts')).status).toBe(200);
});

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} a list of a mailbox answers within a second beside four slow downloads, and a client that leaves ends its download`, async ({ open }) => {
    const scene = await open(kind);
    const { app, seen } = scene;
    const { key, accounts: [account = ''] } = await connectAll(scene, [BUSY]);
    const [message] = await seen.changeMailbox(BUSY, [{ do: 'deliver', message: { subject: 'Long', body: 'long '.repeat(20_000) } }]);
    const list = `/api/accounts/${account}/messages?limit=25`;
    expect((await call(app, key, list)).status).toBe(200);
    // A hundred kilobytes, so a download takes about half a minute.
    await seen.gate({ reset: true, faults: [{ kind: 'drip', login: BUSY, path: '/\\$value', bytesPerSecond: 3000, times: 0 }] });
    const raw = `/api/accounts/${account}/messages/${encodeURIComponent(message?.immutableId ?? '')}/raw`;
    const downloads = [0, 1, 2, 3].map(() => begin(app, key, raw));
    await until('two downloads to be under way', async () => (await seen.gate())[BUSY]?.underWay === 2 || undefined);
    // The other two wait, and for seconds.
    for (let time = 0; time < 3; time += 1) {
      const answer = await call(app, key, list);
      expect(answer.status, answer.body).toBe(200);
      expect(answer.seconds).toBeLessThan(1);
    }
    const answers = await Promise.all(downloads);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 200, 429, 429]);
    expect((await seen.gate())[BUSY]).toMatchObject({ underWay: 2, refused: 0 });
    for (const answer of answers) answer.destroy();
    await until('the downloads to end at the provider', async () => (await seen.gate())[BUSY]?.underWay === 0 || undefined);
  });
}
