// The fixtures of the stories of Gmail: the program and the browsers, and the stand-in for Google in place of Microsoft's.

import { mergeTests } from '@playwright/test';
import { test as stories } from './fixtures.ts';
import { type Google, test as google } from './google-fixtures.ts';

export { expect } from './google-fixtures.ts';
export type { Google };

export const test = mergeTests(stories, google).extend({
  installation: async ({ google: provider }, use) => { await use({ google: provider.url }); },
});
