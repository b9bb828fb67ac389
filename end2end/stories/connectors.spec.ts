import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, connectorAt, entry, expectState, expires, fillForm, formOf, setUp } from '../steps.ts';
import { ADDED, AUDIENCE, FORM, SECRET_ID, STATE } from '../words.ts';

const secret = () => `not-a-real-secret~${randomUUID()}`;

test('a Secret ID in place of the secret is refused, and all other typed values are kept', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const client = { id: randomUUID(), secret: randomUUID() };
  await fillForm(page, { name: 'Mail archive', client, audience: AUDIENCE.organisations });
  await expires(page, '2031-05-17');
  await page.getByRole('button', { name: FORM.add, exact: true }).click();

  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  const field = page.getByLabel(FORM.secret, { exact: true });
  await expect(field).toBeFocused();
  await expect(field).toHaveValue('');
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

test('the draft of a refused form is shown until the form is sent', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: randomUUID() } });
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await page.goto('/connectors/new');
  await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue('Mail archive');
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();
  await page.getByLabel(FORM.secret, { exact: true }).fill(`not-a-real-secret~${randomUUID()}`);
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(ADDED)).toBeVisible();
  await page.goto('/connectors/new');
  await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue('');
});

test('the first of several wrong fields has the focus', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: 'mail-archive', secret: randomUUID() } });
  const add = page.getByRole('button', { name: FORM.add, exact: true });
  // The browser's own checks would prevent the form from being sent.
  await add.evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
  await add.click();
  const id = page.getByRole('textbox', { name: FORM.clientId });
  await expect(id).toBeFocused();
  await expect(id).toHaveValue('mail-archive');
  await expect(id).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel(FORM.secret, { exact: true })).toHaveAttribute('aria-invalid', 'true');
});

test('the form asks for a directory if only one may sign in', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const client = { id: randomUUID(), secret: secret() };
  await fillForm(page, { name: 'One directory', client, audience: AUDIENCE.single });
  const add = page.getByRole('button', { name: FORM.add, exact: true });
  await add.evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
  await add.click();
  const tenant = page.getByRole('textbox', { name: FORM.tenant });
  await expect(tenant).toBeFocused();
  await expect(tenant).toHaveAttribute('aria-invalid', 'true');
  await tenant.fill('contoso.test');
  await page.getByLabel(FORM.secret, { exact: true }).fill(client.secret);
  await add.click();
  await expect(page.getByText(ADDED)).toBeVisible();
  await expect(page.getByRole('main')).toContainText('contoso.test');
});

test('the name of another connector is refused', async ({ page, app }) => {
  await setUp(page, app);
  await addConnector(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() } });
  await page.goto('/connectors/new');
  await fillForm(page, { name: '  mail ARCHIVE ', client: { id: randomUUID(), secret: secret() } });
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  const name = page.getByRole('textbox', { name: FORM.serviceName });
  await expect(name).toBeFocused();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await page.goto('/connectors');
  await expect(entry(page, 'Mail archive')).toHaveCount(1);
});

test('blanks and braces around a client ID are accepted', async ({ page, app }) => {
  await setUp(page, app);
  const id = randomUUID();
  await addConnector(page, { name: 'Pasted', client: { id: ` {${id.toUpperCase()}} `, secret: secret() } });
  await page.goto('/connectors');
  await expect(entry(page, 'Pasted')).toContainText(id);
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

test('a form that is sent again leads to the connector that it added', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() } });
  const { action, fields } = await formOf(page.getByRole('button', { name: FORM.add, exact: true }));
  const ways = [];
  for (let i = 0; i < 3; i += 1) {
    const answer = await page.request.post(action, { form: fields, headers: { origin: app.url }, maxRedirects: 0 });
    expect([302, 303]).toContain(answer.status());
    ways.push(new URL(answer.headers().location ?? '', app.url).pathname);
  }
  expect(new Set(ways).size).toBe(1);
  await expectState(page, ways[0] ?? '', STATE.not);
  await page.goto('/connectors');
  await expect(entry(page, 'Mail archive')).toHaveCount(1);
});

test('c1_a_form_that_comes_from_another_site_adds_nothing', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() } });
  const { action, fields } = await formOf(page.getByRole('button', { name: FORM.add, exact: true }));
  const strangers: Record<string, string>[] = [
    { origin: 'http://127.0.0.1:1' }, { origin: 'null' }, { origin: app.url, 'sec-fetch-site': 'cross-site' }, {},
  ];
  for (const headers of strangers) {
    const answer = await page.request.post(action, { form: fields, headers, maxRedirects: 0 });
    expect(answer.status(), JSON.stringify(headers)).toBe(403);
  }
  await page.goto('/connectors');
  await expect(entry(page, 'Mail archive')).toHaveCount(0);
});

test('a secret is never shown again', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  for (const where of [path, '/connectors']) {
    await page.goto(where);
    expect(await page.content()).not.toContain(client.secret);
  }
});

test('c6_typed_values_are_shown_as_text_with_and_without_scripts', async ({ page, app, watch }) => {
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; void dialog.dismiss(); });
  await setUp(page, app);
  const names = ['"><img src=x onerror=alert(1)>', '</script><script>alert(1)</script>', '{{7*7}} ${7*7} <b>bold</b>'];
  for (const name of names) {
    const path = await addConnector(page, { name, client: { id: randomUUID(), secret: secret() } });
    await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
    await page.goto(`${path}/edit`);
    await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue(name);
    await page.goto(`${path}/pasted-error`);
    await page.getByRole('textbox', { name: 'What Microsoft showed' }).fill(`AADSTS9999999: </textarea>${name}`);
    await page.getByRole('button', { name: 'Say what it means' }).click();
    await expect(page.getByText(`</textarea>${name}`)).toBeVisible();
  }
  await page.goto('/connectors');
  for (const name of names) await expect(entry(page, name)).toBeVisible();
  await expect(page.locator('main img[src="x"], main b:text("bold")')).toHaveCount(0);
  await watch.settle();
  expect(dialogs).toBe(0);
});
