// The list of connectors shows its rows under the worst notice, and its pane marks one entry in forced colours.

import { expect, test } from '../fixtures.ts';
import { addDirectly, logIn, setUp, signInDirectly } from '../steps.ts';

const DAY = 24 * 60 * 60;

/** Names, days until the secret expires, and whether a sign-in is tried. */
const CONNECTORS: [name: string, days: number, isTried: boolean][] = [
  ['Mail archive', 700, true], ['Invoices inbox', 400, true], ['Support desk', 11, true],
  ['Contacts sync', 10, false], ['Calendar of rooms', 40, false], ['Newsletter', 60, false],
];

test.describe('with a moving clock', () => {
  test.use({ installation: { movable: true } });

  test('on a small screen at least three rows of the list are visible, with secrets that have expired', async ({ page, app, provider, look }) => {
    const person = await setUp(page, app);
    const day = (days: number) => new Date(app.now() + 1000 * DAY * days).toISOString().slice(0, 10);
    for (const [name, days, isTried] of CONNECTORS) {
      const client = await provider.addClient(app.redirectUri);
      const secret = name === 'Invoices inbox' ? 'not-a-real-secret~another' : client.secret;
      const path = await addDirectly(page, app, { name, client: { ...client, secret }, expires: day(days) });
      if (isTried) await signInDirectly(page, app, path);
    }
    app.advance(12 * DAY);
    await logIn(page, person);
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.goto('/connectors');
    await expect(page.getByRole('main').getByText(/2 client secrets have expired/)).toBeVisible();
    // Without the row of the headings.
    const rows = page.getByRole('row').filter({ has: page.getByRole('link') });
    await expect(rows).toHaveCount(CONNECTORS.length);
    const boxes = await Promise.all((await rows.all()).map((row) => row.boundingBox()));
    const visible = boxes.filter((box) => box && box.y >= 0 && box.y + box.height <= 720);
    expect(visible.length, JSON.stringify(boxes)).toBeGreaterThanOrEqual(3);
    await look('connectors-every-state');
  });
});

test('in forced colours the pane marks the entry of the page and no other', async ({ page, app }) => {
  await setUp(page, app);
  await page.emulateMedia({ forcedColors: 'active' });
  const marked = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').evaluateAll((links) => {
    const canvas = getComputedStyle(document.documentElement).backgroundColor;
    const sides = ['top', 'right', 'bottom', 'left'];
    return links.filter((link) => {
      const style = getComputedStyle(link);
      // A transparent border is drawn in forced colours.
      return sides.some((side) => parseFloat(style.getPropertyValue(`border-${side}-width`)) > 0
        && style.getPropertyValue(`border-${side}-color`) !== canvas);
    }).map((link) => link.getAttribute('aria-current') ?? link.textContent);
  });
  expect(marked).toEqual(['true']);
});
