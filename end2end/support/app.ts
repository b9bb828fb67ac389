import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, until } from './process.ts';

/** The optimised binary under test. */
function binary(): string {
  const path = process.env.MAIL360_BINARY;
  if (!path) throw new Error('MAIL360_BINARY is not set. It names the optimised mail360 that these stories run against; `make test` sets it.');
  return resolve(path);
}

/** The library that moves the clock of a program. */
function libfaketime(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => `/usr/lib/${name}`)];
  const usual = folders.map((folder) => `${folder}/faketime/libfaketime.so.1`).find((path) => existsSync(path));
  const path = process.env.LIBFAKETIME ?? usual;
  if (!path || !existsSync(path)) throw new Error('libfaketime was not found. Install it (Debian: apt-get install faketime) or name it in LIBFAKETIME.');
  return path;
}

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Settings of an installation that differ from the default. */
export interface Installation {
  /** Its clock can be moved. */
  movable?: boolean;
  /** The address for browsers, if it differs from the one on which it listens. */
  url?: string;
  /** The port on which it listens, if it must be known before. */
  port?: number;
  /** The folder of the database and the key, if not a temporary one. */
  dataDir?: string;
  /** The database, if it is not SQLite's file in the data folder. */
  database?: string;
  /** The log level. */
  log?: string;
  /** Networks whose X-Forwarded-For header is trusted. */
  proxies?: string;
  /** The address of the stand-in for Google. Without one no request may reach Google. */
  google?: string;
  /** Further settings, which win. */
  settings?: Record<string, string>;
}

/** No server listens there. */
export const NOWHERE = 'http://127.0.0.1:9';

/** The settings that lead to a stand-in for Google, which has Google's hosts on one. */
function googleAddresses(url: string): NodeJS.ProcessEnv {
  return {
    MAIL360_GOOGLE_AUTHORIZE_URL: `${url}/o/oauth2/v2/auth`,
    MAIL360_GOOGLE_TOKEN_URL: `${url}/token`,
    MAIL360_GOOGLE_REVOKE_URL: `${url}/revoke`,
    MAIL360_GOOGLE_ISSUER: url,
    MAIL360_GOOGLE_GMAIL_URL: url,
    MAIL360_GOOGLE_PEOPLE_URL: url,
  };
}

/** One `mail360 serve --migrate` with its own database. It keeps its port when it is restarted. */
export class App {
  readonly url: string;
  private readonly folder = mkdtempSync(join(tmpdir(), 'mail360-story-'));
  private child: ChildProcess | undefined;
  private printed = '';
  private ahead = 0;

  private constructor(readonly port: number, private readonly providerUrl: string, private readonly how: Installation) {
    this.url = how.url ?? `http://localhost:${port}`;
  }

  static async start(providerUrl: string, how: Installation = {}): Promise<App> {
    const app = new App(how.port ?? await freePort(), providerUrl, how);
    if (how.movable) app.advance(0);
    await app.run().catch(async (error: unknown) => {
      await app.remove();
      throw error;
    });
    return app;
  }

  /** The folder of the database and the key. */
  get dataDir(): string {
    return this.how.dataDir ?? join(this.folder, 'data');
  }

  get redirectUri(): string {
    return `${this.url}/api/connectors`;
  }

  private get log(): string {
    return join(this.folder, 'trace.log');
  }

  private get clock(): string {
    return join(this.folder, 'clock');
  }

  /** Moves the program's clock forward, or back by a negative number. Timers use another clock and do not change. */
  advance(seconds: number): void {
    this.ahead += seconds;
    writeFileSync(this.clock, `${this.ahead < 0 ? '' : '+'}${this.ahead}\n`);
  }

  /** The program's time, in milliseconds since 1970. */
  now(): number {
    return Date.now() + 1000 * this.ahead;
  }

  private environment(): NodeJS.ProcessEnv {
    const clock = {
      LD_PRELOAD: this.how.movable ? libfaketime() : undefined,
      FAKETIME_TIMESTAMP_FILE: this.clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    return {
      ...(this.how.movable ? clock : {}),
      ...(this.how.database ? { MAIL360_DATABASE_URL: this.how.database } : {}),
      ...(this.how.proxies ? { MAIL360_TRUSTED_PROXIES: this.how.proxies } : {}),
      PATH: process.env.PATH,
      HOME: this.folder,
      RUST_BACKTRACE: '1',
      MAIL360_LISTEN: `127.0.0.1:${this.port}`,
      MAIL360_PUBLIC_URL: this.url,
      MAIL360_DATA_DIR: this.dataDir,
      MAIL360_LOG: this.how.log ?? 'trace',
      // The provider has another host name than the application, as with Microsoft. With one name for
      // both, a redirect that loses the Lax cookies would look sound.
      MAIL360_MICROSOFT_AUTHORIZE_URL: `${this.providerUrl}/{tenant}/oauth2/v2.0/authorize`,
      MAIL360_MICROSOFT_TOKEN_URL: `${this.providerUrl}/{tenant}/oauth2/v2.0/token`,
      MAIL360_MICROSOFT_GRAPH_URL: `${this.providerUrl}/v1.0`,
      MAIL360_MICROSOFT_ISSUER: `${this.providerUrl}/{tenant}/v2.0`,
      ...googleAddresses(this.how.google ?? NOWHERE),
      ...this.how.settings,
    };
  }

  private async run(): Promise<void> {
    const log = openSync(this.log, 'a');
    const child = spawn(binary(), ['serve', '--migrate'], { env: this.environment(), cwd: this.folder, stdio: ['ignore', 'pipe', log] });
    closeSync(log);
    this.child = child;
    let failed: Error | undefined;
    child.on('error', (error) => { failed = error; });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => { this.printed += text; });
    await until('the program to be ready', async () => {
      if (failed) throw failed;
      if (child.exitCode !== null) throw new Error(`mail360 ended with ${child.exitCode}:\n${this.printed}\n${this.logText().slice(-4000)}`);
      const answer = await fetch(`http://127.0.0.1:${this.port}/readyz`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
  }

  /** The newest printed set-up link. */
  setUpLink(): Promise<string> {
    const link = new RegExp(`${this.url}/set-up/[^\\s"']+`, 'g');
    return until('a set-up link on standard output', () => this.printed.match(link)?.at(-1));
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => { child.once('exit', done); });
    child.kill(signal);
    await ended;
  }

  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  kill9(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Starts it again with the same data, whether it still runs or not. */
  async restart(): Promise<void> {
    await this.stop();
    await this.run();
  }

  /** Starts it a second time on another port, and returns how that ends. */
  async startAnother(): Promise<Outcome> {
    return this.command(['serve', '--migrate', '--listen', `127.0.0.1:${await freePort()}`]);
  }

  /**
   * Runs another command of the program, such as `user add`, with its password on standard input. If it is killed after
   * this number of milliseconds, it ends without a code.
   */
  command(words: string[], input = '', killedAfter?: number): Promise<Outcome> {
    return new Promise((done, failed) => {
      const child = spawn(binary(), words, { env: this.environment(), cwd: this.folder });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => { stdout += text; });
      child.stderr.setEncoding('utf8').on('data', (text: string) => { stderr += text; });
      if (killedAfter !== undefined) setTimeout(() => { child.kill('SIGKILL'); }, killedAfter);
      child.on('error', failed).on('close', (code) => { done({ code, stdout, stderr }); });
      child.stdin.on('error', () => { /* It may end without reading its input. */ });
      child.stdin.end(input);
    });
  }

  /** Its resident memory, in bytes (`VmRSS` of proc(5)). */
  memory(): number {
    const status = readFileSync(`/proc/${this.child?.pid}/status`, 'utf8');
    return 1024 * Number(/^VmRSS:\s*(\d+) kB/m.exec(status)?.[1]);
  }

  /** The number of its open files and connections. */
  openFiles(): number {
    return readdirSync(`/proc/${this.child?.pid}/fd`).length;
  }

  /** The lines of the trace log. */
  logLines(): string[] {
    return readFileSync(this.log, 'utf8').split('\n').filter((line) => line !== '');
  }

  /** The trace log and the printed output. */
  logText(): string {
    return `${readFileSync(this.log, 'utf8')}\n${this.printed}`;
  }

  /** Every file of the data folder, the key included. */
  dataFiles(): Map<string, Buffer> {
    const files = new Map<string, Buffer>();
    for (const entry of readdirSync(this.dataDir, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.set(entry.name, readFileSync(join(entry.parentPath, entry.name)));
    }
    return files;
  }

  async remove(): Promise<void> {
    await this.kill9();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
