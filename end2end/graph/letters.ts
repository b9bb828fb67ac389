// Calls that write drafts and send, at the stand-in for Graph.

import type { Provider } from '../provider-fixtures.ts';
import type { Delivery } from '../provider/graph/deliveries.ts';
import { type Answered, Graph, IMMUTABLE, read } from './calls.ts';

export const SENDING = 'openid profile offline_access User.Read Mail.ReadWrite Mail.Send';

/** Sends JSON, or a text as it is. */
export async function post(graph: Graph, target: string, body?: object | string, headers: Record<string, string> = {}, method = 'POST'): Promise<Answered> {
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': typeof body === 'string' ? 'text/plain' : 'application/json' };
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  return read(await graph.request(target, { method, headers: { ...type, ...headers }, ...(text !== undefined && { body: text }) }));
}

/** A mailbox whose mail leaves at once and is in Sent Items at once. */
export async function openSender(provider: Provider, scopes = SENDING): Promise<Graph> {
  await provider.set({ draftSeconds: 0, goneSeconds: 0 });
  return Graph.open(provider, scopes);
}

export const to = (...addresses: string[]): object[] => addresses.map((address) => ({ emailAddress: { address } }));

/** A message to these addresses. */
export const mail = (subject: string, addresses: string[], more: object = {}): object => ({
  subject, body: { contentType: 'html', content: '<html><body><p>Hello</p></body></html>' }, toRecipients: to(...addresses), ...more,
});

/** Lines of MIME in base64, as Graph takes them. */
export const mime = (...lines: string[]): string => Buffer.from(lines.join('\r\n')).toString('base64');

/** Creates a draft. @returns Its path, by its immutable id, and the answer. */
export async function draft(graph: Graph, message: object | string, target = '/me/messages'): Promise<{ path: string; id: string; answer: Answered }> {
  const answer = await post(graph, target, message, IMMUTABLE);
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
  const id = String(answer.body.id);
  return { path: `/me/messages/${encodeURIComponent(id)}`, id, answer };
}

/** Waits until everything of the mailbox has left and is in Sent Items. @returns What it has sent. */
export async function settle(graph: Graph): Promise<Delivery[]> {
  return (await graph.provider.sent({ login: graph.login, wait: true })).deliveries;
}

/** A header of a message, in one line each. */
export async function headers(graph: Graph, path: string, name: string): Promise<string[]> {
  const { body } = await graph.get(`${path}?$select=internetMessageHeaders`, IMMUTABLE);
  const all = body.internetMessageHeaders as { name: string; value: string }[];
  return all.filter((header) => header.name.toLowerCase() === name.toLowerCase()).map(({ value }) => value);
}

/** The newest message of a folder with this subject. */
export async function newest(graph: Graph, folder: string, subject: string): Promise<Record<string, unknown> | undefined> {
  const query = new URLSearchParams({ $filter: `subject eq '${subject}'` });
  const { body } = await graph.get(`/me/mailFolders/${folder}/messages?${query.toString()}`, IMMUTABLE);
  return body.value?.[0];
}

export const pathOf = (message: Record<string, unknown> | undefined): string => `/me/messages/${encodeURIComponent(String(message?.id))}`;
