// Accounts after they were connected: what happens to them when the provider forgets them, when the secret is wrong, when
// they move, and when an administrator ends them. The provider is the independent witness.

import { randomUUID } from 'node:crypto';
import { connect, connectDirectly, continueAtProvider, expectAccount, expectEnding, linkFor, makeLink, openAccount, untilAccount, verifiedConnector } from '../account-steps.ts';
import { expect, test } from '../fixtures.ts';
import { agree, entry, sayWho, setUp, state } from '../steps.ts';
import { ACCOUNT, ACCOUNTS, CONNECT, CONNECTOR, FORM, STATE } from '../words.ts';

const GRACE = 'grace@contoso.test';
const HEDY = 'hedy@contoso.test';

test('after the provider has forgotten every grant each account needs a sign-in, which keeps its address', { tag: '@plain' }, async ({
  page, app, provider, anotherBrowser, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  for (const login of [GRACE, HEDY]) await connectDirectly(page, app, path, login);
  await provider.forgetGrants();
  for (const login of [GRACE, HEDY]) {
    await openAccount(page, login);
    await page.getByRole('button', { name: ACCOUNTS.test }).click();
    await expect(page.getByRole('alert').filter({ hasText: ACCOUNTS.fails })).toContainText('Microsoft has ended the access.');
    await expect(state(page.getByRole('region', { name: 'State', exact: true }), ACCOUNT.needsSignIn)).toBeVisible();
  }
  await look('account-needs-sign-in');

  // One line at the connector, and one above the list.
  await page.goto(path);
  await page.getByRole('region', { name: ACCOUNTS.heading, exact: true }).getByRole('link', { name: '2 accounts: Needs sign-in' }).click();
  for (const login of [GRACE, HEDY]) await expect(state(entry(page, login), ACCOUNT.needsSignIn)).toBeVisible();
  await page.goto('/accounts');
  await expect(page.getByText(/^2 accounts need a sign-in\./)).toBeVisible();
  await look('accounts-need-sign-in');

  const account = await openAccount(page, GRACE);
  await page.getByRole('link', { name: ACCOUNTS.again, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: ACCOUNTS.link })).toBeVisible();
  await look('link-to-sign-in-again');
  const link = await makeLink(page);
  const { page: person } = await anotherBrowser();
  await person.goto(link);
  await expect(person.getByRole('heading', { level: 1 })).toHaveText(CONNECT.again);
  await look('connect-page-again', person);
  await continueAtProvider(person);
  await expect(person.getByRole('textbox', { name: 'Email' })).toHaveValue(GRACE);
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, CONNECT.connected);

  await expectAccount(page, account, ACCOUNT.connected);
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  await expect(page.getByRole('status').filter({ hasText: ACCOUNTS.works })).toBeVisible();
  await page.goto('/accounts');
  await expect(entry(page, GRACE)).toHaveCount(1);
  await expect(state(entry(page, HEDY), ACCOUNT.needsSignIn)).toBeVisible();
  // No storm: each account was tried once.
  const refreshes = (await provider.requests('token')).filter(({ grant_type: type }) => type === 'refresh_token');
  expect(refreshes.map(({ status }) => status)).toEqual([400, 400]);
});

test('with a wrong secret all accounts wait for the connector, and recover by themselves with a new one', async ({ page, app, provider, look }) => {
  // Shorter than a caller needs, so that each test of the access refreshes.
  await provider.set({ atTtl: 30 });
  await setUp(page, app);
  const { path, client } = await verifiedConnector(page, app, provider);
  for (const login of [GRACE, HEDY]) await connectDirectly(page, app, path, login);
  const [grace, hedy] = [await openAccount(page, GRACE), await openAccount(page, HEDY)];
  // The old secret does not work any more.
  const secret = `not-a-real-secret~${randomUUID()}`;
  await provider.register({ ...client, secret }, [app.redirectUri]);

  await page.goto(grace);
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  await expect(page.getByRole('alert').filter({ hasText: ACCOUNTS.fails })).toBeVisible();
  await expectAccount(page, grace, ACCOUNT.waiting);
  await look('account-waits-for-the-connector');
  // A refresh of another account confirms it, and all wait.
  await untilAccount(page, hedy, ACCOUNT.waiting);
  await page.getByRole('link', { name: ACCOUNTS.openConnector }).click();
  await expect(state(page.getByRole('main'), STATE.failing)).toBeVisible();
  await expect(page.getByRole('link', { name: '2 accounts: Waiting for the connector' })).toBeVisible();
  await look('connector-failing-with-accounts');

  await page.getByRole('link', { name: CONNECTOR.replace }).first().click();
  await page.getByLabel(FORM.secret, { exact: true }).fill(secret);
  await page.getByRole('button', { name: CONNECTOR.replace }).click();
  await expect(page.getByText('The client secret was replaced')).toBeVisible();
  for (const account of [grace, hedy]) await untilAccount(page, account, ACCOUNT.connected);
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  await expect(page.getByRole('status').filter({ hasText: ACCOUNTS.works })).toBeVisible();
});

test('an account moves with a link that was made for it, and any other link refuses', async ({ page, app, provider, anotherBrowser, look }) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  const { path: other } = await verifiedConnector(page, app, provider, 'Helpdesk');
  await connectDirectly(page, app, path, GRACE);
  const account = await openAccount(page, GRACE);

  const { page: person } = await anotherBrowser();
  await person.goto(await linkFor(page, app, other));
  await continueAtProvider(person);
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, CONNECT.elsewhere);
  await expect(person.getByText(`${GRACE} is already connected to Contoso Testing through other software.`)).toBeVisible();
  await expect(person.getByRole('button')).toHaveCount(0);
  await look('connect-other-connector', person);
  await page.goto(account);
  await expect(page.getByText(/^Connected through Mail archive\./)).toBeVisible();
  const history = page.getByRole('region', { name: 'History' });
  await expect(history).toContainText('although another connector has it');

  await page.getByRole('link', { name: ACCOUNTS.move }).click();
  const connector = page.getByRole('combobox', { name: ACCOUNTS.connector, exact: true });
  await expect(connector.locator('option:checked')).toHaveText('Mail archive (current)');
  await expect(connector).toHaveAccessibleDescription(/^Choose another connector to move the account there/);
  const link = await makeLink(page, { connector: 'Helpdesk' });
  const { page: owner } = await anotherBrowser();
  await connect(owner, link, GRACE);

  await expectAccount(page, account, ACCOUNT.connected);
  await expect(page.getByText(/^Connected through Helpdesk\./)).toBeVisible();
  await expect(history).toContainText('Moved from Mail archive to Helpdesk');
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  await expect(page.getByRole('status').filter({ hasText: ACCOUNTS.works })).toBeVisible();
  await look('account-moved');
});

test('an account is paused, resumed, disconnected, connected again and deleted', { tag: '@plain' }, async ({
  page, app, provider, anotherBrowser, look, expectStatus,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  await connectDirectly(page, app, path, GRACE);
  const account = await openAccount(page, GRACE);
  const shown = page.getByRole('region', { name: 'State', exact: true });

  await page.getByRole('button', { name: ACCOUNTS.pause, exact: true }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The account is paused' })).toBeVisible();
  await expect(state(shown, ACCOUNT.paused)).toBeVisible();
  await expect(page.getByRole('button', { name: ACCOUNTS.test })).toHaveCount(0);
  await look('account-paused');
  await page.getByRole('button', { name: ACCOUNTS.resume, exact: true }).click();
  await expect(page.getByRole('button', { name: ACCOUNTS.test })).toBeVisible();
  await expect(state(shown, ACCOUNT.paused)).toHaveCount(0);

  // Each question is behind a line that opens.
  const open = (words: string) => page.locator('summary').filter({ hasText: words }).click();
  await open(`Disconnect ${GRACE}`);
  await open(`Delete ${GRACE}`);
  await look('account-end-the-access');
  await page.getByRole('button', { name: ACCOUNTS.disconnect }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The account is disconnected' })).toBeVisible();
  await expect(state(shown, ACCOUNT.disconnected)).toBeVisible();
  await look('account-disconnected');

  await page.getByRole('link', { name: ACCOUNTS.again, exact: true }).click();
  const { page: owner } = await anotherBrowser();
  await connect(owner, await makeLink(page), GRACE);
  await expectAccount(page, account, ACCOUNT.connected);

  await open(`Delete ${GRACE}`);
  await page.getByRole('button', { name: ACCOUNTS.delete }).click();
  await expect(page).toHaveURL('/accounts');
  await expect(page.getByRole('status').filter({ hasText: 'The account was deleted' })).toContainText(GRACE);
  await look('account-deleted');
  expectStatus(404);
  await page.goto(account);
  await expect(page.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeVisible();
});

test('a connector with accounts is deleted after its Service Name was typed, and its links stop at once', { tag: '@plain' }, async ({
  page, app, provider, anotherBrowser, look, expectStatus,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  for (const login of [GRACE, HEDY]) await connectDirectly(page, app, path, login);
  const link = await linkFor(page, app, path);
  const { page: person, watch } = await anotherBrowser();
  await person.goto(link);

  await page.goto(path);
  await page.getByRole('link', { name: CONNECTOR.delete, exact: true }).click();
  await expect(page.getByText('Its 2 accounts are deleted: your software loses the access to those mailboxes.')).toBeVisible();
  await look('delete-with-accounts');
  const name = page.getByRole('textbox', { name: FORM.serviceName });
  const button = page.getByRole('button', { name: 'Delete the connector' });
  await name.fill('Mail');
  await button.click();
  await expect(name).toHaveAccessibleDescription(/This is not the Service Name of this connector\./);
  await expect(name).toBeFocused();
  await look('delete-with-a-wrong-name');
  await name.fill('Mail archive');
  // The job may remove the connector before the browser asks for its page.
  expectStatus(404);
  await button.click();
  const deleted = page.getByText('Being deleted', { exact: true }).first();
  await expect(deleted.or(page.getByRole('heading', { name: 'There is no such page' }))).toBeVisible();
  if (await deleted.isVisible()) await look('connector-being-deleted');
  const gone = async () => (await page.request.get(path)).status() === 404;
  await expect.poll(gone, { message: 'a job deletes the accounts and the connector', timeout: 60_000 }).toBe(true);
  await page.goto('/accounts');
  await expect(page.getByRole('heading', { name: ACCOUNTS.none })).toBeVisible();
  watch.expectStatus(404);
  await person.getByRole('button', { name: CONNECT.continue }).click();
  await expect(person.getByRole('heading', { level: 1 })).toHaveText('This link does not work');
});
