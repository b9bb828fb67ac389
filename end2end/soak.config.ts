import { defineConfig } from '@playwright/test';

/** The tests of `make soak` run one after the other, because each needs the whole machine. */
export default defineConfig({
  testDir: 'soak',
  outputDir: 'test-results',
  workers: 1,
  retries: 0,
  // The long load takes four thirds of that, plus the time before and after.
  timeout: 600_000 + 1500 * Number(process.env.SOAK_SECONDS ?? 0),
  reporter: [['list']],
});
