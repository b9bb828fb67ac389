// Microsoft's own client as the judge of the stand-in, with no change but the base URL. It sends the token only over https
// and only to a host that it was told, so there is a front with TLS.

import type { Client } from '@microsoft/microsoft-graph-client';
import { expect, test as base } from '../provider-fixtures.ts';
import { TlsFront } from '../support/tls.ts';
import { Graph, READING } from './calls.ts';
import { clientAt } from './sdk.ts';

export { expect };

interface Fixtures {
  /** The permissions of the token. */
  scopes: string;
  /** The same mailbox without the client. */
  graph: Graph;
  client: Client;
}

export const test = base.extend<Fixtures, { front: TlsFront }>({
  // One front for a worker: its certificate takes a moment.
  front: [async ({ providerProcess }, use) => {
    const front = await TlsFront.start(providerProcess.url);
    await use(front);
    await front.stop();
  }, { scope: 'worker' }],

  scopes: [READING, { option: true }],

  graph: async ({ provider, scopes }, use) => { await use(await Graph.open(provider, scopes)); },

  client: async ({ front, graph }, use) => { await use(clientAt(front.url, graph.token)); },
});
