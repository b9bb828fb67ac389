// The API with a real process over real sockets: an organisation with one connected mailbox of the stand-in, an API client
// with every scope, and calls as a program of a company sends them. No browser.

import { randomBytes, randomUUID } from 'node:crypto';
import { type App, expect, test as base } from '../fixtures.ts';
import { Administrator, type ConnectorKind, OUTLOOK } from '../soak/administrator.ts';
import { connectMailbox } from '../soak/owner.ts';
import type { Client } from '../support/strict-process.ts';

export { expect };

/** The Service Name of the connector. */
export const CONNECTOR = 'Mail archive';

/** The address to which connect links may lead back. */
export const RETURN_ADDRESS = 'https://crm.example.com/mailboxes';

/** Every permission that a call needs. */
const PERMISSIONS = ['Mail.ReadWrite', 'Mail.Send', 'Contacts.ReadWrite', 'MailboxSettings.ReadWrite'];

const AREAS = ['accounts', 'messages', 'attachments', 'folders', 'tags', 'contacts'];
export const EVERYTHING = [
  ...AREAS.flatMap((area) => ['CREATE', 'READ', 'UPDATE', 'DELETE'].map((action) => `MailApps.${area}.${action}`)),
  'MailApps.tokens.READ', 'MailApps.proxy.ALL',
];

export interface Answered {
  status: number;
  headers: Headers;
  bytes: Buffer;
  /** Undefined if the body is not JSON. */
  json: unknown;
}

interface Envelope {
  status: { code: number };
  data: unknown;
}

/** A program with the key of an API client. */
export class Program {
  readonly url: string;
  readonly key: string;
  /** The path of the connected account. */
  readonly account: string;

  constructor(url: string, key: string, account: string) {
    this.url = url;
    this.key = key;
    this.account = account;
  }

  /** Sends a call. `target` is a path with its query. A body is JSON, or bytes as they are. */
  async send(method: string, target: string, body?: object | Buffer, more: Record<string, string> = {}): Promise<Answered> {
    const isFile = Buffer.isBuffer(body);
    const type: Record<string, string> = body ? { 'content-type': isFile ? 'application/octet-stream' : 'application/json' } : {};
    const headers = { authorization: `Bearer ${this.key}`, ...type, ...more };
    const answer = await fetch(this.url + target, { method, headers, body: isFile ? new Uint8Array(body) : body && JSON.stringify(body) });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') ?? false;
    const json: unknown = isJson && bytes.length ? JSON.parse(bytes.toString()) : undefined;
    return { status: answer.status, headers: answer.headers, bytes, json };
  }

  /** A call about the account that succeeds, with its `data` and the cursor of the next page, which is empty at the end. */
  async page<T>(target: string): Promise<{ data: T; cursor: string }> {
    const { status, headers, bytes, json } = await this.send('GET', this.account + target);
    if (status !== 200) throw new Error(`${target}: ${status} ${bytes.toString()}`);
    return { data: (json as Envelope).data as T, cursor: headers.get('next-cursor') ?? '' };
  }

  async read<T>(target: string): Promise<T> {
    return (await this.page<T>(target)).data;
  }

  /** A call about the account that changes something and succeeds, with its `data`. */
  async change<T>(method: string, target: string, body?: object | Buffer, headers: Record<string, string> = {}): Promise<T> {
    const { status, bytes, json } = await this.send(method, this.account + target, body, headers);
    if (status !== 200 && status !== 201) throw new Error(`${method} ${target}: ${status} ${bytes.toString()}`);
    return (json as Envelope).data as T;
  }
}

export interface Connected {
  administrator: Administrator;
  /** The email of the mailbox, which is its log-in at the stand-in. */
  email: string;
  accountKey: string;
  /** The API client. */
  client: string;
  program: Program;
}

interface Fixtures {
  /** Connects a mailbox. Without an email it is one that no other test has. */
  connect: (email?: string) => Promise<Connected>;
}

/** What a connector is made of. */
export interface Application {
  client: Client;
  permissions: readonly string[];
  kind?: ConnectorKind;
}

/** Sets up an organisation with one connector, connects a mailbox through it, and adds an API client with every scope. */
export async function connectTo(app: App, { client: application, permissions, kind = OUTLOOK }: Application, email: string): Promise<Connected> {
  const [name, password] = ['ada@contoso.test', `correct horse ${randomBytes(12).toString('hex')}`];
  for (const [words, input] of [
    [['organisation', 'add', '--name', 'Contoso'], ''],
    [['user', 'add', '--email', name, '--name', 'Ada', '--role', 'admin'], `${password}\n`],
  ] as const) {
    const { code, stderr } = await app.command([...words], input);
    expect(code, stderr).toBe(0);
  }
  const administrator = await Administrator.logIn(app.url, name, password, application, kind, permissions);
  const connector = await administrator.add(CONNECTOR);
  await administrator.verify(connector);
  await connectMailbox(administrator, connector, email);
  const accountKey = await administrator.findAccount(email);
  await administrator.addReturnAddress(RETURN_ADDRESS);
  const { id: client, key } = await administrator.addApiClient('CRM', EVERYTHING);
  const program = new Program(app.url, key, `/api/accounts/${accountKey}`);
  return { administrator, email, accountKey, client, program };
}

export const test = base.extend<Fixtures>({
  connect: async ({ app, provider }, use) => {
    const administrators: Administrator[] = [];
    await use(async (email = `owner-${randomUUID()}@contoso.test`) => {
      const client = await provider.addClient(app.redirectUri);
      const connected = await connectTo(app, { client, permissions: PERMISSIONS }, email);
      administrators.push(connected.administrator);
      return connected;
    });
    for (const administrator of administrators) await administrator.dispose();
  },
});
