import { defineConfig } from '@playwright/test';

/** What `make soak` runs: one after the other, for each wants the machine to itself. */
export default defineConfig({
  testDir: 'soak',
  outputDir: 'test-results',
  workers: 1,
  retries: 0,
  // The load that lasts takes four thirds of that, and what comes before and after.
  timeout: 600_000 + 1500 * Number(process.env.SOAK_SECONDS ?? 0),
  reporter: [['list']],
});
