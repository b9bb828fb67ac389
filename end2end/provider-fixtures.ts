// The OAuth provider and the stand-in for Graph as the fixtures of a test, with no program of ours. The stories add the
// program and the browsers in `fixtures.ts`.

import { writeFile } from 'node:fs/promises';
import { expect, type TestInfo, test as base } from '@playwright/test';
import { Provider, ProviderProcess } from './support/provider.ts';

export { expect };
export type { Provider };

/** Saves a text of a failed story beside its trace; in the report it would hide the end. */
export async function keep(info: TestInfo, name: string, text: string): Promise<void> {
  const path = info.outputPath(name);
  await writeFile(path, text);
  await info.attach(name, { path, contentType: 'text/plain' });
}

interface Fixtures {
  /** The OAuth provider, with its default settings. */
  provider: Provider;
}

interface Shared {
  providerProcess: ProviderProcess;
}

export const test = base.extend<Fixtures, Shared>({
  providerProcess: [async ({}, use) => {
    const process = await ProviderProcess.start();
    await use(process);
    await process.stop();
  }, { scope: 'worker' }],

  provider: async ({ providerProcess }, use, info) => {
    const provider = await providerProcess.forOneTest();
    await use(provider);
    if (info.status !== info.expectedStatus) {
      const events = (await provider.events()).map((event) => JSON.stringify(event)).join('\n');
      await keep(info, 'provider-events.txt', events);
    }
  },
});
