// A program that has as many passwords to hash as it takes on.

import { setTimeout as pause } from 'node:timers/promises';
import { type App, expect, test } from '../fixtures.ts';
import { somebody } from '../steps.ts';
import { guess } from '../support/guess.ts';
import { CONNECTORS, SET_UP } from '../words.ts';

// On one core passwords are hashed one after the other: with half a second and more of work for each, nobody who waits
// behind the others comes to their turn in time.
test.use({ installation: { proxies: '127.0.0.0/8', passwordWork: { memory: 98_304, passes: 20 }, oneCore: true, log: 'info' } });

/** Meanwhile more people try passwords than may wait. */
async function whileMany(app: App, act: () => Promise<void>): Promise<void> {
  let over = false;
  let turnedAway: () => void;
  const full = new Promise<void>((done) => { turnedAway = done; });
  const all = Promise.all(Array.from({ length: 100 }, async (_, who) => {
    for (let turn = 0; !over; turn += 1) {
      if (await guess(app, who, turn) === 503) turnedAway();
      await pause(20);
    }
  }));
  try {
    await Promise.race([full, all]);
    await act();
  } finally {
    over = true;
    await all;
  }
}

test('where there is too much to do, set-up and My account say so and keep what may be kept', async ({ page, app, expectStatus, look }) => {
  const ada = somebody();
  await page.goto(await app.setUpLink());
  await page.getByRole('textbox', { name: SET_UP.organisation }).fill(ada.organisation);
  await page.getByRole('textbox', { name: SET_UP.name }).fill(ada.name);
  await page.getByRole('textbox', { name: SET_UP.email }).fill(ada.email);
  const password = page.getByLabel(SET_UP.password, { exact: true });
  await password.fill(ada.password);
  await whileMany(app, async () => {
    expectStatus(503);
    await page.getByRole('button', { name: SET_UP.button }).click();
    await expect(page.getByText('There is too much to do')).toBeVisible();
  });
  await expect(password, 'it alone is to be typed again').toBeFocused();
  await expect(page.getByRole('textbox', { name: SET_UP.organisation })).toHaveValue(ada.organisation);
  await look('set-up-too-busy');
  await password.fill(ada.password);
  await page.getByRole('button', { name: SET_UP.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();

  await page.goto('/account');
  const fresh = `another ${ada.password}`;
  const change = async () => {
    await page.getByLabel('Current password', { exact: true }).fill(ada.password);
    await page.getByLabel('New password', { exact: true }).fill(fresh);
    await page.getByRole('button', { name: 'Change the password' }).click();
  };
  await whileMany(app, async () => {
    expectStatus(503);
    await change();
    await expect(page.getByText('There is too much to do')).toBeVisible();
  });
  await expect(page.getByLabel('Current password', { exact: true })).toBeFocused();
  await look('account-too-busy');
  await change();
  await expect(page.getByText('Your password has been changed')).toBeVisible();
});
