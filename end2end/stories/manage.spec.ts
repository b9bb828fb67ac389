import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { confirm, connectorAt, expectState, leaveForProvider, setUp, signInDirectly } from '../steps.ts';
import { CONNECTOR, FORM, SECRET_ID, STATE, VERIFY } from '../words.ts';

const secret = () => `not-a-real-secret~${randomUUID()}`;

test('a connector is edited, and its page says whether it must be verified again', { tag: '@plain' }, async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  await signInDirectly(page, app, path);
  const outcome = new URL(page.url()).pathname;
  await expectState(page, path, STATE.verified);

  await page.getByRole('link', { name: CONNECTOR.edit, exact: true }).click();
  await expect(page.getByRole('textbox', { name: FORM.clientId })).toHaveValue(client.id);
  await expect(page.getByLabel(FORM.secret, { exact: true }), 'the page shows the secret').toHaveValue('');
  await look('edit');
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Post-Archiv');
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('The changes are saved')).toBeVisible();
  await expectState(page, path, STATE.verified);

  await page.getByRole('link', { name: CONNECTOR.edit, exact: true }).click();
  await page.getByRole('textbox', { name: FORM.clientId }).fill('no client id');
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByRole('textbox', { name: FORM.clientId })).toHaveAttribute('aria-invalid', 'true');
  await look('edit-with-an-error');
  await page.getByRole('textbox', { name: FORM.clientId }).fill(randomUUID());
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('Enter the client secret of this application').first()).toBeVisible();
  await page.getByLabel(FORM.secret, { exact: true }).fill(secret());
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText(/Client ID.* were changed after the last test/)).toBeVisible();
  await expect(page.getByRole('button', { name: VERIFY }), 'the page offers no next step').toBeVisible();
  await look('connector-changed');
  await page.goto(outcome);
  await expect(page.getByRole('heading', { level: 1, name: 'The sign-in worked, but with old settings' })).toBeVisible();
  await look('sign-in-of-older-settings');
});

test('a connector is deleted on a page that first says what stops working', { tag: '@plain' }, async ({ page, app, provider, look, expectStatus }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await page.getByRole('link', { name: CONNECTOR.delete, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Delete Mail archive?' })).toBeVisible();
  await expect(page.getByText('No one can sign in with it.')).toBeVisible();
  await look('delete');
  await page.getByRole('link', { name: FORM.cancel }).click();
  await expect(page).toHaveURL(path);
  await page.getByRole('link', { name: CONNECTOR.delete, exact: true }).click();
  await page.getByRole('button', { name: 'Delete the connector' }).click();
  await expect(page.getByText('The connector was deleted')).toBeVisible();
  await expect(page).toHaveURL('/connectors');
  await look('deleted');
  expectStatus(404);
  await page.goto(path);
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
});

test.describe('with a moving clock', () => {
  test.use({ installation: { movable: true } });

  test('l11_a_secret_is_replaced_after_the_password_was_typed_again', async ({ page, app, provider, look }) => {
    const ada = await setUp(page, app);
    const { path } = await connectorAt(page, app, provider);
    const fresh = await provider.addClient(app.redirectUri);
    await app.advance(11 * 60);
    await page.goto(path);
    await page.getByRole('link', { name: CONNECTOR.replace }).click();
    await confirm(page, ada);
    await expect(page.getByRole('heading', { level: 1, name: CONNECTOR.replace })).toBeVisible();
    await look('replace-secret');
    const field = page.getByLabel(FORM.secret, { exact: true });
    await field.fill(randomUUID());
    await page.getByRole('button', { name: CONNECTOR.replace }).click();
    await expect(page.getByText(SECRET_ID).first()).toBeVisible();
    await look('replace-secret-with-an-error');
    await field.fill(fresh.secret);
    await page.getByRole('radio', { name: /^12 months/ }).check();
    await page.getByRole('button', { name: CONNECTOR.replace }).click();
    await expect(page.getByText('The client secret was replaced')).toBeVisible();
    await look('secret-replaced');
  });
});

test('p16_every_state_of_a_connector_shows_the_next_step', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await expect(page.getByRole('button', { name: VERIFY })).toBeVisible();
  // Left at Microsoft's page: neither finished nor failed.
  await leaveForProvider(page, provider);
  await page.goto(path);
  await expect(page.getByText('Not back from Microsoft yet', { exact: true })).toBeVisible();
  await expect(page.getByRole('button', { name: VERIFY })).toBeVisible();
  await signInDirectly(page, app, path);
  await page.goto(path);
  await expect(page.getByRole('button', { name: VERIFY })).toBeVisible();
});
