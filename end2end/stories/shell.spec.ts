// What is around every page: the left pane, which is a menu on a narrow screen, and what is left of a page on paper.

import { expect, test } from '../fixtures.ts';
import { connectorAt, setUp } from '../steps.ts';
import { CONNECTORS, PEOPLE } from '../words.ts';

test('b11 on a narrow screen one menu names the place and opens the entries of the pane', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.goto('/connectors');
  const main = page.getByRole('navigation', { name: 'Main' });
  const people = main.getByRole('link', { name: PEOPLE.heading });
  await expect(people).toBeHidden();
  await expect(main.locator('summary')).toContainText(CONNECTORS.heading);
  await main.locator('summary').click();
  await expect(people).toBeVisible();
  await people.click();
  await expect(page.getByRole('heading', { level: 1, name: PEOPLE.heading })).toBeVisible();
  await expect(people).toBeHidden();
  await expect(main.locator('summary')).toContainText(PEOPLE.heading);
  // From 768 px the same list is the pane.
  await page.setViewportSize({ width: 768, height: 740 });
  await expect(people).toBeVisible();
  await expect(main.locator('summary')).toBeHidden();
  await look('people-from-the-menu');
});

test('a page that does not exist keeps the pane and the menu of the user', async ({ page, app, expectStatus, look }) => {
  await setUp(page, app);
  expectStatus(404);
  await page.goto('/nothing-here');
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
  await look('nothing-there');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: CONNECTORS.heading, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
});

test('b17 on paper a connector has its settings, and nothing to click', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { client } = await connectorAt(page, app, provider);
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
  const content = page.getByRole('main');
  await expect(content.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(content.getByText(client.id).first()).toBeVisible();
  for (const role of ['button', 'navigation', 'banner', 'searchbox'] as const) await expect(page.getByRole(role)).toHaveCount(0);
  await expect(page.getByRole('link', { name: 'Skip to the content' })).toHaveCount(0);
  // Dark ink on white paper, in the dark scheme too.
  const ink = await content.evaluate((element) => getComputedStyle(element).color);
  const lightness = Number(/oklch\(([0-9.]+)/.exec(ink)?.[1] ?? 1);
  expect(lightness, ink).toBeLessThan(0.5);
});
