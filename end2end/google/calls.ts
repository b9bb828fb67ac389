// Calls of the stand-in for Google with the token of a new mailbox, and no program of ours between.

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { SCOPE } from '../provider/google/scopes.ts';
import type { Google } from '../support/google.ts';
import type { Client } from '../support/strict-process.ts';

export { SCOPE };

export const REDIRECT_URI = 'http://localhost:3000/api/connectors';
export const MAIL = ['openid', 'email', SCOPE.modify, SCOPE.contacts];

export interface Answered {
  status: number;
  headers: Headers;
  /** Empty if the body is not JSON. */
  body: Record<string, any>;
}

async function read(answer: Response): Promise<Answered> {
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  return { status: answer.status, headers: answer.headers, body: isJson && text ? (JSON.parse(text) as Record<string, any>) : {} };
}

/** A form of an OAuth client to the token endpoint. */
export async function tokenRequest(google: Google, client: Client, fields: Record<string, string>): Promise<Answered> {
  const form = new URLSearchParams({ client_id: client.id, client_secret: client.secret, ...fields });
  return read(await fetch(`${google.url}/token`, { method: 'POST', body: form }));
}

export const refresh = (google: Google, client: Client, token: string): Promise<Answered> =>
  tokenRequest(google, client, { grant_type: 'refresh_token', refresh_token: token });

/** A mailbox that no other test has, or one with this log-in. */
export class Gmail {
  readonly google: Google;
  readonly client: Client;
  readonly login: string;
  readonly token: string;
  readonly refreshToken: string;

  private constructor(google: Google, client: Client, login: string, token: string, refreshToken: string) {
    this.google = google;
    this.client = client;
    this.login = login;
    this.token = token;
    this.refreshToken = refreshToken;
  }

  static async open(google: Google, scopes: readonly string[] = MAIL, login = `owner-${randomUUID()}@contoso.test`): Promise<Gmail> {
    const client = await google.addClient(REDIRECT_URI);
    const [grant] = await google.mint(client, [login], scopes);
    if (!grant) throw new Error('no grant');
    const { body } = await refresh(google, client, grant.refresh_token);
    return new Gmail(google, client, login, String(body.access_token), grant.refresh_token);
  }

  /** @param target A path below the mailbox (`/messages`), one that begins with `/v1` or `/upload`, or a whole address. */
  async call(method: string, target: string, body?: object | Buffer, headers: Record<string, string> = {}): Promise<Answered> {
    const whole = target.startsWith('http') ? target : this.google.url + (/^\/(v1|upload)\//.test(target) ? target : `/gmail/v1/users/me${target}`);
    const isFile = Buffer.isBuffer(body);
    const type: Record<string, string> = body && !isFile ? { 'content-type': 'application/json' } : {};
    return read(await fetch(whole, {
      method, headers: { authorization: `Bearer ${this.token}`, ...type, ...headers }, body: isFile ? new Uint8Array(body) : body && JSON.stringify(body),
    }));
  }

  get(target: string): Promise<Answered> {
    return this.call('GET', target);
  }

  /** The id of the newest message with this subject. */
  async messageId(subject: string): Promise<string> {
    const { body } = await this.get(`/messages?${new URLSearchParams({ q: `subject:"${subject}"`, maxResults: '1' }).toString()}`);
    const id: unknown = body.messages?.[0]?.id;
    if (typeof id !== 'string') throw new Error(`no message has the subject ${subject}`);
    return id;
  }
}

/** A message in MIME. */
export const mime = (from: string, to: string, subject: string, messageId: string, text = 'Hello'): Buffer => Buffer.from([
  `From: ${from}`, `To: ${to}`, `Subject: ${subject}`, `Message-ID: ${messageId}`, 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8', '', text, '',
].join('\r\n'));

export const raw = (bytes: Buffer): string => bytes.toString('base64url');

export interface Asked {
  scopes?: readonly string[];
  parameters?: Record<string, string>;
  /** The permissions that the user leaves ticked; all without them. */
  ticked?: readonly string[];
  login?: string;
  answer?: 'go' | 'cancel';
  redirectUri?: string;
}

export interface SignedIn {
  /** The address to which the browser is sent back; undefined if it stays at Google. */
  back: URL | undefined;
  /** The last page. */
  status: number;
  html: string;
  verifier: string;
  nonce: string;
}

/** A browser that signs in: it follows redirects and answers the pages, as their forms do. */
export class Visitor {
  private readonly cookies = new Map<string, string>();
  private readonly google: Google;

  constructor(google: Google) {
    this.google = google;
  }

  private async ask(url: string, form?: URLSearchParams): Promise<{ status: number; location: string | null; html: string }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(url, { redirect: 'manual', headers: cookie ? { cookie } : {}, ...(form && { method: 'POST', body: form }) });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? [];
      this.cookies.set(name, value);
    }
    return { status: answer.status, location: answer.headers.get('location'), html: await answer.text() };
  }

  async signIn(client: Client, { scopes = MAIL, parameters = {}, ticked, login = 'grace@contoso.test', answer = 'go', redirectUri = REDIRECT_URI }: Asked = {}): Promise<SignedIn> {
    const [verifier, nonce] = [randomBytes(32).toString('base64url'), randomBytes(16).toString('base64url')];
    const query = new URLSearchParams({
      client_id: client.id, redirect_uri: redirectUri, response_type: 'code', scope: scopes.join(' '), state: 'state-1', nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256',
      access_type: 'offline', prompt: 'consent select_account', include_granted_scopes: 'false', ...parameters,
    });
    for (const [name, value] of Object.entries(parameters)) if (value === '') query.delete(name);
    let at = `${this.google.url}/o/oauth2/v2/auth?${query.toString()}`;
    let page = await this.ask(at);
    for (let step = 0; step < 20; step += 1) {
      if (page.location !== null) {
        at = new URL(page.location, at).href;
        if (!at.startsWith(`${this.google.url}/`)) return { back: new URL(at), status: page.status, html: '', verifier, nonce };
        page = await this.ask(at);
      } else if (page.html.includes('name="login"')) {
        page = await this.ask(at, new URLSearchParams({ login, password: 'whatever', answer: 'go' }));
      } else if (page.html.includes('name="choosing"')) {
        const form = new URLSearchParams({ choosing: 'yes', answer });
        for (const scope of ticked ?? scopes) form.append('scope', scope);
        page = await this.ask(at, form);
      } else {
        return { back: undefined, status: page.status, html: page.html, verifier, nonce };
      }
    }
    throw new Error('the sign-in has no end');
  }

  /** Signs in and redeems the code. */
  async tokens(client: Client, asked: Asked = {}): Promise<Answered & { nonce: string }> {
    const { back, verifier, nonce } = await this.signIn(client, asked);
    const code = back?.searchParams.get('code') ?? '';
    return { ...(await redeem(this.google, client, code, verifier)), nonce };
  }
}

export const redeem = (google: Google, client: Client, code: string, verifier: string, redirectUri = REDIRECT_URI): Promise<Answered> =>
  tokenRequest(google, client, { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri: redirectUri });
