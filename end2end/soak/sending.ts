// Messages that programs send while processes are killed and answers are lost, and what the log of deliveries says about them.
// The log belongs to the stand-in, which is not killed.

import { randomInt, randomUUID } from 'node:crypto';
import { request } from 'node:http';
import type { App } from '../support/app.ts';
import type { Seen } from './companies.ts';
import { connectMailbox } from './owner.ts';
import { type AtEnd, pause, type Scene } from './scene.ts';

/** The longest wait before a call is repeated, in seconds: a test is in more of a hurry than `Retry-After`. */
const LONGEST_WAIT = 2;
/** An address without a mailbox. */
const READER = 'reader@elsewhere.test';

interface Answer {
  status: number;
  retryAfter: number;
  data: { messageId?: string; internetMessageId?: string; errorCode?: string; moreInfo?: string };
}

/** A mailbox with the path of its account. */
interface Mailbox {
  email: string;
  path: string;
}

/** A message that a program has sent, with what the program knows of it. */
export interface Posted {
  key: string;
  subject: string;
  mailbox: Mailbox;
  /** The number of calls until the answer. */
  calls: number;
  end: 'sent' | 'unknown';
  /** Its Message-ID. */
  id: string;
}

/** A call at one process. Undefined without an answer. */
function call(app: App, method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answer | undefined> {
  return new Promise((done) => {
    const none = (): void => { done(undefined); };
    // The processes have one address for programs, and each its own port.
    const host = new URL(app.url).host;
    const sent = request({ host: '127.0.0.1', port: app.port, method, path, headers: { host, ...headers }, timeout: 45_000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('error', none).on('aborted', none).on('end', () => {
        try {
          const { data } = JSON.parse(text) as { data?: Answer['data'] };
          done({ status: answer.statusCode ?? 0, retryAfter: Number(answer.headers['retry-after'] ?? 1), data: data ?? {} });
        } catch {
          none();
        }
      });
    });
    sent.on('error', none).on('timeout', () => { sent.destroy(); }).end(body);
  });
}

export class Sending {
  /** Every message that has its answer. */
  readonly posted: Posted[] = [];
  private number = 0;

  private constructor(readonly scene: Scene<Seen>, readonly processes: App[], private readonly key: string, private readonly mailboxes: Mailbox[]) {}

  /** Programs that send from this number of mailboxes, at this number of processes on the database of a scene. */
  static async of(
    scene: Scene<Seen>, processes: number, ending: AtEnd, mailboxes: number, permissions = scene.company.sending,
  ): Promise<Sending> {
    const all = [scene.app];
    while (all.length < processes) {
      const another = await scene.another();
      ending(() => another.remove());
      all.push(another);
    }
    // A kill amid a refresh costs no account, as at both companies. What else it may cost is tested in refreshing.spec.ts.
    await scene.seen.set({ reuse: 'allow' });
    await scene.addAdministrators(1, permissions);
    const administrator = scene.administrators.at(-1);
    if (!administrator) throw new Error('the scene has no administrator');
    const connector = await administrator.add('Sending');
    await administrator.verify(connector);
    const emails = Array.from({ length: mailboxes }, (_, number) => `sender${number}@contoso.test`);
    const connected = await Promise.all(emails.map(async (email) => {
      await connectMailbox(administrator, connector, email);
      return { email, path: `/api/accounts/${await administrator.findAccount(email)}` };
    }));
    const { key } = await administrator.addApiClient('Programs that send');
    return new Sending(scene, all, key, connected);
  }

  private process(): App {
    const process = this.processes[randomInt(this.processes.length)];
    if (!process) throw new Error('there is no process');
    return process;
  }

  private ask(app: App, method: string, path: string, body?: object, key?: string): Promise<Answer | undefined> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.key}` };
    if (body) headers['content-type'] = 'application/json';
    if (key) headers['idempotency-key'] = key;
    return call(app, method, path, headers, body && JSON.stringify(body));
  }

  /** The emails of the mailboxes. */
  get emails(): string[] {
    return this.mailboxes.map(({ email }) => email);
  }

  /** Sends a message, and repeats the call with its key at any process until there is an answer. */
  private async post(mailbox: Mailbox): Promise<Posted> {
    this.number += 1;
    const [key, subject] = [randomUUID(), `message ${this.number} ${randomUUID()}`];
    const body = { fromAddress: mailbox.email, toAddress: READER, subject, content: '<p>Hello</p>' };
    for (let calls = 1; ; calls += 1) {
      const answer = await this.ask(this.process(), 'POST', `${mailbox.path}/messages`, body, key);
      const { status, retryAfter, data } = answer ?? { status: 0, retryAfter: 0.1, data: {} };
      const isKnown = status === 200 || data.errorCode === 'SEND_OUTCOME_UNKNOWN';
      if (isKnown) {
        const posted: Posted = { key, subject, mailbox, calls, end: status === 200 ? 'sent' : 'unknown', id: data.internetMessageId ?? '' };
        this.posted.push(posted);
        return posted;
      }
      const mayRepeat = [0, 429, 502, 503].includes(status) || data.errorCode === 'IDEMPOTENCY_IN_PROGRESS';
      if (!mayRepeat || data.errorCode === 'PROVIDER_ERROR') throw new Error(`a message was answered with ${status}: ${JSON.stringify(data)}`);
      await pause(1000 * Math.min(retryAfter, LONGEST_WAIT));
    }
  }

  /**
   * Programs that send one message after the other until they are told to stop, each from one mailbox. A program waits for the
   * answer to its last message, and then for `apart` milliseconds.
   */
  async work(programs: number, isOver: () => boolean, apart = 0): Promise<void> {
    await Promise.all(Array.from({ length: programs }, async (_, program) => {
      const mailbox = this.mailboxes[program % this.mailboxes.length];
      if (!mailbox) throw new Error('there is no mailbox');
      while (!isOver()) {
        await this.post(mailbox);
        if (apart > 0) await pause(apart);
      }
    }));
  }

  /** Kills one of the processes in the middle of its work and restarts it, this number of times, at most `apart` ms apart. */
  async kill(times: number, apart = 900): Promise<void> {
    for (let killed = 0; killed < times; killed += 1) {
      await pause(randomInt(100, apart));
      const victim = this.process();
      await victim.kill9();
      await victim.restart();
    }
  }

  /** The subjects of the drafts of a mailbox. */
  private async drafts({ path }: Mailbox): Promise<string[]> {
    const answer = await this.ask(this.process(), 'GET', `${path}/drafts?limit=100`);
    if (answer?.status !== 200) throw new Error(`the drafts were answered with ${answer?.status}: ${JSON.stringify(answer?.data)}`);
    return (answer.data as { subject: string }[]).map(({ subject }) => subject);
  }

  /**
   * Compares what the programs know with the log of deliveries, with the records of the database, and with the drafts that are
   * left. Empty if each message was delivered exactly once, or at most once where the program was told that it is not known.
   */
  async findings({ withDrafts = true } = {}): Promise<string[]> {
    const found: string[] = [];
    const { company, seen } = this.scene;
    const deliveries = (await Promise.all(this.emails.map((email) => company.delivered(seen, email)))).flat();
    for (const { subject, end, id, calls } of this.posted) {
      const mine = deliveries.filter((delivery) => delivery.subject === subject);
      const say = (what: string) => found.push(`${subject}: ${what}; it was ${end} after ${calls} calls`);
      if (mine.length > 1) say(`it was delivered ${mine.length} times`);
      if (mine.length === 0 && end === 'sent') say('it was not delivered');
      if (mine.some(({ messageId }) => messageId !== id)) say(`its Message-ID is ${mine[0]?.messageId} and not ${id}`);
    }
    const known = new Set(this.posted.map(({ subject }) => subject));
    for (const { subject } of deliveries) if (!known.has(subject)) found.push(`${subject} was delivered, and no program has its answer`);
    const rows = this.scene.database.rows('SELECT message_id, state FROM sends');
    const states = new Map(rows.map(([id = '', state = '']): [string, string] => [id, state]));
    const expected = { sent: 'done', unknown: 'unknown' } as const;
    for (const { subject, end, id } of this.posted) {
      if (states.get(id) !== expected[end]) found.push(`${subject}: its record is ${states.get(id)}, and the program was told ${end}`);
    }
    const drafts = withDrafts ? (await Promise.all(this.mailboxes.map((mailbox) => this.drafts(mailbox)))).flat() : [];
    for (const subject of drafts) if (known.has(subject)) found.push(`${subject}: a draft of it is left`);
    return found;
  }

  /** A line about what has happened. */
  summary(): string {
    const unknown = this.posted.filter(({ end }) => end === 'unknown').length;
    const repeated = this.posted.filter(({ calls }) => calls > 1).length;
    return `${this.posted.length} messages, ${repeated} of them with repeated calls, ${unknown} with an unknown outcome`;
  }
}
