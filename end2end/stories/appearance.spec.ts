// Settings > Appearance to users: what only a browser shows, a form with a file and the picture that it leaves.

import { expect, test } from '../fixtures.ts';
import { setUp } from '../steps.ts';
import { APPEARANCE } from '../words.ts';

/** A picture of one pixel. */
const LOGO = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGPQyq4BAAHUARJ6EBY1AAAAAElFTkSuQmCC', 'base64');

test('an administrator chooses the name and the logo that people without a user see', async ({ page, app, expectStatus, look }) => {
  await setUp(page, app);
  await page.goto('/connectors');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: APPEARANCE.heading }).click();
  await expect(page.getByRole('heading', { level: 1, name: APPEARANCE.heading })).toBeVisible();
  await page.getByLabel(APPEARANCE.name).fill('Contoso Werke');
  await page.getByRole('button', { name: APPEARANCE.save, exact: true }).click();
  await expect(page.getByText(/^Saved\./)).toBeVisible();
  await expect(page.getByLabel(APPEARANCE.name)).toHaveValue('Contoso Werke');

  const choose = async (name: string, mimeType: string, buffer: Buffer) => {
    await page.getByLabel(APPEARANCE.logo).setInputFiles({ name, mimeType, buffer });
    await page.getByRole('button', { name: APPEARANCE.saveLogo }).click();
  };
  await choose('logo.png', 'image/png', LOGO);
  const picture = page.getByRole('img', { name: APPEARANCE.picture });
  await expect(picture).toBeVisible();
  await expect.poll(() => picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(1);
  await look('appearance');

  // The bytes decide, not the name of the file.
  expectStatus(422);
  await choose('logo.png', 'image/png', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'));
  await expect(page.getByText(/^This file is not a PNG, JPEG or WebP picture/)).toBeVisible();
  await expect(picture).toBeVisible();
});
