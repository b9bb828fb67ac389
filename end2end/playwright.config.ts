import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { defineConfig } from '@playwright/test';

/** The browser of the machine. Playwright's own download is not available with package registries alone. */
function chromium(): string {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  const folders = ['/usr/bin', '/usr/local/bin', ...(process.env.PATH ?? '').split(delimiter)];
  for (const name of ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']) {
    for (const folder of folders) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not installed; try the next one.
      }
    }
  }
  throw new Error('No Chromium was found. Install one (Debian: apt-get install chromium) or name it in CHROMIUM.');
}

const JSON_FILE = process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? process.env.PLAYWRIGHT_JSON_OUTPUT_NAME;

export default defineConfig({
  testDir: 'stories',
  outputDir: process.env.PLAYWRIGHT_OUTPUT_DIR ?? 'test-results',
  fullyParallel: true,
  forbidOnly: !!process.env.CI,
  // A story that passes at the second try counts as failed.
  retries: 0,
  workers: 2,
  timeout: 300_000,
  // Long, for a busy machine: a story does not measure time.
  expect: { timeout: 30_000 },
  reporter: JSON_FILE ? [['list'], ['json', { outputFile: JSON_FILE }]] : [['list']],
  use: {
    locale: 'en-GB',
    timezoneId: 'UTC',
    // Recording every story costs much of the browser's CPU. TRACE=yes records, and keeps the trace of a story that fails.
    trace: process.env.TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    viewport: { width: 1280, height: 800 },
    // Between two pages the browser draws a transition, without a GPU a costly one. `first-time.spec.ts` has them on.
    contextOptions: { reducedMotion: 'reduce' },
    launchOptions: {
      executablePath: chromium(),
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
        '--disable-background-networking', '--disable-component-update', '--disable-sync',
        // Without a GPU there is nothing to do for a GPU process and its software renderer.
        '--in-process-gpu', '--disable-software-rasterizer',
      ],
    },
  },
  projects: [
    { name: 'chromium' },
    // Stories of flows in which a form without scripts differs. docs/tests.md has the rule.
    { name: 'chromium without JavaScript', grep: /@plain/, use: { javaScriptEnabled: false } },
    // The stand-in for Graph alone: no browser and no program of ours.
    { name: 'graph', testDir: 'graph' },
    // The stand-in for Google alone.
    { name: 'google', testDir: 'google' },
    // Our program and a stand-in, and programs as companies have them in place of a browser.
    { name: 'api', testDir: 'api' },
  ],
});
