// An administrator who has never seen Azure, with the keyboard alone.

import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { fillForm, logOut, setUp, state, tabTo } from '../steps.ts';
import { ADDED, CONNECTORS, FORM, LOG_IN, SECRET_ID, STATE, VERIFY } from '../words.ts';

// With the transitions between pages, as most users have them.
test.use({ contextOptions: { reducedMotion: 'no-preference' } });

test('with the keyboard alone a first-time administrator logs in and gets to a verified connector', async ({ page, app, provider, look }) => {
  const ada = await setUp(page, app);
  await logOut(page, ada);
  await page.goto('/login');
  await expect(page.getByRole('textbox', { name: LOG_IN.email })).toBeFocused();
  await page.keyboard.type(ada.email);
  await tabTo(page, page.getByLabel(LOG_IN.password, { exact: true }));
  await page.keyboard.type(ada.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  await expect(page.getByText('must know your software: you register it in')).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: CONNECTORS.add }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: FORM.heading })).toBeVisible();

  // The user ticks the steps of the guide.
  const step = page.getByRole('checkbox', { name: 'Step A1 is done' });
  await tabTo(page, step);
  await page.keyboard.press('Space');
  await expect(step).toBeChecked();

  // The question mark beside a field explains it.
  const mark = page.locator('summary').filter({ hasText: 'Help: Client Secret' });
  await tabTo(page, mark);
  await page.keyboard.press('Enter');
  await expect(page.getByText('Do not copy the Secret ID')).toBeVisible();
  await expect(page.getByRole('img', { name: /Value is marked: copy this one/ })).toBeVisible();
  await look('first-time-2-help-and-ticks');

  // The most common mistake: the Secret ID.
  const client = await provider.addClient(app.redirectUri);
  await page.goto('/connectors/new');
  await tabTo(page, page.getByRole('textbox', { name: FORM.serviceName }));
  await page.keyboard.type('Mail360');
  await tabTo(page, page.getByRole('textbox', { name: FORM.clientId }));
  await page.keyboard.type(client.id);
  await tabTo(page, page.getByLabel(FORM.secret, { exact: true }));
  await page.keyboard.type(randomUUID());
  await page.keyboard.press('Enter');
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await expect(page.getByLabel(FORM.secret, { exact: true })).toBeFocused();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(client.secret);
  await page.keyboard.press('Enter');
  await expect(page.getByText(ADDED)).toBeVisible();

  await tabTo(page, page.getByRole('button', { name: VERIFY }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  await tabTo(page, page.getByRole('textbox', { name: 'Email' }));
  await page.keyboard.type('grace@contoso.test');
  await tabTo(page, page.getByLabel('Password'));
  await page.keyboard.type('whatever');
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Accept' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'The connector works' })).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: 'Go to Connectors' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  await expect(state(page.getByRole('main'), STATE.verified)).toBeVisible();
});

test('ticks in the guide are kept when the form comes back', { tag: '@plain' }, async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await page.getByRole('checkbox', { name: 'Step A1 is done' }).check();
  await page.getByRole('checkbox', { name: 'Step C4 is done' }).check();
  // Only the server knows that this day has passed.
  const client = { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` };
  await fillForm(page, { name: 'Mail archive', client, expires: '2001-01-01' });
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(/1 field needs your attention/)).toBeVisible();
  for (const [step, ticked] of [['A1', true], ['A2', false], ['C4', true]] as const) {
    await expect(page.getByRole('checkbox', { name: `Step ${step} is done` })).toBeChecked({ checked: ticked });
  }
});
