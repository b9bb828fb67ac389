import { readFile } from 'node:fs/promises';
import { expect, test } from '../fixtures.ts';
import { authenticator, logOut, setUp } from '../steps.ts';
import { expectPrintable } from '../support/layout.ts';
import { CONNECTORS, LOG_IN, PROFILE } from '../words.ts';
import type { Page } from '../fixtures.ts';
import type { Person } from '../steps.ts';

/** Types email and password, after which the program asks for a code. */
async function firstHalf(page: Page, person: Person): Promise<void> {
  await page.goto('/login');
  await page.getByRole('textbox', { name: LOG_IN.email }).fill(person.email);
  await page.getByLabel(LOG_IN.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: LOG_IN.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Enter the code' })).toBeVisible();
}

async function enter(page: Page, code: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Code' }).fill(code);
  await page.getByRole('button', { name: LOG_IN.button }).click();
}

/** Leaves the page of the recovery codes, which asks for a tick. */
async function keepCodes(page: Page): Promise<void> {
  await page.getByRole('checkbox', { name: PROFILE.saved }).check();
  await page.getByRole('button', { name: PROFILE.continue }).click();
  await expect(page.getByRole('heading', { level: 1, name: PROFILE.heading })).toBeVisible();
}

const inside = (page: Page) => expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();

test('a second factor is set up, asked for, and replaced by a recovery code', { tag: '@plain' }, async ({ page, app, expectStatus, look }) => {
  const ada = await setUp(page, app);
  await page.getByRole('banner').getByText(ada.name).first().click();
  await page.getByRole('link', { name: 'Profile' }).click();
  // One click leads to the picture that the phone scans.
  await page.getByRole('button', { name: PROFILE.secondFactor }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await look('second-factor-begun');

  const phone = await authenticator(page, app);
  expectStatus(422);
  await page.getByRole('textbox', { name: 'Code' }).fill('12345');
  await page.getByRole('button', { name: 'Turn on the second factor' }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveAccessibleDescription(/not the code that the app shows/);
  await look('second-factor-with-an-error');
  const used = phone.code();
  await page.getByRole('textbox', { name: 'Code' }).fill(used);
  await page.getByRole('button', { name: 'Turn on the second factor' }).click();
  const codes = page.getByRole('main').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const [recovery = ''] = await codes.allInnerTexts();
  await look('recovery-codes');
  await expectPrintable(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as file' }).click();
  const file = await download;
  expect(file.suggestedFilename()).toBe('mail360-recovery-codes.txt');
  expect(await readFile(await file.path(), 'utf8')).toContain(recovery);
  // The page with the codes stays until the user says that they are saved.
  await page.getByRole('button', { name: PROFILE.continue }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Recovery codes' })).toBeVisible();
  await keepCodes(page);
  await page.getByRole('link', { name: 'Change the second factor' }).click();
  await expect(page.getByText('10 recovery codes are left.')).toBeVisible();
  await look('second-factor-works');

  await logOut(page, ada);
  await firstHalf(page, ada);
  await look('log-in-code');
  expectStatus(401);
  await enter(page, used);
  await expect(page.getByRole('alert')).toContainText('it has been used');
  await look('log-in-code-with-an-error');
  await enter(page, phone.code());
  await inside(page);

  await logOut(page, ada);
  await firstHalf(page, ada);
  await enter(page, recovery);
  await inside(page);
});
