// An administrator who has never seen Azure, with the keyboard alone.

import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { setUp, state, tabTo } from '../steps.ts';
import { ADDED, CONNECTORS, FORM, SECRET_ID, STATE, VERIFY } from '../words.ts';

test('a first-time administrator gets from the empty list to a verified connector', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  await expect(page.getByText('A connector holds the application that your company registers with Microsoft')).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: CONNECTORS.add }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: FORM.heading })).toBeVisible();
  await look('first-time-1-form-and-guide');

  // The question mark beside a field explains it.
  const mark = page.locator('summary').filter({ hasText: 'Help: Client Secret' });
  await tabTo(page, mark);
  await page.keyboard.press('Enter');
  await expect(page.getByText('With the Secret ID beside it every sign-in fails')).toBeVisible();

  // The user ticks the steps of the guide.
  const step = page.getByRole('checkbox', { name: 'Step A1 is done' });
  await tabTo(page, step);
  await page.keyboard.press('Space');
  await expect(step).toBeChecked();
  await expect(page.getByRole('img', { name: /Value is marked: copy this one/ })).toBeVisible();
  await look('first-time-2-help-and-ticks');

  // The most common mistake: the Secret ID.
  const client = await provider.addClient(app.redirectUri);
  await page.goto('/connectors/new');
  await expect(page.getByRole('textbox', { name: FORM.serviceName })).toBeFocused();
  await page.keyboard.type('Mail360');
  await tabTo(page, page.getByRole('textbox', { name: FORM.clientId }));
  await page.keyboard.type(client.id);
  await tabTo(page, page.getByLabel(FORM.secret, { exact: true }));
  await page.keyboard.type(randomUUID());
  await page.keyboard.press('Enter');
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  // With scripts the message also appears before the form is sent; the server's page has no secret.
  await expect(page.getByLabel(FORM.secret, { exact: true })).toHaveValue('');
  await expect(page.getByLabel(FORM.secret, { exact: true })).toBeFocused();
  await look('first-time-3-secret-id');
  await page.keyboard.type(client.secret);
  await page.keyboard.press('Enter');
  await expect(page.getByText(ADDED)).toBeVisible();
  await look('first-time-4-added');

  await tabTo(page, page.getByRole('button', { name: VERIFY }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  await tabTo(page, page.getByRole('textbox', { name: 'E-mail' }));
  await page.keyboard.type('grace@contoso.test');
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type('whatever');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Accept' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'The connector works' })).toBeVisible();
  await look('first-time-5-verified');
  await tabTo(page, page.getByRole('link', { name: /^Back to/ }));
  await page.keyboard.press('Enter');
  await expect(state(page.getByRole('main'), STATE.verified)).toBeVisible();
});

test('ticks in the guide are kept when the form comes back', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await page.getByRole('checkbox', { name: 'Step A1 is done' }).check();
  await page.getByRole('checkbox', { name: 'Step C4 is done' }).check();
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(/entries need a change/)).toBeVisible();
  for (const [step, ticked] of [['A1', true], ['A2', false], ['C4', true]] as const) {
    await expect(page.getByRole('checkbox', { name: `Step ${step} is done` })).toBeChecked({ checked: ticked });
  }
});
