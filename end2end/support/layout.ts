// How a page looks at a width and a font size: what is broken, cut or hidden. The checks run in the page.

import { type CDPSession, expect, type Page } from '@playwright/test';

/** From a narrow telephone to a wide screen. 320 px is also what 1280 px are at 400 % zoom (WCAG 2.2, 1.4.10). */
export const WIDTHS = [320, 360, 768, 960, 1024, 1200, 1280, 1440, 1920];

/** For a further state of a page that is looked at in all of WIDTHS: a telephone, a tablet and a screen. */
export const FEW_WIDTHS = [320, 768, 1280];

/** The browser's default font size, and the larger one that many users choose. */
const FONT_SIZES = [16, 20];

/** Twice the default font size (WCAG 2.2, 1.4.4). */
const LARGE = 32;

/** Longer texts without a blank may break inside: addresses, ids, and the longest names. */
const LONGEST_WHOLE = 20;

const sessions = new WeakMap<Page, CDPSession>();
/** The font size that was set last. */
const fontSizes = new WeakMap<Page, number>();

/** Sets the browser's default font size, as its settings do. A style of the root would not change media queries. */
async function setFontSize(page: Page, standard: number): Promise<void> {
  if (fontSizes.get(page) === standard) return;
  const devTools = sessions.get(page) ?? (await page.context().newCDPSession(page));
  sessions.set(page, devTools);
  await devTools.send('Page.setFontSizes', { fontSizes: { standard, fixed: Math.round((standard * 13) / 16) } });
  fontSizes.set(page, standard);
}

/** What is wrong with the layout at this moment, in words. `mayBreakCode`: an address in `code` may be wider than its box. */
function findProblems(page: Page, fontSize: number, mayBreakCode: boolean): Promise<string[]> {
  return page.evaluate(({ longest, fontSize, mayBreakCode }) => {
    const problems: string[] = [];
    const where = (element: Element) => element.outerHTML.slice(0, 120);
    const isShown = (element: Element) => {
      if (!element.checkVisibility({ visibilityProperty: true })) return false;
      // Texts for screen readers are in a box of one pixel. The wrapper of an island has no box, and hides nothing.
      for (let at: Element | null = element; at; at = at.parentElement) {
        if (at.getBoundingClientRect().width <= 1 && getComputedStyle(at).display !== 'contents') return false;
      }
      return true;
    };

    const root = document.documentElement;
    const ofRoot = getComputedStyle(root).fontSize;
    if (ofRoot !== `${fontSize}px`) problems.push(`the font size of the root is ${ofRoot} and does not follow that of the browser`);
    if (root.scrollWidth > root.clientWidth) problems.push(`the page is ${root.scrollWidth - root.clientWidth} px wider than the window`);

    const NO_WORDS = 'script, style, svg, textarea, select, code:has(mark)';
    const range = document.createRange();
    const countLines = (text: Text, from: number, to: number) => {
      range.setStart(text, from);
      range.setEnd(text, to);
      const tops = [...range.getClientRects()].filter(({ width }) => width > 0).map(({ top }) => Math.round(top));
      return new Set(tops).size;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode() as Text | null; text; text = texts.nextNode() as Text | null) {
      const parent = text.parentElement;
      if (!parent || parent.closest(mayBreakCode ? `${NO_WORDS}, code` : NO_WORDS) || countLines(text, 0, text.length) < 2 || !isShown(parent)) continue;
      for (const { 0: token, index: start } of text.data.matchAll(/\S+/g)) {
        if (token.length > longest) continue;
        // Between two words of one token, as in `Read/write`, a line may end.
        for (const { 0: word, index } of token.matchAll(/[\p{L}\p{M}\p{N}’]+/gu)) {
          const from = start + index;
          if (countLines(text, from, from + word.length) > 1) problems.push(`the word "${word}" is broken: ${where(parent)}`);
        }
      }
    }

    for (const cell of document.body.querySelectorAll('th, td')) {
      if (cell.scrollWidth > cell.clientWidth + 1 && isShown(cell)) problems.push(`a cell reaches into the next one: ${where(cell)}`);
    }

    for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
      if (element.scrollWidth <= element.clientWidth + 1 || element.matches('input, textarea, select')) continue;
      if (!/auto|scroll/.test(getComputedStyle(element).overflowX) || !isShown(element)) continue;
      const isNamed = element.hasAttribute('aria-label') || element.hasAttribute('aria-labelledby');
      if (element.tabIndex < 0 || !isNamed) problems.push(`its content is cut, and the keyboard does not reach it: ${where(element)}`);
    }
    return problems;
  }, { longest: LONGEST_WHOLE, fontSize, mayBreakCode });
}

/** Asserts that nothing is broken or cut at each of these widths, with both font sizes. `picture` is called at each width. */
export async function expectSoundLayout(
  page: Page, name: string, picture: (name: string) => Promise<void>, widths: readonly number[] = WIDTHS,
): Promise<void> {
  const before = page.viewportSize();
  const found: string[] = [];
  for (const [at, width] of widths.entries()) {
    await page.setViewportSize({ width, height: 720 });
    // The last font size comes first at the next width, because a change of it costs more than a look.
    for (const size of at % 2 === 0 ? FONT_SIZES : [...FONT_SIZES].reverse()) {
      await setFontSize(page, size);
      // Only here the longest part of a Redirect URI, host and port, is wider than its box.
      const mayBreakCode = width === WIDTHS[0] && size === FONT_SIZES.at(-1);
      for (const problem of await findProblems(page, size, mayBreakCode)) found.push(`${width} px, font of ${size} px: ${problem}`);
      if (size === FONT_SIZES[0]) await picture(name);
    }
  }
  await setFontSize(page, FONT_SIZES[0] ?? 16);
  if (before) await page.setViewportSize(before);
  // Softly, so that one run names all pages.
  expect.soft(found, name).toEqual([]);
}

/** Asserts that text of twice the usual size does not make a narrow window scroll sideways. */
export async function expectRoomForLargeText(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: WIDTHS[0] ?? 320, height: 720 });
  await setFontSize(page, LARGE);
  const [size, excess] = await page.evaluate(() => {
    const root = document.documentElement;
    return [getComputedStyle(root).fontSize, root.scrollWidth - root.clientWidth] as const;
  });
  expect.soft([size, excess], `${name} with large text`).toEqual([`${LARGE}px`, 0]);
  await setFontSize(page, FONT_SIZES[0] ?? 16);
  if (before) await page.setViewportSize(before);
}

/** Asserts that the page has, on paper, nothing that can only be clicked. */
export async function expectPrintable(page: Page): Promise<void> {
  await page.emulateMedia({ media: 'print' });
  for (const role of ['banner', 'button', 'navigation', 'searchbox'] as const) await expect(page.getByRole(role)).toHaveCount(0);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.emulateMedia({ media: null });
}
