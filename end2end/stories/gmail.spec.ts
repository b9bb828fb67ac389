// Gmail from the first click to a mailbox that programs can use: an administrator who has never seen Google Cloud, and the
// owner of the mailbox. The stand-in for Google is the independent witness.

import { account, chooseGmail, choosePermissions, connectAtGoogle, GOOGLE, goToGoogle, PERMISSIONS, verifiedGmail } from '../google-steps.ts';
import { expect, test } from '../google-stories.ts';
import { expectEnding, makeLink, openAccount } from '../account-steps.ts';
import { agree, entry, expectHydrated, expectOutcome, expectState, logOut, sayWho, setUp, setUpByHand, state, tabTo } from '../steps.ts';
import { ACCOUNT, ACCOUNTS, CONNECT, CONNECTORS, FORM, LOG_IN, STATE } from '../words.ts';

const GRACE = 'grace@contoso.test';

test('a first-time administrator gets from the set-up link to a Gmail mailbox that works', { tag: '@plain' }, async ({ page, app, google, anotherBrowser, look }) => {
  await setUpByHand(page, app);
  await page.getByRole('link', { name: CONNECTORS.add }).first().click();
  await chooseGmail(page);
  await expect(page.getByText(`${app.url}/api/connectors`).filter({ visible: true }).first()).toBeVisible();
  await look('gmail-add-connector');

  const client = await google.addClient(app.redirectUri);
  await page.getByRole('checkbox', { name: GOOGLE.firstStep }).check();
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Gmail archive');
  await page.getByRole('textbox', { name: FORM.clientId }).fill(client.id);
  await page.getByLabel(FORM.secret, { exact: true }).fill(client.secret);
  await choosePermissions(page);
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(GOOGLE.added)).toBeVisible();
  // Adding it has tried the credentials, with a code that Google has not given.
  expect(await google.requests('token')).toMatchObject([{ grant_type: 'authorization_code', status: 400, error: 'invalid_grant', client_id: client.id, has_secret: true }]);
  const path = new URL(page.url()).pathname;
  await expect(state(page.getByRole('main'), STATE.not)).toBeVisible();
  await expect(page.getByText('Google accepts the Client ID and the Client Secret')).toBeVisible();
  await look('gmail-connector-added');

  await goToGoogle(page, google);
  await sayWho(page, GRACE);
  for (const permission of PERMISSIONS) await expect(page.getByText(permission, { exact: true })).toBeVisible();
  await agree(page);
  await expectOutcome(page);
  await expect(page.getByRole('heading', { level: 1, name: GOOGLE.works })).toBeVisible();
  await look('gmail-sign-in-succeeded');
  expect(await google.requests('authorize')).toMatchObject([{
    client_id: client.id, redirect_uri: app.redirectUri, access_type: 'offline', prompt: 'consent select_account', code_challenge_method: 'S256', has_nonce: true, referer: null,
  }]);
  const outcome = page.url();
  await expectState(page, path, STATE.verified);
  await page.goto('/connectors');
  await expect(state(entry(page, 'Gmail archive'), STATE.verified)).toBeVisible();
  await look('gmail-connectors');

  await page.goto(outcome);
  await page.getByRole('link', { name: ACCOUNTS.first }).click();
  const link = await makeLink(page, { email: GRACE, name: 'Grace Hopper' });
  const { page: person } = await anotherBrowser();
  await person.goto(link);
  await expect(person.getByRole('heading', { level: 1 })).toHaveText(CONNECT.heading);
  await look('gmail-connect-page', person);
  await connectAtGoogle(person, GRACE);
  await expectEnding(person, CONNECT.connected);
  await look('gmail-connected', person);

  await openAccount(page, GRACE);
  await expect(state(account(page), ACCOUNT.connected)).toBeVisible();
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  await expect(page.getByRole('status').filter({ hasText: ACCOUNTS.works })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Newest message:');
  await expect(page.getByRole('main')).toContainText('Contacts: 12.');
  await look('gmail-account');
});

test('with the keyboard alone an administrator gets to a verified Gmail connector', async ({ page, app, google, look }) => {
  const ada = await setUp(page, app);
  await logOut(page, ada);
  await page.goto('/login');
  await expect(page.getByRole('textbox', { name: LOG_IN.email })).toBeFocused();
  await page.keyboard.type(ada.email);
  await tabTo(page, page.getByLabel(LOG_IN.password, { exact: true }));
  await page.keyboard.type(ada.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  await tabTo(page, page.getByRole('link', { name: CONNECTORS.add }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: FORM.heading })).toBeVisible();
  await tabTo(page, page.getByRole('group', { name: FORM.provider }).getByRole('link', { name: GOOGLE.card }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/provider=google/);
  await expectHydrated(page);
  const step = page.getByRole('checkbox', { name: GOOGLE.firstStep });
  await tabTo(page, step);
  await page.keyboard.press('Space');
  await expect(step).toBeChecked();
  const mark = page.locator('summary').filter({ hasText: 'Help: Client Secret' });
  await tabTo(page, mark);
  await page.keyboard.press('Enter');
  await expect(page.getByText('The password of your OAuth client.')).toBeVisible();
  await look('gmail-first-time-help-and-ticks');

  const client = await google.addClient(app.redirectUri);
  await page.goto(GOOGLE.form);
  await expectHydrated(page);
  for (const [field, text] of [
    [page.getByRole('textbox', { name: FORM.serviceName }), 'Gmail archive'], [page.getByRole('textbox', { name: FORM.clientId }), client.id],
    [page.getByLabel(FORM.secret, { exact: true }), client.secret],
  ] as const) {
    await tabTo(page, field);
    await page.keyboard.type(text);
  }
  await page.keyboard.press('Enter');
  await expect(page.getByText(GOOGLE.added)).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: GOOGLE.verify }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  await tabTo(page, page.getByRole('textbox', { name: 'Email' }));
  await page.keyboard.type(GRACE);
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Accept' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: GOOGLE.works })).toBeVisible();
});

test('a wrong secret is told when the connector is added, and a Redirect URI that Google does not have', { tag: '@plain' }, async ({ page, app, google, look }) => {
  await setUp(page, app);
  const client = await google.addClient(`${app.redirectUri}/`);
  const typed = async (name: string, secret: string): Promise<void> => {
    await page.goto(GOOGLE.form);
    await page.getByRole('textbox', { name: FORM.serviceName }).fill(name);
    await page.getByRole('textbox', { name: FORM.clientId }).fill(client.id);
    await page.getByLabel(FORM.secret, { exact: true }).fill(secret);
    await page.getByRole('button', { name: FORM.add, exact: true }).click();
    await expect(page.getByText(GOOGLE.added)).toBeVisible();
  };
  await typed('Wrong secret', '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t0');
  await expect(page.getByRole('main')).toContainText('invalid_client');
  await expect(state(page.getByRole('main'), STATE.failing)).toBeVisible();
  await look('gmail-wrong-secret');
  await typed('Other address', client.secret);
  await expect(page.getByRole('main')).toContainText('redirect_uri_mismatch');
  await look('gmail-redirect-uri-missing');
});

test('a person who unticks a permission is told which one, and is asked again', async ({ page, app, google, anotherBrowser, look }) => {
  await setUp(page, app);
  await verifiedGmail(page, app, google);
  await page.getByRole('link', { name: ACCOUNTS.first }).click();
  const link = await makeLink(page, { email: GRACE });
  const { page: person } = await anotherBrowser();
  await person.goto(link);
  await person.getByRole('button', { name: GOOGLE.connect, exact: true }).click();
  await sayWho(person, GRACE);
  await person.getByRole('checkbox', { name: /contacts$/ }).uncheck();
  await agree(person);
  // The mail is connected; what the contacts need is named.
  await expectEnding(person, CONNECT.connected);
  await expect(person.getByRole('listitem').filter({ hasText: /contacts/i })).toBeVisible();
  await look('gmail-permission-unticked', person);
  await person.getByRole('button', { name: CONNECT.askAgain }).click();
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, CONNECT.connected);
  await expect(person.getByRole('button', { name: CONNECT.askAgain })).toHaveCount(0);
});

test('a disconnected account is revoked at Google', async ({ page, app, google, anotherBrowser }) => {
  await setUp(page, app);
  await verifiedGmail(page, app, google);
  await page.getByRole('link', { name: ACCOUNTS.first }).click();
  const { page: person } = await anotherBrowser();
  await person.goto(await makeLink(page, { email: GRACE }));
  await connectAtGoogle(person, GRACE);
  await expectEnding(person, CONNECT.connected);
  await openAccount(page, GRACE);
  await page.locator('summary').filter({ hasText: `Disconnect ${GRACE}` }).click();
  await page.getByRole('button', { name: ACCOUNTS.disconnect }).click();
  await expect(state(account(page), ACCOUNT.disconnected)).toBeVisible();
  expect(await google.requests('revoke')).toMatchObject([{ login: GRACE, status: 200, query: false }]);
});
