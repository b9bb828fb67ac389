import { expect, test } from '../fixtures.ts';
import { authenticator, logOut, openPeople, setUp } from '../steps.ts';
import { CONNECTORS, LOG_IN } from '../words.ts';
import type { Page } from '../fixtures.ts';
import type { Person } from '../steps.ts';

/** Types e-mail and password, after which the program asks for a code. */
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

const inside = (page: Page) => expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();

test('a second factor is set up, asked for, and replaced by a recovery code', async ({ page, app, expectStatus, look }) => {
  const ada = await setUp(page, app);
  await page.getByRole('banner').getByText(ada.name).first().click();
  await page.getByRole('link', { name: 'My profile' }).click();
  await page.getByRole('link', { name: 'Set it up' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  await look('second-factor');
  await page.getByRole('button', { name: 'Set up a second factor' }).click();
  await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
  await look('second-factor-begun');

  const phone = await authenticator(page, app);
  expectStatus(422);
  await page.getByRole('textbox', { name: 'Code' }).fill('12345');
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await expect(page.getByRole('textbox', { name: 'Code' })).toHaveAccessibleDescription(/not the code that the app shows/);
  await look('second-factor-with-an-error');
  const used = phone.code();
  await page.getByRole('textbox', { name: 'Code' }).fill(used);
  await page.getByRole('button', { name: 'Turn it on' }).click();
  const codes = page.getByRole('main').getByRole('listitem');
  await expect(codes).toHaveCount(10);
  const [recovery = ''] = await codes.allInnerTexts();
  await look('recovery-codes');
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await page.getByRole('link', { name: 'Change it' }).click();
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

test('if a second factor is required, no other page opens before its set-up', async ({ page, app, look }) => {
  const ada = await setUp(page, app);
  await openPeople(page);
  await page.getByRole('button', { name: 'Require a second factor' }).click();
  await expect(page.getByText('Your organisation requires a second factor')).toBeVisible();
  await look('second-factor-demanded');
  await page.goto('/connectors');
  await expect(page).toHaveURL('/profile/second-factor');
  await page.getByRole('button', { name: 'Set up a second factor' }).click();
  const phone = await authenticator(page, app);
  await page.getByRole('textbox', { name: 'Code' }).fill(phone.code());
  await page.getByRole('button', { name: 'Turn it on' }).click();
  await page.getByRole('link', { name: 'I have kept them' }).click();
  await openPeople(page);
  await expect(page.getByText('Required', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Make the second factor optional' }).click();
  await expect(page.getByText('Optional', { exact: true })).toBeVisible();
  await logOut(page, ada);
});
