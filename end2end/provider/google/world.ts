// The mailboxes: `myworld`, by other authors, with Gmail and contacts for each one. Mailboxes that write to each other share
// a world; every other mailbox has its own, made when it is first needed.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Answer } from './errors.ts';
import { MessageIds } from './message-ids.ts';
import { ContactBook } from './contact-book.ts';
import { contactsOf, messagesOf, OWN_LABELS } from './seed.ts';
import type { Settings } from './settings.ts';

/** One mailbox, and what this stand-in knows of it besides. */
export interface Mailbox {
  login: string;
  run: string;
  instance: string;
  /** The token with which myworld knows the mailbox. */
  bearer: string;
  ids: MessageIds;
  book: ContactBook;
}

/** A fault of myworld: `{ tool: 'gmail.users.messages.send', kind: 'timeout_after_commit' }`. */
export interface FaultWish {
  tool: string;
  kind: string;
  times?: number | null;
  on_call?: number;
  probability?: number;
  hang_s?: number;
  retry_after?: number;
  status?: number;
}

/** A call of a mailbox in the list of myworld. */
export interface WorldCall {
  tool: string;
  committed: boolean;
  fault: string | null;
  ok: boolean;
}

export interface Sent {
  method: string;
  host: string;
  /** Path and query. */
  target: string;
  body?: Buffer;
  type?: string;
}

interface Environment {
  id: string;
  servers: { gmail: { instance: string } };
  credentials: Record<string, { google_access_token: string }>;
}

const PATIENCE = 60_000;
const SENT_BY = new Set(['gmail.users.messages.send', 'gmail.users.drafts.send']);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => { server.close(done); });
  return port;
}

/** A number that depends on a text alone: two mailboxes have no id in common. */
const numberOf = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);

export class World {
  private readonly child: ChildProcess;
  private readonly url: string;
  private readonly settings: Settings;
  private mailboxes = new Map<string, Promise<Mailbox>>();

  private constructor(child: ChildProcess, url: string, settings: Settings) {
    this.child = child;
    this.url = url;
    this.settings = settings;
  }

  /** @param python The Python with the package `myworld`. */
  static async start(python: string, settings: Settings): Promise<World> {
    const port = await freePort();
    const script = fileURLToPath(new URL('mailboxes.py', import.meta.url));
    const child = spawn(python, [script, String(port)], { stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: process.env.PATH, PYTHONDONTWRITEBYTECODE: '1' } });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors = (errors + text).slice(-4000); });
    let failed: Error | undefined;
    child.on('error', (error) => { failed = error; });
    const world = new World(child, `http://127.0.0.1:${port}`, settings);
    for (const end = Date.now() + PATIENCE; ;) {
      if (failed) throw failed;
      if (child.exitCode !== null || Date.now() > end) throw new Error(`myworld did not start: ${errors}`);
      if (await fetch(`${world.url}/healthz`).then(({ ok }) => ok, () => false)) return world;
      await new Promise((done) => { setTimeout(done, 50); });
    }
  }

  stop(): void {
    this.child.kill('SIGKILL');
  }

  /** Forgets every mailbox: each is then as at first. */
  async reset(): Promise<void> {
    const all = await Promise.allSettled(this.mailboxes.values());
    this.mailboxes = new Map();
    const runs = new Set(all.flatMap((one) => (one.status === 'fulfilled' ? [one.value.run] : [])));
    for (const run of runs) await this.ask('DELETE', `/envs/${run}`);
  }

  /** Makes a world in which these mailboxes write to each other. */
  async open(logins: string[]): Promise<void> {
    const opened = this.make(logins);
    for (const login of logins) this.mailboxes.set(login, opened.then((all) => all.get(login) ?? Promise.reject(new Error(`no mailbox ${login}`))));
    await opened;
  }

  async mailboxOf(login: string): Promise<Mailbox> {
    const known = this.mailboxes.get(login);
    if (known) return known;
    const made = this.make([login]).then((all) => all.get(login) as Mailbox);
    this.mailboxes.set(login, made);
    return made;
  }

  /** Sends a call of Google's APIs for a mailbox. */
  async send({ bearer }: Mailbox, { method, host, target, body, type }: Sent): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${bearer}`, ...(type && { 'content-type': type }) };
    const answer = await fetch(`${this.url}/gw/${host}${target}`, { method, headers, ...(body?.length && { body: new Uint8Array(body) }) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const kind = answer.headers.get('content-type') ?? '';
    if (!kind.includes('json') || !bytes.length) return { status: answer.status, bytes, headers: kind ? { 'content-type': kind } : {} };
    return { status: answer.status, json: JSON.parse(bytes.toString()) };
  }

  /** Sets the faults of a mailbox; those of before are gone. */
  async setFaults({ instance }: Mailbox, faults: FaultWish[]): Promise<void> {
    await this.ask('PUT', `/instances/${instance}/faults`, faults);
  }

  /** Lets something happen in a mailbox, by one of the actions of myworld. */
  async act({ run, login }: Mailbox, action: string, params: Record<string, unknown>): Promise<unknown> {
    const { result } = (await this.ask('POST', `/envs/${run}/events`, { server: 'gmail', action, params, as: login })) as { result: unknown };
    return result;
  }

  /** The calls of a mailbox that sent a message, also those whose answer said otherwise. */
  async sends({ instance }: Mailbox): Promise<WorldCall[]> {
    const { calls } = (await this.ask('GET', `/instances/${instance}/calls`)) as { calls: WorldCall[] };
    return calls.filter(({ tool }) => SENT_BY.has(tool)).map(({ tool, committed, fault, ok }) => ({ tool, committed, fault, ok }));
  }

  private async make(logins: string[]): Promise<Map<string, Mailbox>> {
    const now = Date.now();
    const box = (login: string) => ({
      user: { email: login, name: login.split('@')[0] }, labels: OWN_LABELS,
      emails: messagesOf(login, this.settings.messages, now), contacts: contactsOf(this.settings.contacts),
    });
    const [first = '', ...others] = logins;
    const agents = Object.fromEntries(logins.map((login, number) => [`agent${number}`, { as: login, task: 'Reads mail.' }]));
    const spec = {
      name: 'mail', task: 'Reads mail.', now: new Date(now).toISOString(), time: 'realtime', agents,
      servers: { gmail: { seed: { ...box(first), mailboxes: others.map(box) } } },
    };
    const made = (await this.ask('POST', '/envs', { spec, id: `mail-${randomUUID()}`, seed: numberOf(logins.join(' ')) })) as Environment;
    return new Map(logins.map((login, number) => [login, {
      login, run: made.id, instance: made.servers.gmail.instance, bearer: made.credentials[`agent${number}`]?.google_access_token ?? '',
      ids: new MessageIds(), book: new ContactBook(),
    }]));
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(this.url + path, { method, ...sent });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
