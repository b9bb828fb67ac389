// The stand-in for Google as a process, and what a test does with it.

import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import type { SentMessage } from '../provider/google/gmail.ts';
import type { Minted } from '../provider/google/issuer.ts';
import type { Counted, Used } from '../provider/google/meter.ts';
import type { Settings as AllSettings } from '../provider/google/settings.ts';
import type { FaultWish, WorldCall } from '../provider/google/world.ts';
import { type Client, eventsOf, launch, post, type Secret, secretsOf, StrictProcess } from './strict-process.ts';

/** The switches of provider/google/settings.ts. */
export type Settings = AllSettings;

/** The record of the stand-in: an independent witness of the application's requests. */
export interface Event {
  time: string;
  event: string;
  what?: 'authorize' | 'token' | 'revoke' | 'api' | 'lost';
  client_id?: string;
  error?: string;
  [field: string]: unknown;
}

/** The Python with the mailboxes. */
function python(): string {
  const path = process.env.MYWORLD;
  if (!path) throw new Error('MYWORLD is not set. It names the Python with the package myworld, which has the mailboxes of Gmail; `make test` sets it.');
  return path;
}

/** The stand-in's process, shared by the tests of one worker. */
export class GoogleProcess extends StrictProcess {
  private constructor(child: ChildProcess, url: string, private readonly defaults: Settings) {
    super(child, url);
  }

  static async start(): Promise<GoogleProcess> {
    const { child, line: { url = '' } } = await launch('google/main.ts', { MYWORLD: python() });
    const defaults = (await post(url, '/__control', {})) as Settings;
    return new GoogleProcess(child, url, defaults);
  }

  /** The stand-in as one test sees it: default settings, mailboxes as at first, and only its own events. */
  async forOneTest(): Promise<Google> {
    this.thaw();
    await post(this.url, '/__control', this.defaults);
    await post(this.url, '/__reset', {});
    return new Google(this, (await eventsOf(this.url)).length, (await secretsOf(this.url)).length);
  }
}

export class Google {
  readonly url: string;

  constructor(private readonly process: GoogleProcess, private readonly before: number, private readonly secretsBefore: number) {
    this.url = process.url;
  }

  freeze(): void {
    this.process.freeze();
  }

  thaw(): void {
    this.process.thaw();
  }

  async settings(): Promise<Settings> {
    return (await post(this.url, '/__control', {})) as Settings;
  }

  set(changes: Partial<Settings>): Promise<unknown> {
    return post(this.url, '/__control', changes);
  }

  /** Registers an OAuth client, with an ID and a secret in Google's form. */
  async addClient(redirectUri: string, secret = `GOCSPX-${randomBytes(21).toString('base64url')}`): Promise<Client> {
    const id = `${randomInt(1e11, 1e12)}-${randomBytes(16).toString('hex')}.apps.googleusercontent.com`;
    await this.register({ id, secret }, [redirectUri]);
    return { id, secret };
  }

  /** Registers an OAuth client once more, with these Redirect URIs. */
  register({ id, secret }: Client, redirectUris: string[]): Promise<unknown> {
    return post(this.url, '/__clients', { client_id: id, client_secret: secret, redirect_uris: redirectUris });
  }

  /** Issues a grant for each log-in, as if its owner had signed in. */
  async mint(client: Client, logins: string[], scopes: readonly string[]): Promise<Minted[]> {
    return (await post(this.url, '/__grants', { client_id: client.id, logins, scope: scopes.join(' ') })) as Minted[];
  }

  /** Removes every access to an account, as its owner does in the settings of the Google account. */
  removeAccess(login: string): Promise<unknown> {
    return post(this.url, '/__revoke', { login });
  }

  /** Forgets every grant and token. Clients and settings stay. */
  forgetGrants(): Promise<unknown> {
    return post(this.url, '/__forget', {});
  }

  /** Lets these mailboxes write to each other. */
  together(logins: string[]): Promise<unknown> {
    return post(this.url, '/__worlds', { logins });
  }

  /** Sets the faults of a mailbox, in place of those of before. */
  setFaults(login: string, faults: FaultWish[]): Promise<unknown> {
    return post(this.url, '/__faults', { login, faults });
  }

  /** A message arrives. Returns its id. */
  async deliver(login: string, message: { sender: string; subject: string; body: string; attachments?: object[] }): Promise<string> {
    const { result } = (await post(this.url, '/__act', { login, action: 'deliver_email', params: message })) as { result: string };
    return result;
  }

  /** What a mailbox has under Sent, the newest first. */
  async sent(login: string): Promise<SentMessage[]> {
    return (await post(this.url, '/__sent', { login })) as SentMessage[];
  }

  /** The calls of a mailbox that tried to send, by the list of myworld: also those that sent and whose answer says otherwise. */
  async sends(login: string): Promise<WorldCall[]> {
    return (await post(this.url, '/__sends', { login })) as WorldCall[];
  }

  /** The quota that a mailbox has used in this test, and its calls. */
  async meter(login: string): Promise<Used & { list: Counted[] }> {
    return (await post(this.url, '/__meter', { login })) as Used & { list: Counted[] };
  }

  /** Makes every sync token of a mailbox's contacts invalid, as after seven days. */
  expireSyncTokens(login: string): Promise<unknown> {
    return post(this.url, '/__expire', { login });
  }

  async events(): Promise<Event[]> {
    return (await eventsOf<Event>(this.url)).slice(this.before);
  }

  async requests(what: NonNullable<Event['what']>): Promise<Event[]> {
    return (await this.events()).filter((event) => event.what === what);
  }

  /** Every issued token, and every verifier that was sent. */
  async secrets(): Promise<Secret[]> {
    return (await secretsOf(this.url)).slice(this.secretsBefore);
  }
}
