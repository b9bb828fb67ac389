// What only scripts can do. Everything here is a help; the same form works without it.

import { randomUUID } from 'node:crypto';
import { expect, type Page, test } from '../fixtures.ts';
import { expectHydrated, fillForm, setUp } from '../steps.ts';
import { CONNECTORS, FORM, SECRET_ID } from '../words.ts';

/** Keeps the scripts of the pages that follow on their way, until they are released. */
async function holdScripts(page: Page): Promise<{ asked: boolean; release: () => void }> {
  const held = { asked: false, release: () => {} };
  const released = new Promise<void>((done) => { held.release = done; });
  await page.route(/\.wasm$/, async (route) => {
    held.asked = true;
    await released;
    // Of a page that was left meanwhile nobody wants them.
    await route.continue().catch(() => undefined);
  });
  return held;
}

test('a Secret ID is recognised while one types, before anything is sent', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  const field = page.getByLabel(FORM.secret, { exact: true });
  await field.fill(randomUUID());
  await field.blur();
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await look('add-connector-live-check');
  await field.fill(`not-a-real-secret~${randomUUID()}`);
  await field.blur();
  await expect(page.getByText(SECRET_ID)).toHaveCount(0);
});

test('what is no client ID is recognised, and one in braces is one', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  const id = page.getByRole('textbox', { name: FORM.clientId });
  await id.fill('no client id');
  await id.blur();
  await expect(id).toHaveAttribute('aria-invalid', 'true');
  await id.fill(`{${randomUUID()}}`);
  await id.blur();
  await expect(id).not.toHaveAttribute('aria-invalid', 'true');
});

test('a button stays where it is for as long as it is pressed, though the field that one leaves is wrong', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: 'later' } });
  const field = page.getByLabel(FORM.secret, { exact: true });
  await field.fill(randomUUID());
  await page.getByRole('button', { name: FORM.add, exact: true }).hover();
  await page.mouse.down();
  // Longer than most people press: whoever is slow is not to miss the button.
  await page.waitForTimeout(1000);
  await expect(page.getByText(SECRET_ID)).toHaveCount(0);
  await page.mouse.up();
  // What the server answers, unlike what is said while one types, has the focus.
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('');
});

test('what is done before the scripts are there counts, and what would do nothing until then is not shown', async ({ page, app, look }) => {
  await setUp(page, app);
  const scripts = await holdScripts(page);
  await page.goto('/connectors/new', { waitUntil: 'domcontentloaded' });
  const field = page.getByLabel(FORM.secret, { exact: true });
  await field.fill(randomUUID());
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Mail archive');
  const step = page.getByRole('checkbox', { name: 'Step B2 is done' });
  await step.check();
  await expect(page.getByRole('button', { name: /^(Show|Copy)/ })).toHaveCount(0);
  await expect(page.getByText(SECRET_ID)).toHaveCount(0);
  await expect.poll(() => scripts.asked, 'they are on their way').toBe(true);
  await expectHydrated(page, false);
  await look('add-connector-before-the-scripts');

  scripts.release();
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByRole('button', { name: /^Show/ })).toBeVisible();
  await expect(page.locator('[data-mirror="service_name"]').first()).toHaveText('Mail archive');
  await expect(step).toBeChecked();
  await page.goto('/connectors');
  await page.goto('/connectors/new');
  await expect(step).toBeChecked();
});

test('a tick that came back with a form is kept, though there were no scripts when it was made', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  await page.getByRole('checkbox', { name: 'Step A1 is done' }).check();
  const scripts = await holdScripts(page);
  await page.goto('/connectors/new', { waitUntil: 'domcontentloaded' });
  await page.getByRole('checkbox', { name: 'Step B2 is done' }).check();
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: randomUUID() } });
  await expect.poll(() => scripts.asked).toBe(true);
  await expectHydrated(page, false);
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  scripts.release();
  await expect(page.getByLabel(FORM.secret, { exact: true })).toHaveValue('');
  await expectHydrated(page);
  await page.goto('/connectors/new');
  for (const step of ['A1', 'B2']) await expect(page.getByRole('checkbox', { name: `Step ${step} is done` })).toBeChecked();
});

for (const where of ['/connectors', '/connectors/new']) {
  test(`the Redirect URI is copied on ${where}`, async ({ page, app, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: app.url });
    await setUp(page, app);
    await page.goto(where);
    await page.getByRole('button', { name: /Copy.*Redirect URI|^Copy$/ }).first().click();
    await expect(page.getByText(/Copied/).first()).toBeVisible();
    // Pasting proves more than asking the clipboard: it is what one copies for.
    await page.goto('/connectors/new');
    const field = page.getByRole('textbox', { name: FORM.serviceName });
    await field.focus();
    await page.keyboard.press('ControlOrMeta+V');
    await expect(field).toHaveValue(app.redirectUri);
  });
}

test('the secret can be looked at while it is typed', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const field = page.getByLabel(FORM.secret, { exact: true });
  await expect(field).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: /^Show/ }).click();
  await expect(field).toHaveAttribute('type', 'text');
});

test('the form is reached, and sent, from the keyboard', async ({ page, app }) => {
  await setUp(page, app);
  await page.getByRole('link', { name: CONNECTORS.add }).first().press('Enter');
  await fillForm(page, { name: 'By keyboard', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  await page.getByRole('textbox', { name: FORM.clientId }).press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'By keyboard' })).toBeVisible();
});
