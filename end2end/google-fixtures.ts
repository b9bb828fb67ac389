// The stand-in for Google as the fixtures of a test, with no program of ours. `google-stories.ts` adds the program and the
// browsers.

import { expect, test as base } from '@playwright/test';
import { keep } from './provider-fixtures.ts';
import { type Google, GoogleProcess } from './support/google.ts';

export { expect };
export type { Google };

interface Fixtures {
  /** The stand-in for Google, with its default settings. */
  google: Google;
}

interface Shared {
  googleProcess: GoogleProcess;
}

export const test = base.extend<Fixtures, Shared>({
  googleProcess: [async ({}, use) => {
    const process = await GoogleProcess.start();
    await use(process);
    await process.stop();
  }, { scope: 'worker' }],

  google: async ({ googleProcess }, use, info) => {
    const google = await googleProcess.forOneTest();
    await use(google);
    if (info.status !== info.expectedStatus) {
      await keep(info, 'google-events.txt', (await google.events()).map((event) => JSON.stringify(event)).join('\n'));
    }
  },
});
