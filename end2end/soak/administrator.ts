// An administrator without a browser: sends the forms of the pages as fast as the responses arrive.

import { type APIRequestContext, type APIResponse, request } from '@playwright/test';
import { SCOPE } from '../provider/google/scopes.ts';
import { hiddenFields } from '../support/forms.ts';
import type { Client } from '../support/provider.ts';
import { FURTHER } from './ledger.ts';

/** No response, or one that leaves the result open: the program was killed, or its database is unavailable. */
export class Interrupted extends Error {}

/** The value of a hidden field of a page. */
function hidden(html: string, name: string): string {
  const value = hiddenFields(html)[name];
  if (value === undefined) throw new Error(`the page has no field ${name}: ${words(html)}`);
  return value;
}

/** The text of a page, for an error message. */
const words = (html: string) => html.slice(html.indexOf('<main')).replace(/<(script|style)[^>]*>.*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').slice(0, 500);

/** The form of one kind of connectors. */
export interface ConnectorKind {
  /** The page with the form. */
  page: string;
  /** The fields that this kind alone has, or whose values differ. */
  fields: [name: string, value: string][];
  /** The permissions of a connector, if no others are wanted. */
  permissions: readonly string[];
  /** A permission that a connector has besides unless it is narrow. */
  further: string | undefined;
}

export const OUTLOOK: ConnectorKind = {
  page: '/connectors/new',
  fields: [['provider', 'outlook'], ['secret_expires_in', 'date'], ['secret_expires_on', '2099-11-23'], ['account_type', 'tenants_and_personal'], ['tenant', '']],
  permissions: ['Mail.Read', 'Mail.Send'],
  further: FURTHER,
};

export const GMAIL: ConnectorKind = {
  page: '/connectors/new?provider=google',
  fields: [['provider', 'google'], ['secret_expires_on', ''], ['hosted_domain', '']],
  // With it alone no mailbox is read when it is connected. Each mailbox that is read takes time to be made.
  permissions: [SCOPE.send],
  further: undefined,
};

/** The first secret of an API client on a page. */
const SECRET = /m360[sr]?_[\w-]{20,}/;

/** For ten minutes after a log-in an administrator may delete without typing the password again; a margin is left. */
const MAY_DELETE = 8 * 60_000;

function shownSecret(html: string): string {
  const secret = SECRET.exec(html)?.[0];
  if (!secret) throw new Error(`the page shows no secret: ${words(html)}`);
  return secret;
}

export class Administrator {
  private readonly loggedInAt = Date.now();

  private constructor(
    private readonly http: APIRequestContext, readonly origin: string, private readonly client: Client, private readonly kind: ConnectorKind,
    private readonly permissions: readonly string[],
  ) {}

  /** Logs in; `client` is the application of every connector that this administrator adds, with these permissions. */
  static async logIn(
    origin: string, email: string, password: string, client: Client, kind = OUTLOOK, permissions = kind.permissions,
  ): Promise<Administrator> {
    // The certificate of a front with TLS is made for its run.
    const http = await request.newContext({ baseURL: origin, ignoreHTTPSErrors: true });
    const administrator = new Administrator(http, origin, client, kind, permissions);
    const answer = await administrator.post('/login', { email, password });
    if (answer.status() !== 303) throw new Error(`the log-in was answered with ${answer.status()}`);
    return administrator;
  }

  private async ask(answer: Promise<APIResponse>): Promise<APIResponse> {
    const got = await answer.catch((error: Error) => { throw new Interrupted(error.message); });
    if ([502, 503, 504].includes(got.status())) throw new Interrupted(`${got.status()} from ${got.url()}`);
    return got;
  }

  /** A page of the program, which must exist. */
  async get(path: string): Promise<string> {
    const answer = await this.ask(this.http.get(path, { maxRedirects: 0 }));
    const html = await answer.text().catch((error: Error) => { throw new Interrupted(error.message); });
    if (answer.status() !== 200) throw new Error(`${path} was answered with ${answer.status()}: ${words(html)}`);
    return html;
  }

  private post(path: string, form: Record<string, string> | URLSearchParams): Promise<APIResponse> {
    return this.ask(this.http.post(path, {
      maxRedirects: 0,
      headers: { origin: this.origin, 'content-type': 'application/x-www-form-urlencoded' },
      data: new URLSearchParams(form).toString(),
    }));
  }

  /** Sends a form, which must redirect to an address like this. */
  private async send(path: string, form: URLSearchParams, to: RegExp): Promise<string> {
    const answer = await this.post(path, form);
    const location = answer.headers().location ?? '';
    if (!to.test(location)) {
      const there = location.startsWith('/') ? words(await this.get(location)) : '';
      throw new Error(`${path} was answered with ${answer.status()} and led to ${JSON.stringify(location)}: ${there}`);
    }
    return location;
  }

  private settings(name: string, secret: string, narrow = false): [string, string][] {
    const { fields, further } = this.kind;
    return [
      ['service_name', name], ['client_id', this.client.id], ['client_secret', secret], ...fields,
      ...[...this.permissions, ...(narrow || !further ? [] : [further])].map((scope): [string, string] => ['scopes[]', scope]),
    ];
  }

  /** Adds a connector and returns its id. */
  async add(name: string): Promise<string> {
    const page = await this.get(this.kind.page);
    const form = new URLSearchParams([
      ['form', hidden(page, 'form')], ['owner', hidden(page, 'owner')],
      ...this.settings(name, this.client.secret),
    ]);
    const path = await this.send('/do/connectors/add', form, /^\/connectors\/[0-9a-f-]{36}$/);
    return path.slice('/connectors/'.length);
  }

  /** Sets the name and the number of permissions. Other permissions require a new verification. */
  async change(id: string, name: string, narrow: boolean): Promise<void> {
    const page = await this.get(`/connectors/${id}/edit`);
    const form = new URLSearchParams([
      ...['connector', 'version', 'owner'].map((field): [string, string] => [field, hidden(page, field)]),
      ...this.settings(name, '', narrow),
    ]);
    await this.send('/do/connectors/change', form, new RegExp(`^/connectors/${id}$`));
  }

  async remove(id: string): Promise<void> {
    const owner = hidden(await this.get(`/connectors/${id}/delete`), 'owner');
    await this.send('/do/connectors/delete', new URLSearchParams({ connector: id, owner }), /^\/connectors$/);
  }

  /** Sends a form whose answer is a page, and returns the page. */
  private async open(path: string, form: URLSearchParams): Promise<string> {
    const answer = await this.post(path, form);
    const html = await answer.text();
    if (answer.status() !== 200) throw new Error(`${path} was answered with ${answer.status()}: ${words(html)}`);
    return html;
  }

  /** Adds an API client that reaches all accounts, with these scopes or with every one. Its key is shown once. */
  async addApiClient(name: string, scopes: readonly string[] = []): Promise<{ id: string; path: string; key: string }> {
    const page = await this.get('/settings/api-access/new');
    const every = [...page.matchAll(/value="(MailApps\.[A-Za-z]+\.[A-Z]+)"/g)].map(([, scope = '']) => scope);
    const form = new URLSearchParams({ name, reach: 'all', rate: '1000', at_once: '512' });
    for (const scope of new Set(scopes.length > 0 ? scopes : every)) form.append('scopes', scope);
    const html = await this.open('/settings/api-access/new', form);
    const id = /\/settings\/api-access\/([0-9a-f-]{36})/.exec(html)?.[1];
    if (!id) throw new Error(`the page names no API client: ${words(html)}`);
    return { id, path: `/settings/api-access/${id}`, key: shownSecret(html) };
  }

  /** Makes the first Client Secret, or the first refresh token with these scopes, of an API client. */
  async makeCredential(client: string, kind: 'client_secret' | 'refresh_token', scopes: readonly string[] = []): Promise<string> {
    const form = new URLSearchParams([['kind', kind], ['after', ''], ...scopes.map((scope) => ['scopes', scope])]);
    return shownSecret(await this.open(`/settings/api-access/${client}/credentials`, form));
  }

  /** Adds an address to which a connect link may lead back. Returns its secret, which is shown once, and the secret's id. */
  async addReturnAddress(address: string, needsConfirmation = false): Promise<{ secret: string; kid: string }> {
    const form = new URLSearchParams({ address, ...(needsConfirmation ? { needs_confirmation: 'true' } : {}) });
    // The page lets a browser break a secret.
    const html = (await this.open('/settings/return-addresses', form)).replaceAll(/<wbr>|<!>/g, '');
    const secret = /<div class="copy"><code[^>]*>([^<]+)<\/code>/.exec(html)?.[1];
    const kid = /<code>kid<\/code>.*?<code>([^<]+)<\/code>/s.exec(html)?.[1];
    if (!secret || !kid) throw new Error(`the page shows no secret: ${words(html)}`);
    return { secret, kid };
  }

  /** Makes a connect link for the mailbox with this email, and returns its path. */
  makeLink(connector: string, email: string): Promise<string> {
    // The button that opens the link in this browser.
    const form = new URLSearchParams({ connector, expected_email: email, how: 'here' });
    return this.send('/accounts/new', form, /^\/connect\/[^/]+$/);
  }

  /** The id of the account with this email. */
  async findAccount(email: string): Promise<string> {
    // The list lets a browser break an email before its domain.
    const page = (await this.get(`/accounts?search=${encodeURIComponent(email)}`)).replaceAll('<wbr>', '');
    const id = new RegExp(`href="/accounts/([0-9a-f-]{36})"><bdi>${email}<`).exec(page)?.[1];
    if (!id) throw new Error(`the list does not have ${email}: ${words(page)}`);
    return id;
  }

  /** Reads from a mailbox, with a new access token if the stored one expires soon. */
  async testAccess(id: string): Promise<void> {
    const answer = await this.post(`/accounts/${id}/test`, {});
    if (answer.status() !== 200) throw new Error(`a test of the access was answered with ${answer.status()}`);
  }

  async pause(id: string, on: boolean): Promise<void> {
    await this.send(`/accounts/${id}/${on ? 'pause' : 'resume'}`, new URLSearchParams(), new RegExp(`^/accounts/${id}$`));
  }

  /** Ends every credential of the API client with this path. */
  async revokeApiClient(path: string): Promise<void> {
    await this.send(`${path}/revoke`, new URLSearchParams(), new RegExp(`^${path}$`));
  }

  mayDelete(): boolean {
    return Date.now() - this.loggedInAt < MAY_DELETE;
  }

  async deleteAccount(id: string): Promise<void> {
    await this.send(`/accounts/${id}/delete`, new URLSearchParams(), /^\/accounts$/);
  }

  /** Starts a sign-in and returns the address at the provider. */
  async leave(id: string): Promise<string> {
    const leaving = await this.ask(this.http.post(`/connectors/${id}/verify`, { maxRedirects: 0, headers: { origin: this.origin } }));
    const html = await leaving.text().catch((error: Error) => { throw new Interrupted(error.message); });
    const authorize = /<a[^>]*href="([^"]*)"[^>]*>\s*Continue to (?:Microsoft|Google)/.exec(html)?.[1]?.replaceAll('&amp;', '&');
    if (!authorize) throw new Error(`the way out was answered with ${leaving.status()}: ${words(html)}`);
    return authorize;
  }

  /** Signs in at the provider and returns the address that leads back. */
  async signIn(id: string): Promise<string> {
    return this.agreeAtProvider(await this.leave(id));
  }

  /** Opens that address and returns the page on which the sign-in ends. */
  async comeBack(callback: string): Promise<string> {
    const answer = await this.ask(this.http.get(callback, { maxRedirects: 0 }));
    const outcome = answer.headers().location;
    if (!outcome) throw new Error(`the callback was answered with ${answer.status()}: ${words(await answer.text())}`);
    return outcome;
  }

  /** Signs in and asserts that the connector works. */
  async verify(id: string): Promise<void> {
    const said = await this.get(await this.comeBack(await this.signIn(id)));
    // The outcome could not be written; the page says so after fifteen seconds.
    if (said.includes('Checking…')) throw new Interrupted('the sign-in has no end');
    if (!said.includes('The connector works')) throw new Error(`the sign-in ended as ${/<h1[^>]*>(.*?)<\/h1>/.exec(said)?.[1]}`);
  }

  /** Logs in at the provider and consents. Returns the address that leads back. */
  private async agreeAtProvider(authorize: string): Promise<string> {
    let answer = await this.http.get(authorize, { maxRedirects: 0 });
    for (let hops = 0; hops < 20; hops += 1) {
      const { location } = answer.headers();
      if (location) {
        const next = new URL(location, answer.url());
        if (next.pathname === '/api/connectors') return next.href;
        answer = await this.http.get(next.href, { maxRedirects: 0 });
      } else {
        answer = await this.http.post(answer.url(), { maxRedirects: 0, form: { answer: 'go', login: 'grace@contoso.test', password: 'whatever' } });
      }
    }
    throw new Error('the provider never came back');
  }

  /** The cookies in the form of a header. */
  async cookie(): Promise<string> {
    const { cookies } = await this.http.storageState();
    return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  dispose(): Promise<void> {
    return this.http.dispose();
  }
}
