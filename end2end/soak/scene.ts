// A program with administrators who work without a pause.

import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as base } from '@playwright/test';
import { App, type Installation } from '../support/app.ts';
import type { Provider } from '../support/provider.ts';
import type { Client, StrictProcess } from '../support/strict-process.ts';
import { Administrator, Interrupted } from './administrator.ts';
import { type Company, MICROSOFT, type Seen } from './companies.ts';
import { type Database, type Kind, makeKey, Postgres, Sqlite } from './database.ts';
import { type Ledger, nameOf } from './ledger.ts';
import { changeMailbox } from './mailboxes.ts';

const ADMINISTRATORS = 3;
/** Runs its parts at the end of its test, also after a failure. */
type Ending = () => Promise<void> | void;
/** Hands over a part of the test's end. */
export type AtEnd = (end: Ending) => void;

interface Fixtures {
  ending: AtEnd;
  /** A scene with Outlook. */
  open: (kind: Kind, how?: Installation, front?: (app: App) => Promise<void>) => Promise<Scene>;
  /** A scene with the mailboxes of a company. */
  openAt: <S extends Seen>(company: Company<S>, kind: Kind) => Promise<Scene<S>>;
}

export const test = base.extend<Fixtures>({
  ending: async ({}, use) => {
    const endings: Ending[] = [];
    await use((end) => { endings.unshift(end); });
    const failed: unknown[] = [];
    for (const end of endings) await Promise.resolve().then(end).catch((error: unknown) => { failed.push(error); });
    expect(failed).toEqual([]);
  },
  open: async ({ ending }, use) => {
    await use((kind, how, front) => Scene.of(MICROSOFT, kind, ending, how, front));
  },
  openAt: async ({ ending }, use) => {
    await use((company, kind) => Scene.of(company, kind, ending));
  },
});

/** The limit of connectors for each administrator. */
const MOST = 25;

export const pause = (milliseconds: number) => new Promise<void>((done) => { setTimeout(done, milliseconds); });

/** Makes one change after the other until it is told to stop, or the connection breaks. */
async function work(administrator: Administrator, ledger: Ledger, prefix: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (randomInt(5) === 0) {
      await changeMailbox(administrator, ledger.mailboxes, prefix);
      continue;
    }
    const mine = ledger.certain(prefix);
    const one = mine[randomInt(Math.max(1, mine.length))];
    const dice = randomInt(10);
    if (!one || (dice < 4 && mine.length < MOST)) {
      const [key, added] = [`${prefix}${randomBytes(6).toString('hex')}`, { renamed: 0, narrow: false, verified: false }];
      ledger.begin(key, added);
      ledger.done(key, added, await administrator.add(nameOf(key, 0)));
    } else if (dice < 6) {
      const narrow = randomInt(2) === 0 ? one.entry.narrow : !one.entry.narrow;
      const changed = { renamed: one.entry.renamed + 1, narrow, verified: one.entry.verified && narrow === one.entry.narrow };
      ledger.begin(one.key, changed);
      await administrator.change(one.id, nameOf(one.key, changed.renamed), narrow);
      ledger.done(one.key, changed);
    } else if (dice < 8) {
      const verified = { ...one.entry, verified: true };
      ledger.begin(one.key, verified);
      await administrator.verify(one.id);
      ledger.done(one.key, verified);
    } else {
      ledger.begin(one.key, undefined);
      await administrator.remove(one.id);
      ledger.done(one.key, undefined);
    }
    await administrator.get('/connectors');
  }
}

export class Scene<S extends Seen = Provider> {
  private constructor(
    readonly company: Company<S>,
    readonly kind: Kind,
    readonly database: Database,
    readonly app: App,
    readonly administrators: Administrator[],
    readonly provider: StrictProcess,
    /** The provider as this scene sees it. */
    readonly seen: S,
    readonly how: Installation,
    private readonly client: Client,
  ) {}

  private readonly passwords: [email: string, password: string][] = [];

  /**
   * A scene with a company's mailboxes, on a database of this kind, whose parts end by `ending`. `front` starts a proxy if
   * the program is reached by another address.
   */
  static async of<S extends Seen>(
    company: Company<S>, kind: Kind, ending: AtEnd, how: Installation = {}, front?: (app: App) => Promise<void>,
  ): Promise<Scene<S>> {
    const folder = mkdtempSync(join(tmpdir(), 'mail360-soak-'));
    ending(() => { rmSync(folder, { recursive: true, force: true }); });
    const dataDir = how.dataDir ?? join(folder, 'data');
    const provider = await company.start();
    ending(() => provider.stop());
    const postgres = kind === 'PostgreSQL' ? Postgres.create() : undefined;
    if (postgres) makeKey(dataDir);
    const { microsoft, google } = company.addresses(provider.url);
    const installation = { log: 'warn', proxies: '127.0.0.0/8', google, ...how, dataDir, ...(postgres ? { database: postgres.url } : {}) };
    const app = await App.start(microsoft, installation);
    ending(() => app.remove());
    await front?.(app);
    const seen = await provider.forOneTest();
    await company.prepare(seen);
    const client = await seen.addClient(app.redirectUri);
    const scene = new Scene(company, kind, postgres ?? new Sqlite(() => dataDir), app, [], provider, seen, installation, client);
    ending(async () => { for (const administrator of scene.administrators) await administrator.dispose(); });
    await scene.command(['organisation', 'add', '--name', 'Contoso']);
    await scene.addAdministrators(ADMINISTRATORS);
    return scene;
  }

  /** Adds this number of administrators and logs them in. Their connectors ask for these permissions, or for the usual ones. */
  async addAdministrators(count: number, permissions?: readonly string[]): Promise<void> {
    for (let added = 0; added < count; added += 1) {
      const [email, password] = [`ada${this.passwords.length}@contoso.test`, `correct horse ${randomBytes(12).toString('hex')}`];
      await this.command(['user', 'add', '--email', email, '--name', 'Ada', '--role', 'admin'], `${password}\n`);
      this.administrators.push(await Administrator.logIn(this.app.url, email, password, this.client, this.company.connector, permissions));
      this.passwords.push([email, password]);
    }
  }

  /** The secrets that must be readable nowhere, by their names. */
  async secrets(): Promise<Map<string, string>> {
    const all = new Map([['client secret', this.client.secret]]);
    for (const [email, password] of this.passwords) all.set(`password of ${email}`, password);
    for (const [number, administrator] of this.administrators.entries()) all.set(`cookie ${number}`, (await administrator.cookie()).replace(/^[^=]*=/, ''));
    for (const [number, { what, value }] of (await this.seen.secrets()).entries()) all.set(`${what} ${number}`, value);
    return all;
  }

  private async command(words: string[], input = ''): Promise<void> {
    const { code, stderr } = await this.app.command(words, input);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  }

  /** Another process of the same installation. */
  another(): Promise<App> {
    return this.start({ ...this.how, url: this.app.url });
  }

  /** A process of its own installation, with the same provider. */
  start(how: Installation): Promise<App> {
    const { microsoft, google } = this.company.addresses(this.provider.url);
    return App.start(microsoft, { google, ...how });
  }

  /** The first administrator at another installation with the same users, such as a restored backup. */
  async logInAt(app: App): Promise<Administrator> {
    const [[email, password] = ['', '']] = this.passwords;
    await this.seen.register(this.client, [this.app.redirectUri, app.redirectUri]);
    const administrator = await Administrator.logIn(app.url, email, password, this.client, this.company.connector);
    this.administrators.push(administrator);
    return administrator;
  }

  /** Lets all administrators work until `isOver`. An interrupted one stops. Returns the results by administrator. */
  async work(ledger: Ledger, isOver: () => boolean): Promise<string[]> {
    const cutOff: string[] = [];
    await Promise.all(this.administrators.map((administrator, number) =>
      work(administrator, ledger, `a${number}-`, isOver).catch((error: unknown) => {
        if (!(error instanceof Interrupted)) throw error;
        cutOff.push(error.message);
      })));
    return cutOff;
  }
}
