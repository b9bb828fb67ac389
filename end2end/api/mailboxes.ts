// Programs that call the API of a real process over sockets, without a browser: connected mailboxes at the stand-in for
// Graph, and calls of any process of an installation.

import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { connectMailbox } from '../soak/owner.ts';
import type { Scene } from '../soak/scene.ts';
import type { App } from '../support/app.ts';

/** An API client that may do everything with all accounts. */
export interface Program {
  key: string;
  /** The path of the client's page. */
  path: string;
  /** The keys of the accounts, in the order of their emails. */
  accounts: string[];
}

/** Connects these mailboxes through one connector, and adds an API client. */
export async function connectAll(scene: Scene, emails: string[]): Promise<Program> {
  const [ada] = scene.administrators;
  if (!ada) throw new Error('the scene has no administrator');
  // Long, so that no refresh is counted among the requests of a mailbox.
  await scene.seen.set({ atTtl: 3600 });
  const connector = await ada.add('Mailboxes');
  await ada.verify(connector);
  const accounts: string[] = [];
  for (const email of emails) {
    await connectMailbox(ada, connector, email);
    accounts.push(await ada.findAccount(email));
  }
  return { ...(await ada.addApiClient('Everything')), accounts };
}

/** Sends a call to one process of an installation, as a proxy before it does. The answer's body is not read. */
export function begin(app: App, key: string, path: string): Promise<IncomingMessage> {
  const { host } = new URL(app.url);
  const headers = { host, authorization: `Bearer ${key}` };
  return new Promise((done, failed) => {
    request({ host: '127.0.0.1', port: app.port, path, headers, agent: false }, done).on('error', failed).end();
  });
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The `data` of an envelope; empty for a body of the provider. */
  data: { errorCode?: string; limit?: string };
  seconds: number;
}

/** Sends a call and reads the whole answer. */
export async function call(app: App, key: string, path: string): Promise<Reply> {
  const began = performance.now();
  const answer = await begin(app, key, path);
  const body = await text(answer);
  const { status, data } = (answer.headers['content-type']?.includes('json') ? JSON.parse(body) : {}) as { status?: unknown; data?: Reply['data'] };
  const seconds = (performance.now() - began) / 1000;
  return { status: answer.statusCode ?? 0, headers: answer.headers, body, data: status !== undefined && data ? data : {}, seconds };
}
