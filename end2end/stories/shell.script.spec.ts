// What scripts add around every page: menus that close, and one status for all buttons that copy.

import { expect, test } from '../fixtures.ts';
import { expectHydrated, setUp } from '../steps.ts';
import { CONNECTORS, LOG_IN } from '../words.ts';

test('b10 the menu of the user closes on Escape and on a click elsewhere', async ({ page, app }) => {
  const person = await setUp(page, app);
  await expectHydrated(page);
  const summary = page.getByRole('banner').locator('summary');
  const button = page.getByRole('button', { name: LOG_IN.out });
  await summary.click();
  await expect(button).toBeVisible();
  await page.getByRole('banner').getByText(person.email).click();
  await expect(button, 'a click inside closed it').toBeVisible();
  await page.getByRole('heading', { level: 1 }).click();
  await expect(button).toBeHidden();
  await summary.click();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Profile' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(button).toBeHidden();
  await expect(summary, 'the focus is lost').toBeFocused();
});

test('b10 the menu of a narrow screen closes on Escape', async ({ page, app }) => {
  await setUp(page, app);
  await page.setViewportSize({ width: 360, height: 740 });
  await expectHydrated(page);
  const main = page.getByRole('navigation', { name: 'Main' });
  await main.locator('summary').click();
  const entry = main.getByRole('link', { name: CONNECTORS.heading, exact: true });
  await expect(entry).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(entry).toBeHidden();
});

test('b22 a button that copies says so in one status at the end of the page', async ({ page, app, context }) => {
  await setUp(page, app);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await expectHydrated(page);
  const status = page.locator('#copy-status');
  await expect(status).toBeEmpty();
  await page.getByRole('button', { name: `Copy the ${CONNECTORS.redirectUri}` }).click();
  await expect(status).toHaveText(`Copied the ${CONNECTORS.redirectUri}`);
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(app.redirectUri);
  await expect(status).toBeEmpty();
});
