// Many requests at once must not delay other pages or take unbounded memory.

import { availableParallelism } from 'node:os';
import { expect } from '@playwright/test';
import { until } from '../support/process.ts';
import type { Administrator } from './administrator.ts';
import { findings } from './consistency.ts';
import { load } from './load.ts';
import { pause, test } from './scene.ts';

/** The memory of argon2id for one password, in bytes, and the number of concurrent hashes: the program's defaults. */
const HASH = 19_456 * 1024;
const HASHED_AT_ONCE = Math.max(1, Math.floor(availableParallelism() / 2));

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`l3_on ${kind} two hundred log-ins at once take only the memory for hashing, and other pages are not delayed`, async ({ open }) => {
    // Each has its own address and e-mail, so only the hasher limits them.
    const scene = await open(kind, { proxies: '127.0.0.0/8' });
    const { app, administrators: [ada] } = scene;
    const cookie = await ada?.cookie() ?? '';
    await load(`${app.url}/connectors`, 3, 8, cookie);
    const before = app.memory();
    let [most, over] = [before, false];
    const answers: Record<number, number> = {};
    const looking = (async () => {
      while (!over) {
        most = Math.max(most, app.memory());
        await pause(10);
      }
    })();
    const loggingIn = Array.from({ length: 200 }, async (_, number) => {
      for (let turn = 0; !over; turn += 1) {
        const answer = await fetch(`${app.url}/login`, {
          method: 'POST',
          redirect: 'manual',
          headers: { origin: app.url, 'x-forwarded-for': `10.${turn % 256}.${number}.7` },
          body: new URLSearchParams({ email: `stranger-${number}-${turn}@contoso.test`, password: 'what no user would choose' }),
        });
        await answer.arrayBuffer();
        answers[answer.status] = (answers[answer.status] ?? 0) + 1;
        if (answer.status === 503) await pause(1000);
      }
    });
    const others = await load(`${app.url}/connectors`, 10, 8, cookie);
    over = true;
    await Promise.all([looking, ...loggingIn]);
    console.log(`   ${kind}: log-ins answered ${JSON.stringify(answers)}; ${((most - before) / 1e6).toFixed(1)} MB more than before; other pages: 99 % within ${others.p99.toFixed(0)} ms`);
    const { 401: hashed = 0, 503: turnedAway = 0, ...unexpected } = answers;
    expect(unexpected).toEqual({});
    expect(hashed).toBeGreaterThan(50);
    expect(turnedAway, 'too few requests were turned away').toBeGreaterThan(100);
    expect(most - before).toBeLessThan(HASHED_AT_ONCE * HASH + 50e6);
    expect(others.failed).toBe(0);
    expect(others.p99).toBeLessThan(500);
  });

  test(`d2_on ${kind} fifty callbacks during an outage of the provider delay no other page, get an answer in time, and can try again`, async ({ open }) => {
    const scene = await open(kind);
    await scene.addAdministrators(2);
    const { app, administrators, provider } = scene;
    const [ada] = administrators as [Administrator];
    const id = await ada.add('waited for');
    const callbacks: [Administrator, string][] = [];
    for (const administrator of administrators) {
      // One user has at most this number of open sign-ins.
      for (let number = 0; number < 10; number += 1) callbacks.push([administrator, await administrator.signIn(id)]);
    }
    expect(callbacks).toHaveLength(50);
    const cookie = await ada.cookie();
    provider.freeze();
    try {
      let waiting = callbacks.length;
      const ends = callbacks.map(async ([administrator, callback]) => {
        const begun = performance.now();
        const page = await administrator.comeBack(callback).finally(() => { waiting -= 1; });
        const took = performance.now() - begun;
        // The request waits some seconds for the outcome and then redirects to a page that reloads.
        const said = await until('the end', async () => {
          const html = await administrator.get(page);
          return html.includes('Checking…') ? undefined : html;
        });
        return { said, took, known: performance.now() - begun };
      });
      const others = await load(`${app.url}/connectors`, 3, 8, cookie);
      await ada.add('added during the wait');
      expect(waiting, 'a request did not wait').toBe(callbacks.length);
      const ended = await Promise.all(ends);
      const longest = Math.max(...ended.map(({ took }) => took));
      const known = Math.max(...ended.map((end) => end.known));
      console.log(`   ${kind}: other pages: 99 % within ${others.p99.toFixed(0)} ms; the last callback was answered after ${(longest / 1000).toFixed(1)} s, its end said after ${(known / 1000).toFixed(1)} s`);
      expect(others.failed).toBe(0);
      expect(others.p99).toBeLessThan(300);
      expect(longest).toBeLessThan(15_000);
      expect(known).toBeLessThan(15_000);
      for (const { said } of ended) {
        expect(said).toContain('Microsoft did not answer in time');
        expect(said).toContain('Wait a minute');
      }
    } finally {
      provider.thaw();
    }
    await ada.verify(id);
    expect(await findings(kind, scene.database, app)).toEqual([]);
  });
}
