import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, agree, confirm, connectorAt, entry, expectOutcome, expectState, expires, leaveForProvider, logIn, sayWho, setUp, signIn, somebody, state } from '../steps.ts';
import { AUDIENCE, CONNECTOR, FORM, SECRET_ID, STATE, VERIFY } from '../words.ts';

const secret = () => `not-a-real-secret~${randomUUID()}`;

test('a connector is edited, and its page says whether it must be verified again', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  await signIn(page, provider);
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
  await expect(page.getByRole('textbox', { name: FORM.clientId })).toBeFocused();
  await expect(page.getByText('Nothing was changed')).toBeVisible();
  await look('edit-with-an-error');
  await page.getByRole('textbox', { name: FORM.clientId }).fill(randomUUID());
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('Enter the client secret of this application').first()).toBeVisible();
  await page.getByLabel(FORM.secret, { exact: true }).fill(secret());
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('Changed since it was last verified: Client ID')).toBeVisible();
  await expect(page.getByRole('button', { name: VERIFY }), 'the page offers no next step').toBeVisible();
  await look('connector-changed');
  await page.goto(outcome);
  await expect(page.getByRole('heading', { level: 1, name: 'The sign-in went through, for older settings' })).toBeVisible();
  await look('sign-in-of-older-settings');
});

test('the second of two concurrent edits is shown both versions', async ({ page, app, anotherBrowser, look }) => {
  const ada = await setUp(page, app);
  const path = await addConnector(page, { name: 'Mail archive', client: { id: randomUUID(), secret: secret() } });
  const { page: other } = await anotherBrowser();
  await logIn(other, ada);
  await other.goto(`${path}/edit`);
  await page.goto(`${path}/edit`);
  await other.getByRole('textbox', { name: FORM.serviceName }).fill('Hers');
  await other.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(other.getByText('The changes are saved')).toBeVisible();

  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Mine');
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('changed this connector while you were editing it')).toBeVisible();
  const row = page.getByRole('row').filter({ hasText: FORM.serviceName });
  await expect(row).toContainText('Hers');
  await expect(row).toContainText('Mine');
  await look('edit-with-a-conflict');
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Mine' })).toBeVisible();
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
    await expect(page.getByText('The secret was replaced')).toBeVisible();
    await look('secret-replaced');
  });

  test('administrators are warned before a secret expires, and the list can be sorted by expiry', async ({ page, app, look }) => {
    await setUp(page, app);
    await page.goto('/connectors/new');
    const today = new Date(app.now());
    const soon = new Date(today.getTime() + 20 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
    await addConnector(page, { name: 'Later', client: { id: randomUUID(), secret: secret() } });
    await addConnector(page, { name: 'Soon', client: { id: randomUUID(), secret: secret() }, expires: soon });
    await page.goto('/connectors');
    const banner = page.getByText('A client secret expires soon');
    await expect(banner).toBeVisible();
    await page.getByRole('combobox', { name: CONNECTOR.sort }).selectOption({ label: 'Secret expires, soonest first' });
    await page.getByRole('button', { name: CONNECTOR.show, exact: true }).click();
    await expect(page.getByRole('row').nth(1)).toContainText('Soon');
    await look('connectors-expiring');
    const check = await app.command(['check']);
    expect(check.stdout).toContain('Warning: the client secret of Soon');
    expect(check.stdout).not.toContain('Later');
  });
});

test('the list says of each connector whether it works, why not, and when its secret expires', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const day = (days: number) => new Date(app.now() + days * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  const wrong = { ...(await provider.addClient(app.redirectUri)), secret: 'not-a-real-secret~another' };
  const all = [
    { name: 'Mail archive', client: await provider.addClient(app.redirectUri), seen: STATE.verified, visit: true },
    { name: 'Invoices inbox', client: wrong, seen: STATE.failing, visit: true },
    { name: 'Support desk', client: await provider.addClient(app.redirectUri), seen: STATE.verified, visit: true, expires: day(20) },
    { name: 'Contacts sync', client: await provider.addClient(app.redirectUri), seen: STATE.not, visit: false, audience: AUDIENCE.organisations, expires: day(200) },
    { name: 'Calendar of rooms', client: await provider.addClient(app.redirectUri), seen: STATE.not, visit: false, audience: AUDIENCE.personal },
  ];
  for (const { visit, seen: _, ...typed } of all) {
    await addConnector(page, typed);
    if (visit) await signIn(page, provider);
  }
  await page.goto('/connectors');
  for (const { name, seen } of all) await expect(state(entry(page, name), seen)).toBeVisible();
  await look('connectors-every-state');
});

test('deleting a connector first names what it breaks', async ({ page, app, provider, expectStatus, look }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await page.getByRole('link', { name: CONNECTOR.delete, exact: true }).click();
  await expect(page.getByText('No one can sign in through it any more')).toBeVisible();
  await look('delete');
  await page.getByRole('link', { name: FORM.cancel }).click();
  await expect(page).toHaveURL(path);
  await page.getByRole('link', { name: CONNECTOR.delete, exact: true }).click();
  await page.getByRole('button', { name: 'Delete the connector' }).click();
  await expect(page.getByText('The connector was deleted')).toBeVisible();
  await look('deleted');
  expectStatus(404);
  await page.goto(path);
});

test('a connector is found by the beginning of its name or client ID', async ({ page, app, look }) => {
  await setUp(page, app);
  const id = `abcd${randomUUID().slice(4)}`;
  await addConnector(page, { name: 'Mail archive', client: { id, secret: secret() } });
  await addConnector(page, { name: 'صندوق البريد', client: { id: randomUUID(), secret: secret() } });
  await addConnector(page, { name: 'W'.repeat(60), client: { id: randomUUID(), secret: secret() } });
  await page.goto('/connectors');
  await look('connectors-names');
  const search = page.getByRole('searchbox', { name: CONNECTOR.search });
  for (const [typed, found] of [['MAIL', 'Mail archive'], ['abcd', 'Mail archive'], ['صند', 'صندوق']] as const) {
    await search.fill(typed);
    await search.press('Enter');
    await expect(entry(page, found)).toHaveCount(1);
    await expect(page.getByRole('row')).toHaveCount(2);
  }
  await search.fill('nothing like it');
  await search.press('Enter');
  await expect(page.getByText('No connector’s name or Client ID begins with this text.')).toBeVisible();
  await look('connectors-none-found');
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(page.getByRole('row')).toHaveCount(4);
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
  await signIn(page, provider);
  await page.goto(path);
  await expect(page.getByRole('button', { name: VERIFY })).toBeVisible();
});

test('every administrator sees the timeline of a sign-in', async ({ page, app, provider, anotherBrowser, look }) => {
  const ada = await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  await sayWho(page);
  await agree(page);
  await expectOutcome(page);
  const bob = somebody('Bob');
  const added = await app.command(['user', 'add', '--email', bob.email, '--name', 'Bob', '--role', 'admin'], `${bob.password}\n`);
  expect(added.code, added.stderr).toBe(0);
  const { page: other } = await anotherBrowser();
  await logIn(other, bob);
  await other.goto(path);
  await other.getByText('Timeline', { exact: true }).click();
  await expect(other.getByText('Microsoft accepted the client secret and gave access')).toBeVisible();
  await expect(other.getByRole('region', { name: 'Sign-ins' }).getByText(ada.name), 'the user who began the sign-in is missing').toBeVisible();
  await page.goto(path);
  await page.getByText('Timeline', { exact: true }).click();
  await look('connector-with-a-timeline');
});

test('the expiry field accepts a day, or a period that Azure offers', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expect(page.getByRole('radio', { name: /^24 months/ })).toBeChecked();
  await expect(page.getByLabel(FORM.day, { exact: true })).toBeHidden();
  await expires(page, '');
  const path = await addConnector(page, { name: 'Unknown', client: { id: randomUUID(), secret: secret() }, expires: '' });
  await page.goto(path);
  await expect(page.getByText('unknown', { exact: true })).toBeVisible();
});
