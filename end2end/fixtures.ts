import { join } from 'node:path';
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page } from '@playwright/test';
import { keep, type Provider, test as base } from './provider-fixtures.ts';
import { App, type Installation } from './support/app.ts';
import { Watch } from './support/watch.ts';

export { expect };
export type { App, Page, Provider };

interface Fixtures {
  /** The program on its own empty database. */
  app: App;
  watch: Watch;
  /** Another browser, watched like the first; its user prefers English unless another language is named. */
  anotherBrowser: (locale?: string) => Promise<{ context: BrowserContext; page: Page; watch: Watch }>;
  expectStatus: (status: number, times?: number) => void;
  /** Asserts that axe finds nothing on this page, at AXE_LOOKS unless others are named. */
  expectNoAxeFindings: (page: Page, looks?: Look[]) => Promise<void>;
  /**
   * Looks at a state of a page: axe, once for each name in a worker, and pictures at 1440 and 390 px, light and dark, if
   * SCREENSHOTS names a folder. Overflow and broken words are for the stories `watch-*.spec.ts`. The page is the one of
   * the first browser unless another is given.
   */
  look: (name: string, on?: Page) => Promise<void>;
  /** A picture at the present width, if SCREENSHOTS names a folder. */
  picture: (name: string) => Promise<void>;
}

interface Options {
  /** The settings of this story's program that differ from the default. */
  installation: Installation;
}

interface Shared {
  /** The states of pages that axe has judged in this worker. */
  judged: Set<string>;
}

type Look = [width: number, colorScheme: 'light' | 'dark'];

/** Wide and narrow, light and dark. */
const LOOKS: Look[] = [[1440, 'light'], [1440, 'dark'], [390, 'light'], [390, 'dark']];

/** Two combinations that cover each width and each scheme once. */
export const AXE_LOOKS: Look[] = [[1280, 'light'], [360, 'dark']];

/** Runs axe. */
async function judge(page: Page, look: string): Promise<void> {
  await page.evaluate(() => Promise.allSettled(document.getAnimations().map((animation) => animation.finished)));
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']).analyze();
  expect(violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html) })), `${page.url()} ${look}`).toEqual([]);
}

/** A picture of the whole page from its top. Otherwise fixed elements would appear in its middle. */
async function photograph(page: Page, path: string): Promise<void> {
  await page.evaluate(() => { scrollTo(0, 0); });
  await page.screenshot({ path, fullPage: true });
}

async function inEach(looks: Look[], page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const before = page.viewportSize();
  for (const [width, colorScheme] of looks) {
    await page.setViewportSize({ width, height: 900 });
    // Without motion, because a colour in transition is neither of the two.
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await look(`${width}-${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
}

export const test = base.extend<Fixtures & Options, Shared>({
  installation: [{}, { option: true }],

  judged: [async ({}, use) => { await use(new Set()); }, { scope: 'worker' }],

  app: async ({ provider, installation }, use, info) => {
    const app = await App.start(provider.url, installation);
    await use(app);
    await app.stop();
    const log = app.logText();
    await app.remove();
    if (info.status !== info.expectedStatus) await keep(info, 'trace.log', log);
    expect(log, 'the program panicked').not.toContain('panicked at');
  },

  baseURL: async ({ app }, use) => { await use(app.url); },

  watch: async ({ context, app }, use) => {
    const watch = new Watch(context, app.url);
    await use(watch);
    await watch.conclude();
  },

  // Every page is watched.
  page: async ({ page, watch: _ }, use) => {
    await use(page);
    // A story may end while the page still loads something that the story changes on its way.
    await page.unrouteAll({ behavior: 'ignoreErrors' });
  },

  anotherBrowser: async ({ browser, app, javaScriptEnabled }, use) => {
    const opened: { context: BrowserContext; watch: Watch }[] = [];
    await use(async (locale = 'en-GB') => {
      const context = await browser.newContext({ baseURL: app.url, javaScriptEnabled, locale, timezoneId: 'UTC', reducedMotion: 'reduce' });
      const watch = new Watch(context, app.url);
      opened.push({ context, watch });
      return { context, page: await context.newPage(), watch };
    });
    for (const { context, watch } of opened) {
      await watch.conclude();
      await context.close();
    }
  },

  expectStatus: async ({ watch }, use) => {
    await use((status, times) => { watch.expectStatus(status, times); });
  },

  expectNoAxeFindings: async ({ javaScriptEnabled }, use) => {
    await use(async (page, looks = AXE_LOOKS) => {
      // axe runs in the page and never returns without scripts. The same pages are checked with scripts.
      if (javaScriptEnabled) await inEach(looks, page, (look) => judge(page, look));
    });
  },

  picture: async ({ page, javaScriptEnabled }, use) => {
    await use(async (name) => {
      const folder = process.env.SCREENSHOTS;
      const width = page.viewportSize()?.width;
      if (folder && javaScriptEnabled) await photograph(page, join(folder, `at-${width}-${name}.png`));
    });
  },

  look: async ({ page, expectNoAxeFindings, judged, javaScriptEnabled }, use) => {
    await use(async (name, on = page) => {
      if (!judged.has(name)) await expectNoAxeFindings(on);
      judged.add(name);
      const folder = process.env.SCREENSHOTS;
      if (!folder) return;
      await inEach(LOOKS, on, async (which) => {
        const file = `${name}-${which}${javaScriptEnabled ? '' : '-without-javascript'}.png`;
        await photograph(on, join(folder, file));
      });
    });
  },
});
