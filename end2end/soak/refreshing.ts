// Many accounts that are due at once, what happens to the processes that refresh them, and what the log of the strict
// server says about it.

import { randomInt } from 'node:crypto';
import { expect } from '@playwright/test';
import type { App } from '../support/app.ts';
import { until } from '../support/process.ts';
import type { Settings } from '../support/provider.ts';
import type { Reuse, Seen } from './companies.ts';
import { connectMailbox } from './owner.ts';
import { type AtEnd, pause, type Scene } from './scene.ts';

/** Number of owners that connect their mailboxes at the same time. */
const CONNECTED_AT_ONCE = 8;
/** A refresh takes a second here, so a lease that is this old was that of a killed process. In milliseconds. */
const DEAD_AFTER = 10_000;
const HOUR = 3_600_000;

/** An event of a strict server. */
interface Event {
  event: string;
  [field: string]: unknown;
}

/** How long the token endpoint waits before it rotates the token, and how long its answer is on its way. */
type Delays = Pick<Settings, 'tokenDelay' | 'answerDelay'>;

/** How all accounts are refreshed once. */
export interface Plan {
  /** What the server does if a token is used twice. */
  reuse: Reuse;
  delays?: Delays;
  /** Makes the accounts due, if not by changing the database. */
  begin?: () => void;
  /** What happens while they are refreshed. */
  amid?: () => Promise<void>;
  /** How often each account may be refreshed, apart from those that were cut off. */
  most?: number;
  /** How long the refreshes may take after that, in seconds. */
  patience?: number;
}

/** One time that all accounts were refreshed. */
export interface Round {
  /** What was wrong; empty if nothing was. */
  findings: string[];
  /** Number of refreshes that were under way when their process was killed. */
  cutOff: number;
  /** Number of grants that the server revoked. */
  revoked: number;
}

/** The number of times that each value is there. */
function countEach(values: unknown[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return counts;
}

/** The accounts whose grants the server revoked. */
const revokedIn = (log: Event[]) => countEach(log.filter(({ event }) => event === 'grant.revoked').map(({ account }) => account));

export class Refreshing {
  /** The leases that are there, each with the moment at which it was first seen. */
  private leases = new Map<string, number>();
  /** The leases of refreshes that were cut off, each with the email of its account. */
  private readonly cut = new Map<string, string>();
  /** Whether a process was killed in this round. */
  private hasKilled = false;

  private constructor(readonly scene: Scene<Seen>, readonly processes: App[]) {}

  /** This number of processes on the database of a scene. */
  static async of(scene: Scene<Seen>, processes: number, ending: AtEnd): Promise<Refreshing> {
    const all = [scene.app];
    while (all.length < processes) {
      const another = await scene.another();
      ending(() => another.remove());
      all.push(another);
    }
    return new Refreshing(scene, all);
  }

  /** Connects this number of mailboxes through one connector. */
  async connect(count: number): Promise<void> {
    const [ada] = this.scene.administrators;
    if (!ada) throw new Error('the scene has no administrator');
    const connector = await ada.add('Mailboxes');
    await ada.verify(connector);
    const emails = Array.from({ length: count }, (_, number) => `m${number}@contoso.test`).values();
    await Promise.all(Array.from({ length: CONNECTED_AT_ONCE }, async () => {
      for (const email of emails) await connectMailbox(ada, connector, email);
    }));
    expect(this.states().size).toBe(count);
  }

  /** The state of each account with its reason, by email. */
  private states(): Map<string, string> {
    const rows = this.scene.database.rows("SELECT email, state, COALESCE(reason, '') FROM accounts");
    return new Map(rows.map(([email = '', state, reason]): [string, string] => [email, `${state} ${reason}`.trim()]));
  }

  private count(sql: string): number {
    return Number(this.scene.database.rows(sql)[0]?.[0]);
  }

  /** Number of accounts that are due, wait after a failure, or have a due time that only a wrong clock can have written. */
  private due(): number {
    const now = this.scene.app.now();
    return this.count(`SELECT COUNT(*) FROM grants WHERE next_refresh_at IS NOT NULL
      AND (next_refresh_at <= ${1000 * now} OR next_refresh_at > ${1000 * (now + 25 * HOUR)} OR tries > 0)`);
  }

  /** Looks at the leases, and returns how many there are. `areCut`: their refreshes are cut off now. */
  look(areCut = false): number {
    const now = performance.now();
    const { database } = this.scene;
    const rows = database.rows(`SELECT a.email, ${database.uuid('g.lease_owner')}, g.lease_counter
      FROM grants g JOIN accounts a ON a.id = g.account_id WHERE g.lease_owner IS NOT NULL`);
    const there = new Map<string, number>();
    for (const [email = '', ...lease] of rows) {
      const key = [email, ...lease].join(' ');
      const since = this.leases.get(key) ?? now;
      there.set(key, since);
      if (areCut || (this.hasKilled && now - since >= DEAD_AFTER)) this.cut.set(key, email);
    }
    this.leases = there;
    return there.size;
  }

  /**
   * Kills one of the processes and restarts it, this number of times, or until no process finds a due account any more.
   * Returns the number.
   */
  async kill(times: number): Promise<number> {
    for (let killed = 0; killed < times; killed += 1) {
      await pause(randomInt(50, 400));
      // Those that a killed process has left are due, but not free.
      if (this.count(`SELECT COUNT(*) FROM grants WHERE next_refresh_at <= ${1000 * Date.now()} AND lease_owner IS NULL`) === 0) return killed;
      const victim = this.processes[randomInt(this.processes.length)];
      if (!victim) throw new Error('there is no process');
      this.hasKilled = true;
      await victim.kill9();
      // A process that is alone clears the leases at its start.
      if (this.processes.length === 1) this.look(true);
      await victim.restart();
      this.look();
    }
    return times;
  }

  /** Makes all accounts due at once. */
  private makeDue(): void {
    this.scene.database.run('UPDATE grants SET next_refresh_at = 1 WHERE next_refresh_at IS NOT NULL');
  }

  /** Waits until no account is due and no refresh is under way. */
  async settle(patience = 90): Promise<void> {
    await until('the end of all refreshes', async () => {
      if (this.look() + this.due() === 0) return true;
      await pause(500);
      return undefined;
    }, 1000 * patience);
  }

  /** Refreshes all accounts once. */
  async round(plan: Plan): Promise<Round> {
    const { seen } = this.scene;
    const { reuse, delays = { tokenDelay: 300, answerDelay: 700 }, begin, amid, most = 1, patience } = plan;
    await seen.set({ reuse, ...delays });
    const before = (await seen.events()).length;
    const alive = [...this.states()].flatMap(([email, state]) => (state === 'connected' ? [email] : []));
    this.cut.clear();
    this.hasKilled = false;
    const interrupted = 'SELECT a.email FROM grants g JOIN accounts a ON a.id = g.account_id WHERE g.refresh_started_at IS NOT NULL';
    for (const [email = ''] of this.scene.database.rows(interrupted)) this.cut.set(`${email} before`, email);
    if (begin) begin();
    else this.makeDue();
    if (amid) {
      await until('the first refresh', () => this.look() > 0 || undefined);
      await amid();
    }
    await this.settle(patience);
    return this.judge(alive, reuse, most, (await seen.events()).slice(before));
  }

  /** Compares the accounts that were connected before a round with the log of the server since then. */
  private judge(alive: string[], reuse: Reuse, most: number, log: Event[]): Round {
    const refreshes = log.filter(({ event, grant_type: type }) => event === 'grant.success' && type === 'refresh_token');
    const given = countEach(refreshes.map(({ account }) => account));
    const revoked = revokedIn(log);
    const late = countEach(log.filter(({ newest }) => newest === false).map(({ login }) => login));
    const cutOff = countEach([...this.cut.values()]);
    const states = this.states();
    const findings: string[] = [];
    for (const email of alive) {
      const [state, times, cuts] = [states.get(email), given.get(email) ?? 0, cutOff.get(email) ?? 0];
      const say = (what: string) => findings.push(`${email}: ${what}; it is ${state}, was refreshed ${times} times and cut off ${cuts} times`);
      const limit = reuse === 'allow' ? most + cuts : most;
      if (times > limit || (times < 1 && !revoked.has(email))) say(`it must be refreshed 1 to ${limit} times`);
      if (cuts === 0 && late.has(email)) say('an older token was used');
      if (revoked.has(email) && (cuts === 0 || reuse === 'allow')) say('its grant was revoked');
      if (state !== (revoked.has(email) ? 'needs_sign_in "interrupted"' : 'connected')) say('its state is wrong');
    }
    const lost = alive.filter((email) => states.get(email) !== 'connected').length;
    const cuts = this.cut.size;
    if (lost > cuts) findings.push(`${lost} accounts were lost, and ${cuts} refreshes were under way when they were cut off`);
    const tomorrow = 1000 * (this.scene.app.now() + 21 * HOUR);
    const later = this.count(`SELECT COUNT(*) FROM grants WHERE next_refresh_at > ${tomorrow} AND refresh_started_at IS NULL`);
    if (later !== alive.length - lost) findings.push(`${later} of ${alive.length - lost} accounts are refreshed again tomorrow`);
    return { findings, cutOff: cuts, revoked: revoked.size };
  }

  /**
   * The check at the end of other tests: refreshes every account once more at the strict server. So each account that is
   * connected has the newest token that the server gave for it, and each other one says why not.
   */
  async findings(): Promise<string[]> {
    // A process that was killed has leases for half a minute.
    await this.settle();
    const log = await this.scene.seen.events();
    const revoked = revokedIn(log);
    const ended = [...this.states()].flatMap(([email, state]) => {
      const isExplained = state === 'connected' || (state === 'needs_sign_in "interrupted"' && revoked.has(email));
      return isExplained ? [] : [`${email}: it is ${state}, and the server has ${revoked.has(email) ? '' : 'not '}revoked its grant`];
    });
    const { findings } = await this.round({ reuse: 'revoke', delays: { tokenDelay: 0, answerDelay: 0 } });
    return [...ended, ...findings];
  }
}
