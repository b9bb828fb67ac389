// Several processes on one database, behind a proxy that takes turns.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@playwright/test';
import { App } from '../support/app.ts';
import { freePort, until } from '../support/process.ts';
import { findings } from './consistency.ts';
import { given } from './database.ts';
import { Ledger } from './ledger.ts';
import { load } from './load.ts';
import { pause, test } from './scene.ts';

const SECONDS = Number(given('SOAK_SECONDS'));

/** HAProxy, which alternates between the processes. */
class Front {
  private readonly folder = mkdtempSync(join(tmpdir(), 'mail360-front-'));
  private child: ChildProcess | undefined;

  constructor(private readonly port: number) {}

  /** Starts it with the processes at these ports, and replaces the previous one. */
  async start(ports: number[]): Promise<void> {
    this.end();
    const servers = ports.map((port, number) => `  server process${number} 127.0.0.1:${port} check inter 200ms fall 2 rise 1`);
    writeFileSync(join(this.folder, 'haproxy.cfg'), `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option http-server-close
  option redispatch 1
  retries 3
frontend front
  bind 127.0.0.1:${this.port}
  default_backend processes
backend processes
  balance roundrobin
  option forwardfor
  option httpchk GET /readyz
${servers.join('\n')}
`);
    this.child = spawn('haproxy', ['-db', '-f', join(this.folder, 'haproxy.cfg')], { stdio: 'ignore' });
    await until('the front', () => fetch(`http://127.0.0.1:${this.port}/readyz`).then((answer) => answer.ok || undefined, () => undefined));
  }

  private end(): void {
    this.child?.kill('SIGKILL');
  }

  stop(): void {
    this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

test('a rolling restart under load of two processes on one PostgreSQL loses no request', async ({ open, ending }) => {
  const port = await freePort();
  const front = new Front(port);
  ending(() => { front.stop(); });
  const scene = await open('PostgreSQL', { url: `http://localhost:${port}` }, async (app) => { await front.start([app.port]); });
  const other = await scene.another();
  ending(() => other.remove());
  await front.start([scene.app.port, other.port]);
  const ledger = new Ledger();
  let over = false;
  const cookie = await scene.administrators[0]?.cookie() ?? '';
  const worked = scene.work(ledger, () => over);
  const loaded = Promise.all([
    load(`http://localhost:${port}/login`, SECONDS, 32),
    load(`http://localhost:${port}/connectors`, SECONDS, 32, cookie),
  ]);
  const end = Date.now() + (SECONDS - 5) * 1000;
  let restarts = 0;
  while (Date.now() < end) {
    for (const app of [scene.app, other]) {
      await app.restart();
      restarts += 1;
      // For wrk a redirect to the log-in would be no failure.
      const seen = await fetch(`http://localhost:${port}/connectors`, { headers: { cookie }, redirect: 'manual' });
      expect(seen.status).toBe(200);
      // The proxy must see that the process is ready before the next one stops.
      await pause(1000);
    }
  }
  over = true;
  expect(await worked, 'no administrator was cut off').toEqual([]);
  const [anybody, signedIn] = await loaded;
  console.log(`   ${restarts} restarts under load: ${anybody.requests} and ${signedIn.requests} requests, ${anybody.failed} and ${signedIn.failed} failed; ${ledger.promised} promises kept`);
  expect([anybody.failed, signedIn.failed]).toEqual([0, 0]);
  expect(restarts).toBeGreaterThan(SECONDS / 5);
  expect(anybody.requests).toBeGreaterThan(50 * SECONDS);
  expect(signedIn.requests).toBeGreaterThan(20 * SECONDS);
  expect(ledger.promised).toBeGreaterThan(SECONDS);
  expect(ledger.settle(scene.database)).toEqual([]);
  expect(await findings('PostgreSQL', scene.database, scene.app)).toEqual([]);
});

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`d3_on ${kind} a long load increases neither memory nor open files`, async ({ open }) => {
    const scene = await open(kind);
    const ledger = new Ledger();
    const round = async (seconds: number) => {
      const end = Date.now() + seconds * 1000;
      const [cutOff, { failed }] = await Promise.all([
        scene.work(ledger, () => Date.now() > end),
        load(`${scene.app.url}/login`, seconds),
      ]);
      expect([cutOff, failed], 'nothing failed').toEqual([[], 0]);
      // Wait until idle connections are closed.
      await pause(2000);
      return { memory: scene.app.memory() / 1e6, files: scene.app.openFiles() };
    };
    const warm = await round(SECONDS / 3);
    const after = await round(SECONDS);
    console.log(`   ${kind}: ${warm.memory.toFixed(1)} MB and ${warm.files} open files, then ${after.memory.toFixed(1)} MB and ${after.files}`);
    expect(after.memory).toBeLessThan(1.1 * warm.memory);
    // The database's pool opens up to ten connections on demand, not one for each request.
    expect(after.files).toBeLessThan(warm.files + 10);
    expect(await findings(kind, scene.database, scene.app)).toEqual([]);
  });

  test(`on ${kind} an older program continues beside a newer schema and cannot be started again on it`, async ({ open }) => {
    const scene = await open(kind);
    const ledger = new Ledger();
    const work = async (app: App) => {
      const end = Date.now() + 1500;
      expect(app.url).toBe(scene.app.url);
      expect(await scene.work(ledger, () => Date.now() > end)).toEqual([]);
    };
    await work(scene.app);
    // A typical migration: it adds a column and keeps the others.
    scene.database.run('ALTER TABLE connectors ADD COLUMN newer TEXT');
    scene.database.run('CREATE INDEX connectors_by_newer ON connectors (organisation_id, newer)');
    scene.database.run("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m20990101_000001_newer', 1)");
    await work(scene.app);
    for (const refused of [await scene.app.startAnother(), await scene.app.command(['check'])]) {
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain('of a newer version of this program');
    }
    scene.database.run("DELETE FROM seaql_migrations WHERE version = 'm20990101_000001_newer'");
    await scene.app.restart();
    await work(scene.app);
    expect(ledger.settle(scene.database)).toEqual([]);
    expect(await findings(kind, scene.database, scene.app)).toEqual([]);
  });
}
