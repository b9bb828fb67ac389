// Help that needs scripts; the same form works without them.

import { randomUUID } from 'node:crypto';
import { expect, type Page, test } from '../fixtures.ts';
import { expectHydrated, fillForm, setUp } from '../steps.ts';
import { ADDED, FORM, SECRET_ID } from '../words.ts';

/** Delays the scripts of the following pages until they are released. */
async function holdScripts(page: Page): Promise<{ asked: boolean; release: () => void }> {
  const held = { asked: false, release: () => {} };
  const released = new Promise<void>((done) => { held.release = done; });
  await page.route(/\.wasm$/, async (route) => {
    held.asked = true;
    await released;
    // The page was left in the meantime and no longer needs them.
    await route.continue().catch(() => undefined);
  });
  return held;
}

test('a Secret ID is recognised while the user types, before the form is sent', async ({ page, app, look }) => {
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

test('a wrong client ID is recognised, and one in braces is accepted', async ({ page, app }) => {
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

test('a button does not move while it is pressed, although the field that lost the focus is wrong', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: 'later' } });
  const field = page.getByLabel(FORM.secret, { exact: true });
  await field.fill(randomUUID());
  await page.getByRole('button', { name: FORM.add, exact: true }).hover();
  await page.mouse.down();
  // A long press: slow users must not miss the button either.
  await page.waitForTimeout(1000);
  await expect(page.getByText(SECRET_ID)).toHaveCount(0);
  await page.mouse.up();
  // The form was not sent: its first wrong field has the focus.
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await expect(field).toBeFocused();
});

test('a field that does not count never keeps a form from being sent, also in a browser without :has(), which shows it', async ({ page, app }) => {
  await setUp(page, app);
  await page.route('**/*.css', async (route) => {
    const style = await (await route.fetch()).text();
    // A browser ignores a rule with a selector that it does not know.
    await route.fulfill({ contentType: 'text/css', body: style.replaceAll(':has(', ':unknown(') });
  });
  await page.goto('/connectors/new');
  await expectHydrated(page);
  await expect(page.getByRole('textbox', { name: FORM.tenant })).toBeVisible();
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  await page.getByLabel(FORM.day, { exact: true }).fill('some day');
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(ADDED)).toBeVisible();
});

test('actions before the scripts have loaded count, and buttons that need scripts are hidden until then', async ({ page, app, look }) => {
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

test('a tick that came back with a form is kept, although it was made without scripts', async ({ page, app }) => {
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
    // Pasting proves more than reading the clipboard, because pasting is the purpose.
    await page.goto('/connectors/new');
    const field = page.getByRole('textbox', { name: FORM.serviceName });
    await field.focus();
    await page.keyboard.press('ControlOrMeta+V');
    await expect(field).toHaveValue(app.redirectUri);
  });
}

test('the secret can be made visible while it is typed', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const field = page.getByLabel(FORM.secret, { exact: true });
  await expect(field).toHaveAttribute('type', 'password');
  await page.getByRole('button', { name: /^Show/ }).click();
  await expect(field).toHaveAttribute('type', 'text');
});
