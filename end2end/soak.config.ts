import { defineConfig } from '@playwright/test';

/** What `make soak` runs: one after the other, for each wants the machine to itself. */
export default defineConfig({
  testDir: 'soak',
  outputDir: 'test-results',
  workers: 1,
  retries: 0,
  timeout: 600_000,
  reporter: [['list']],
});
