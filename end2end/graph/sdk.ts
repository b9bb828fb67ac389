// Microsoft's own client for Graph, as a program uses it, at another base URL.

import { Client, GraphError, type PageCollection, PageIterator } from '@microsoft/microsoft-graph-client';

/** A message, a folder, a contact or an attachment. */
export interface Item {
  id: string;
  displayName?: string;
  subject?: string;
  name?: string;
}

/**
 * A client whose only difference from one of Graph itself is the base URL. It sends the token only over https and only
 * to a host that it was told.
 * @param base Without the version.
 */
export function clientAt(base: string, token: string): Client {
  return Client.initWithMiddleware({
    baseUrl: base,
    customHosts: new Set([new URL(base).hostname]),
    authProvider: { getAccessToken: () => Promise.resolve(token) },
  });
}

/** Every item of a list, page by page, and the link of the next round of changes. */
export async function all(client: Client, path: string, headers: Record<string, string> = {}): Promise<{ items: Item[]; deltaLink: string | undefined }> {
  const items: Item[] = [];
  const first = (await client.api(path).headers(headers).get()) as PageCollection;
  const pages = new PageIterator(client, first, (item: Item) => items.push(item) > 0, { headers });
  await pages.iterate();
  if (!pages.isComplete()) throw new Error(`${path} has no end`);
  return { items, deltaLink: pages.getDeltaLink() };
}

/** The error with which a call is refused. */
export async function refusal(answer: Promise<unknown>): Promise<GraphError> {
  const error: unknown = await answer.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof GraphError)) throw new Error(`not refused by Graph: ${String(error)}`);
  return error;
}
