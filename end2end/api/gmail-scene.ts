// The API with a real process over real sockets, and a connected mailbox of the stand-in for Google.

import { randomUUID } from 'node:crypto';
import { test as base } from '../google-stories.ts';
import { PERMISSIONS } from '../google-steps.ts';
import { GMAIL } from '../soak/administrator.ts';
import { type Connected, connectTo } from './scene.ts';

export { expect } from './scene.ts';

interface Fixtures {
  /** The number of messages that the mailbox has at first. */
  messages: number;
  /** The permissions of the connector. */
  scopes: readonly string[];
  /** A mailbox that no other test has. */
  gmail: Connected;
}

export const test = base.extend<Fixtures>({
  messages: [40, { option: true }],
  scopes: [PERMISSIONS, { option: true }],

  gmail: async ({ app, google, messages, scopes }, use) => {
    await google.set({ messages });
    // Characters that break if a form is not encoded.
    const client = await google.addClient(app.redirectUri, `GOCSPX-not-a-real-secret~${randomUUID()}+/=&%`);
    const connected = await connectTo(app, { client, permissions: scopes, kind: GMAIL }, `owner-${randomUUID()}@contoso.test`);
    await use(connected);
    await connected.administrator.dispose();
  },
});
