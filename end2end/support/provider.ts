import type { ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import type { ContactAction, ContactDone } from '../provider/graph/contact-control.ts';
import type { GateWish } from '../provider/graph/gate.ts';
import type { Sent, SentWish } from '../provider/graph/sent-control.ts';
import type { Load } from '../provider/graph/throttle.ts';
import type { Action, Done } from '../provider/graph/control.ts';
import { type Client, eventsOf, launch, post, type Secret, secretsOf, StrictProcess } from './strict-process.ts';

export type { Client, Secret };

/** The switches of provider/settings.mjs. */
export interface Settings {
  atTtl: number;
  codeTtl: number;
  scope: 'own' | 'short' | 'long' | 'absent' | 'missing-required' | 'missing-optional';
  iss: boolean;
  refreshToken: boolean;
  reuse: 'revoke' | 'allow';
  expiresIn: boolean;
  padding: number;
  approvalReturns: boolean;
  mailbox: boolean;
  newestMessage: string;
  messages: number;
  language: 'en' | 'de';
  refuseOrderedCategories: boolean;
  maxBodies: number;
  lowercaseInnerError: boolean;
  unknownParameters: 'refuse' | 'ignore';
  staleSearch: boolean;
  finalContent: 'invalid' | 'denied' | 'changed';
  conflictSeconds: number;
  conflictShare: number;
  conflictStatus: 409 | 412;
  folderExistsStatus: 409 | 400;
  permanentDelete: boolean;
  deletedGoTo: 'deleteditems' | 'recoverableitemsdeletions';
  lostReturns: boolean;
  aliases: number;
  sendAs: 'replace' | 'refuse';
  messageIds: 'kept' | 'kept-in-new' | 'replaced';
  draftSeconds: number;
  goneSeconds: number;
  sendSeed: string;
  unknownRecipients: 'nothing' | 'bounce';
  deliveryLog: string;
  submissionQuota: boolean;
  sendsPerMinute: number;
  maxMessageBytes: number;
  leastUploadBytes: number;
  uploadSeconds: number;
  uploadPieces: 'multiples' | 'any';
  uploadUrl: string;
  contentFolder: string;
  contacts: number;
  redirectFirst: boolean;
  stateOnError: boolean;
  mail: boolean;
  tokenDelay: number;
  answerDelay: number;
  /** The name of a fault in provider/faults.mjs. */
  fault: string;
  faultAt: 'token' | 'me';
  authorizeError: string;
  authorizeCode: number;
}

/** The record of the provider: an independent witness of the application's requests. */
export interface Event {
  time: string;
  event: string;
  what?: 'authorize' | 'approval' | 'token' | 'me' | 'mailbox' | 'upload' | 'lost';
  tenant?: string;
  client_id?: string;
  error?: string;
  [field: string]: unknown;
}

/** A grant that the provider issued without a sign-in. */
export interface Minted {
  login: string;
  tid: string;
  oid: string;
  refresh_token: string;
}

/** The provider's process, shared by the tests of one worker. */
export class ProviderProcess extends StrictProcess {
  private constructor(child: ChildProcess, url: string, readonly secondUrl: string, private readonly defaults: Settings) {
    super(child, url);
  }

  static async start(): Promise<ProviderProcess> {
    const { child, line: { url = '', second_url: secondUrl = '' } } = await launch('main.mjs');
    const defaults = (await post(url, '/__control', {})) as Settings;
    return new ProviderProcess(child, url, secondUrl, defaults);
  }

  /** The provider as one test sees it: default settings, and only its own events. */
  async forOneTest(): Promise<Provider> {
    this.thaw();
    await post(this.url, '/__control', this.defaults);
    await post(this.url, '/__gate', { reset: true });
    return new Provider(this, (await eventsOf(this.url)).length, (await secretsOf(this.url)).length);
  }
}

export class Provider {
  readonly url: string;
  readonly secondUrl: string;

  constructor(private readonly process: ProviderProcess, private readonly before: number, private readonly secretsBefore: number) {
    this.url = process.url;
    this.secondUrl = process.secondUrl;
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

  /** Registers an application. Its secret contains characters that break if a form is not encoded. */
  async addClient(redirectUri: string, secret = `not-a-real-secret~${randomBytes(9).toString('hex')}+/=&%`): Promise<Client> {
    const id = randomUUID();
    await this.register({ id, secret }, [redirectUri]);
    return { id, secret };
  }

  /** Registers an application once more, with these Redirect URIs. */
  register({ id, secret }: Client, redirectUris: string[]): Promise<unknown> {
    return post(this.url, '/__clients', { client_id: id, client_secret: secret, redirect_uris: redirectUris });
  }

  /** Issues a grant for each login, as if its owner had signed in at this tenant. */
  async mint(client: Client, logins: string[], tenant = 'common', scope = 'openid profile offline_access User.Read'): Promise<Minted[]> {
    return (await post(this.url, '/__grants', { client_id: client.id, logins, tenant, scope })) as Minted[];
  }

  /** Forgets every grant and token. Applications and settings stay. */
  forgetGrants(): Promise<unknown> {
    return post(this.url, '/__forget', {});
  }

  addTenant(segment: string): Promise<unknown> {
    return post(this.url, '/__tenants', { segment });
  }

  /** Does something to the contacts of a mailbox, as its owner does in Outlook. */
  async changeContacts(login: string, actions: ContactAction[]): Promise<ContactDone[]> {
    return (await post(this.url, '/__contacts', { login, actions })) as ContactDone[];
  }

  /** Sets limits and faults of Graph, and says what each mailbox has had in this test. */
  async gate(wish: GateWish = {}): Promise<Record<string, Load>> {
    return (await post(this.url, '/__gate', wish)) as Record<string, Load>;
  }

  /** What mailboxes have sent, by the stand-in's own record. */
  async sent(wish: SentWish = {}): Promise<Sent> {
    return (await post(this.url, '/__sent', wish)) as Sent;
  }

  async events(): Promise<Event[]> {
    return (await eventsOf<Event>(this.url)).slice(this.before);
  }

  async requests(what: NonNullable<Event['what']>): Promise<Event[]> {
    return (await this.events()).filter((event) => event.what === what);
  }

  /** Does something to a mailbox, as its owner does in a mail program. One result for each message or folder. */
  async changeMailbox(login: string, actions: Action[]): Promise<Done[]> {
    return (await post(this.url, '/__mailbox', { login, actions })) as Done[];
  }

  /** Requests that exchange a code. */
  async exchanges(): Promise<Event[]> {
    return (await this.requests('token')).filter((event) => event.grant_type === 'authorization_code');
  }

  /** Every issued token, and every verifier that was sent. */
  async secrets(): Promise<Secret[]> {
    return (await secretsOf(this.url)).slice(this.secretsBefore);
  }

  /** Every response of the token endpoint, good or bad. */
  async grants(): Promise<Event[]> {
    return (await this.events()).filter((event) => event.event.startsWith('grant.'));
  }
}
