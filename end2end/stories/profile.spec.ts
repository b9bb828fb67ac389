import { expect, test } from '../fixtures.ts';
import { logIn, logOut, setUp } from '../steps.ts';
import { CONNECTORS, LOG_IN } from '../words.ts';

test('a new password logs every other browser out', async ({ page, app, anotherBrowser, expectStatus, look }) => {
  const person = await setUp(page, app);
  const { page: other } = await anotherBrowser();
  await logIn(other, person);

  await page.getByRole('banner').getByText(person.name).first().click();
  await page.getByRole('link', { name: 'My profile' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: /on Linux/ })).toHaveCount(2);
  await look('account');

  const fresh = `another ${person.password}`;
  const current = page.getByLabel('Current password', { exact: true });
  await current.fill('certainly not this one');
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  expectStatus(422);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(current).toBeFocused();
  await expect(current).toHaveAccessibleDescription(/not your current password/);
  await look('account-with-an-error');

  await current.fill(person.password);
  await page.getByLabel('New password', { exact: true }).fill(fresh);
  await page.getByRole('button', { name: 'Change the password' }).click();
  await expect(page.getByText('Your password has been changed')).toBeVisible();
  await look('account-changed');
  await other.goto('/connectors');
  await expect(other).toHaveURL(/\/login/);
  await logIn(other, { ...person, password: fresh });
});

test('l4_a_password_may_be_pasted_as_password_managers_do', async ({ page, app }) => {
  const person = await setUp(page, app);
  await logOut(page, person);
  await page.goto('/login');
  const email = page.getByRole('textbox', { name: LOG_IN.email });
  await email.fill(person.password);
  await email.press('ControlOrMeta+a');
  await email.press('ControlOrMeta+x');
  await expect(email).toHaveValue('');
  const password = page.getByLabel(LOG_IN.password, { exact: true });
  await password.press('ControlOrMeta+v');
  await expect(password).toHaveValue(person.password);
  await email.fill(person.email);
  await page.getByRole('button', { name: LOG_IN.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
});

test('a browser that was left logged in is logged out from another', async ({ page, app, anotherBrowser }) => {
  const person = await setUp(page, app);
  const { page: other } = await anotherBrowser();
  await logIn(other, person);
  await page.goto('/profile');
  await expect(page.getByText('This browser')).toHaveCount(1);
  await page.getByRole('button', { name: /^End/ }).click();
  await expect(page.getByRole('button', { name: /^End/ })).toHaveCount(0);
  await other.goto('/connectors');
  await expect(other).toHaveURL(/\/login/);
});
