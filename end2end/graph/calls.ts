// Calls of Graph at the stand-in, with the token of a new mailbox, and no program of ours between.

import { randomUUID } from 'node:crypto';
import type { Provider } from '../provider-fixtures.ts';

export const READING = 'openid profile offline_access User.Read Mail.Read Contacts.Read';

/** Changes everything that the stand-in lets a program change. */
export const WRITING = 'openid profile offline_access User.Read Mail.ReadWrite Contacts.ReadWrite MailboxSettings.ReadWrite';

/** An item, a list of items, or an error. */
export interface Body {
  id?: string;
  value?: Record<string, unknown>[];
  error?: { code: string; message: string; innerError?: Record<string, string> };
  responses?: { id: string; status: number; headers: Record<string, string>; body?: unknown }[];
  '@odata.nextLink'?: string;
  '@odata.deltaLink'?: string;
  '@odata.count'?: number;
  [property: string]: unknown;
}

export interface Answered {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** Empty if the body is not JSON. */
  body: Body;
}

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal;
  redirect?: 'manual';
}

/** Prefers ids that survive a move. */
export const IMMUTABLE = { prefer: 'IdType="ImmutableId"' };

export class Graph {
  readonly provider: Provider;
  readonly login: string;
  readonly token: string;

  private constructor(provider: Provider, login: string, token: string) {
    this.provider = provider;
    this.login = login;
    this.token = token;
  }

  /** A token for a mailbox that no other test has. The tenant `consumers` has personal accounts. */
  static async open(provider: Provider, scopes = READING, tenant = 'common'): Promise<Graph> {
    const login = `owner-${randomUUID()}@contoso.test`;
    const client = await provider.addClient('http://localhost:3000/api/connectors');
    const [grant] = await provider.mint(client, [login], tenant, scopes);
    if (!grant) throw new Error('no grant');
    const form = new URLSearchParams({
      grant_type: 'refresh_token', client_id: client.id, client_secret: client.secret, refresh_token: grant.refresh_token,
    });
    const answer = await fetch(`${provider.url}/${grant.tid}/oauth2/v2.0/token`, { method: 'POST', body: form });
    const { access_token: token } = (await answer.json()) as { access_token: string };
    return new Graph(provider, login, token);
  }

  /** @param target A path and query below the version, or a whole link of an answer. */
  request(target: string, sent: Sent = {}): Promise<Response> {
    const url = target.startsWith('http') ? target : `${this.provider.url}/v1.0${target}`;
    return fetch(url, { ...sent, headers: { authorization: `Bearer ${this.token}`, ...sent.headers } });
  }

  async get(target: string, headers: Record<string, string> = {}): Promise<Answered> {
    return read(await this.request(target, { headers }));
  }

  /** Sends a writing call, with a body in JSON if there is one. */
  async write(method: string, target: string, body?: object, headers: Record<string, string> = {}): Promise<Answered> {
    const sent: Sent = body === undefined ? { method, headers } : { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
    return read(await this.request(target, sent));
  }

  async batch(requests: object[]): Promise<Answered> {
    const headers = { 'content-type': 'application/json' };
    return read(await this.request('/$batch', { method: 'POST', headers, body: JSON.stringify({ requests }) }));
  }

  /** Every page of a list, and the link of the next round if it is a list of changes. */
  async pages(target: string, headers: Record<string, string> = {}): Promise<{ pages: Record<string, unknown>[][]; deltaLink: string }> {
    const pages: Record<string, unknown>[][] = [];
    for (let link: string | undefined = target; link !== undefined;) {
      const { body } = await this.get(link, headers);
      if (!body.value) throw new Error(`${link}: ${JSON.stringify(body)}`);
      pages.push(body.value);
      link = body['@odata.nextLink'];
      if (body['@odata.deltaLink']) return { pages, deltaLink: body['@odata.deltaLink'] };
    }
    return { pages, deltaLink: '' };
  }

  /** The id of the newest message with this subject. */
  async messageId(subject: string): Promise<string> {
    const { body } = await this.get(`/me/messages?${new URLSearchParams({ $filter: `subject eq '${subject}'`, $select: 'id' }).toString()}`);
    const id = body.value?.[0]?.id;
    if (typeof id !== 'string') throw new Error(`no message has the subject ${subject}`);
    return encodeURIComponent(id);
  }
}

export async function read(answer: Response): Promise<Answered> {
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString();
  const isJson = answer.headers.get('content-type')?.includes('json') ?? false;
  return { status: answer.status, headers: answer.headers, bytes, text, body: isJson ? (JSON.parse(text) as Body) : {} };
}
