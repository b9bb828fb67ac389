// The links of an application's calls, with a real process and a real application: its page redirects the person to the link,
// the person signs in at the provider, and the browser brings the signed answer to `rUrl`. No browser; an owner in its place.

import { createHmac, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Owner } from '../soak/owner.ts';
import { CONNECTOR, type Connected, expect, type Program, test } from './scene.ts';

/** With characters that an address must encode. */
const STATE = 'session-42 &=ü';
const SIGNED = ['link', 'status', 'account_key', 'error', 'state', 'ts'];

/** An application with a page that redirects to the newest link, and a page to which people come back. */
class Application {
  /** Where the page redirects to. */
  link = '';
  /** The addresses with which people came back. */
  readonly returns: URL[] = [];
  private readonly server = createServer(({ url = '/' }, answer) => {
    if (url === '/connect') {
      answer.writeHead(302, { location: this.link }).end();
      return;
    }
    this.returns.push(new URL(url, this.url));
    answer.writeHead(200, { 'content-type': 'text/plain' }).end('welcome back');
  });

  static async start(): Promise<Application> {
    const application = new Application();
    await new Promise<void>((done) => { application.server.listen(0, '127.0.0.1', done); });
    return application;
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  /** The address of the list. */
  get entry(): string {
    return `${this.url}/mailboxes`;
  }

  /** A page below it. */
  get rUrl(): string {
    return `${this.entry}/7?tab=2`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => { this.server.close(done); });
  }
}

const applicationTest = test.extend<{ application: Application }>({
  application: async ({}, use) => {
    const application = await Application.start();
    await use(application);
    await application.stop();
  },
});

/** The signature that an application computes (README). */
function signatureOf(values: URLSearchParams, address: string, secret: string): string {
  const lines = [address, ...SIGNED.map((name) => values.get(name) ?? '')].map((value) => Buffer.from(value).toString('base64url'));
  return createHmac('sha256', secret).update(['v1', ...lines].join('\n')).digest('base64url');
}

/** Makes a link by a call, and lets the application's page redirect to it. */
async function makeLink(program: Program, application: Application, method: 'POST' | 'PUT', email: string, state: string): Promise<void> {
  const body = { hintEmail: email, mailProvider: CONNECTOR, rUrl: application.rUrl, state };
  const made = await program.send(method, method === 'POST' ? '/api/accounts/oauth' : `${program.account}/oauth`, body);
  expect(made.status, made.bytes.toString()).toBe(200);
  const { data } = made.json as { data: { success: boolean; url: string } };
  expect(data.success).toBe(true);
  expect(data.url.startsWith(`${program.url}/connect/`)).toBe(true);
  application.link = data.url;
}

/** Signs in as this owner from the application's page on, and goes where the last page leads. Returns what came back. */
async function signIn({ program }: Connected, application: Application, email: string, secret: { secret: string; kid: string }): Promise<URLSearchParams> {
  const html = await new Owner(program.url, email).follow(`${application.url}/connect`);
  expect(html, 'the browser goes on by itself').toContain('http-equiv="refresh"');
  const back = /<a[^>]*href="([^"]*)"[^>]*>Back to [^<]*<\/a>/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? '';
  expect(back.startsWith(`${application.rUrl}&`), back).toBe(true);
  expect((await fetch(back)).status).toBe(200);
  const values = application.returns.at(-1)?.searchParams ?? new URLSearchParams();
  expect(values.get('tab'), 'the own query of the address stays').toBe('2');
  expect(values.get('kid')).toBe(secret.kid);
  expect(values.get('signature')).toBe(signatureOf(values, application.rUrl, secret.secret));
  const forged = new URLSearchParams(values);
  forged.set('state', 'another session');
  expect(values.get('signature')).not.toBe(signatureOf(forged, application.rUrl, secret.secret));
  return values;
}

const readEmail = async (program: Program, accountKey: string): Promise<string | undefined> => {
  const { json } = await program.send('GET', `/api/accounts/${accountKey}`);
  return (json as { data: { ac?: { emailAddress: string }[] } }).data.ac?.[0]?.emailAddress;
};

applicationTest('the url of a call leads through the sign-in to rUrl with the state and a signature, for a new account and an old one', async ({ application, connect }) => {
  const connected = await connect();
  const { administrator, program } = connected;
  const secret = await administrator.addReturnAddress(application.entry);
  const email = `second-${randomUUID()}@contoso.test`;

  await makeLink(program, application, 'POST', email, STATE);
  const answer = await signIn(connected, application, email, secret);
  expect(answer.get('status')).toBe('connected');
  expect(answer.get('state')).toBe(STATE);
  expect(await readEmail(program, answer.get('account_key') ?? '')).toBe(email);

  await makeLink(program, application, 'PUT', connected.email, 'session-43');
  const again = await signIn(connected, application, connected.email, secret);
  expect(again.get('status')).toBe('connected');
  expect(again.get('state')).toBe('session-43');
  expect(again.get('account_key')).toBe(connected.accountKey);
});

applicationTest('a mailbox that waits is connected by the application’s confirmation', async ({ application, connect }) => {
  const connected = await connect();
  const { administrator, program } = connected;
  const secret = await administrator.addReturnAddress(application.entry, true);
  const email = `third-${randomUUID()}@contoso.test`;
  await makeLink(program, application, 'POST', email, STATE);
  const answer = await signIn(connected, application, email, secret);
  expect(answer.get('status')).toBe('connected');
  expect(answer.get('state')).toBe(STATE);
  expect(answer.has('account_key'), 'nothing is connected yet').toBe(false);
  expect((await program.send('GET', '/api/accounts')).bytes.toString()).not.toContain(email);

  // The code is the credential, so the call has no other one.
  const confirm = async (code: string | null) => fetch(`${program.url}/api/accounts/confirm`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ link: answer.get('link'), confirm: code }),
  });
  const wrong = await confirm('A'.repeat(43));
  expect(wrong.status).toBe(404);
  const confirmed = await confirm(answer.get('confirm'));
  expect(confirmed.status).toBe(200);
  const { data } = await confirmed.json() as { data: { account_key: string } };
  expect(await readEmail(program, data.account_key)).toBe(email);
  const messages = await program.send('GET', `/api/accounts/${data.account_key}/messages?limit=1`);
  expect(messages.status, messages.bytes.toString()).toBe(200);
  // An application that lost the answer asks again.
  expect(await (await confirm(answer.get('confirm'))).json()).toMatchObject({ data: { account_key: data.account_key } });
});
