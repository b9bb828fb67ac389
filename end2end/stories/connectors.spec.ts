import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, addDirectly, entry, expectHydrated, expires, fillForm, setUp, tabTo } from '../steps.ts';
import { ADDED, AUDIENCE, FORM, PASTE, SECRET_ID } from '../words.ts';

const secret = () => `not-a-real-secret~${randomUUID()}`;

test('a Secret ID in place of the secret is refused, and all other typed values are kept', { tag: '@plain' }, async ({ page, app, look, javaScriptEnabled }) => {
  const scripts = javaScriptEnabled !== false;
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page, scripts);
  const client = { id: randomUUID(), secret: randomUUID() };
  await fillForm(page, { name: 'Mail archive', client, audience: AUDIENCE.organisations });
  await expires(page, '2031-05-17');
  await page.getByRole('button', { name: FORM.add, exact: true }).click();

  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  const field = page.getByLabel(FORM.secret, { exact: true });
  if (scripts) {
    // The form was not sent, so nothing is lost.
    await expect(field).toBeFocused();
    await expect(field).toHaveValue(client.secret);
  } else {
    await expect(page.getByRole('alert').getByRole('heading')).toBeFocused();
    await expect(page).toHaveTitle(/^Error: Add Connector/);
    await expect(field).toHaveValue('');
  }
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toHaveAccessibleDescription(new RegExp(SECRET_ID));
  await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue('Mail archive');
  await expect(page.getByRole('textbox', { name: FORM.clientId })).toHaveValue(client.id);
  await expect(page.getByLabel(FORM.day, { exact: true })).toHaveValue('2031-05-17');
  await expect(page.getByRole('group', { name: FORM.audience }).getByRole('radio', { name: AUDIENCE.organisations })).toBeChecked();
  expect(page.url(), 'the address has no typed value').not.toMatch(/archive|[0-9a-f]{8}-|err/i);
  expect(await page.content()).not.toContain(client.secret);
  await look('add-connector-with-an-error');

  // Only the secret must be typed again.
  await field.fill(secret());
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(ADDED)).toBeVisible();
  await page.goto('/connectors');
  await expect(entry(page, 'Mail archive')).toContainText(/17 May 2031/);
});

test('a double click adds one connector', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() } });
  await page.getByRole('button', { name: FORM.add, exact: true }).dblclick();
  await expect(page.getByRole('heading', { level: 1, name: 'Mail archive' })).toBeVisible();
  await expect(page.getByText(ADDED), 'the message is missing after one of the clicks').toBeVisible();
  await page.goto('/connectors');
  await expect(entry(page, 'Mail archive')).toHaveCount(1);
});

test('c6_typed_values_are_shown_as_text_with_scripts', async ({ page, app, watch }) => {
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; void dialog.dismiss(); });
  await setUp(page, app);
  const names = ['"><img src=x onerror=alert(1)>', '</script><script>alert(1)</script>', '{{7*7}} ${7*7} <b>bold</b>'];
  for (const [number, name] of names.entries()) {
    const typed = { name, client: { id: randomUUID(), secret: secret() } };
    // The page of the form repeats what is typed; one name shows that.
    const path = number === 0 ? await addConnector(page, typed) : await addDirectly(page, app, typed);
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await page.goto(`${path}/edit`);
    await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue(name);
    if (number > 0) continue;
    await page.goto(`${path}/pasted-error`);
    await page.getByRole('textbox', { name: PASTE.field }).fill(`AADSTS9999999: </textarea>${name}`);
    await page.getByRole('button', { name: PASTE.button }).click();
    await expect(page.getByText(`</textarea>${name}`)).toBeVisible();
  }
  await page.goto('/connectors');
  for (const name of names) await expect(entry(page, name)).toBeVisible();
  await expect(page.locator('main img[src="x"], main b:text("bold")')).toHaveCount(0);
  await watch.settle();
  expect(dialogs).toBe(0);
});

test('a user who has an application sees only the form, also after a mistake', { tag: '@plain' }, async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const step = page.getByRole('checkbox', { name: 'Step A1 is done' });
  await expect(step).toBeVisible();
  await page.getByRole('link', { name: FORM.onlyForm }).click();
  await expect(step).toHaveCount(0);
  await look('add-connector-only-the-form');
  // The page remembers it.
  await page.goto('/connectors/new');
  await expect(page.getByRole('link', { name: FORM.steps })).toBeVisible();
  await expect(step).toHaveCount(0);
  // Only the server knows that this day has passed.
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() }, expires: '2001-01-01' });
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText('This day has passed').first()).toBeVisible();
  await expect(step).toHaveCount(0);
  await page.getByRole('link', { name: FORM.steps }).click();
  await expect(step).toBeVisible();
  await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue('Mail archive');
});

test('the steps are beside the fields that they fill, and above them on a narrow page', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const places = async () => {
    const step = await page.getByText('Application (client) ID', { exact: true }).first().boundingBox();
    const field = await page.getByRole('textbox', { name: FORM.clientId }).boundingBox();
    if (!step || !field) throw new Error('the step or its field is not shown');
    return { step, field };
  };
  for (const width of [1024, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const { step, field } = await places();
    expect(step.x + step.width, `${width} px`).toBeLessThan(field.x);
  }
  await page.setViewportSize({ width: 360, height: 900 });
  const { step, field } = await places();
  expect(step.y + step.height).toBeLessThan(field.y);
});

test('the form is not longer than its steps and its permissions need', async ({ page, app }) => {
  await setUp(page, app);
  await page.setViewportSize({ width: 1280, height: 720 });
  // With the choice of the provider above it.
  for (const [guide, longest] of [['open', 1_800], ['closed', 980]] as const) {
    await page.goto(`/connectors/new?guide=${guide}`);
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    expect(height, guide).toBeLessThanOrEqual(longest);
  }
});

test('a second link at the top of the page skips to the form', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await tabTo(page, page.getByRole('link', { name: 'Skip to the form' }));
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await expect(page.locator('#connector-form :focus')).toHaveCount(1);
});
