import { expect, test } from '../fixtures.ts';
import { logOut, setUp } from '../steps.ts';
import { CONNECTORS, LOG_IN } from '../words.ts';

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
