// From a verified connector to a connected mailbox: the way of an administrator and of a person without a user, with an
// independent provider. The endings in all their words are tests of the server.

import { callbackOfLink, connect, continueAtProvider, expectEnding, linkFor, makeLink, openAccount, shownLink, verifiedConnector } from '../account-steps.ts';
import { expect, test } from '../fixtures.ts';
import { agree, entry, sayWho, setUp, state, tabTo } from '../steps.ts';
import { ACCOUNT, ACCOUNTS, APPEARANCE, CONNECT, LINK, RETURN_ADDRESSES } from '../words.ts';

const GRACE = 'grace@contoso.test';

test('from a connector that works to the first account, which its administrator tests', { tag: '@plain' }, async ({
  page, app, provider, anotherBrowser, look,
}) => {
  const ada = await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  const outcome = page.url();
  await page.goto('/accounts');
  await expect(page.getByRole('heading', { name: ACCOUNTS.none })).toBeVisible();
  await look('accounts-empty');

  await page.goto(outcome);
  await page.getByRole('link', { name: ACCOUNTS.first }).click();
  await expect(page.getByRole('heading', { level: 1, name: ACCOUNTS.add })).toBeVisible();
  await expect(page.getByRole('combobox', { name: ACCOUNTS.connector, exact: true }).locator('option:checked')).toHaveText('Mail archive');
  await look('add-account');
  const link = await makeLink(page, { email: GRACE, name: 'Grace Hopper' });
  await expect(page.getByRole('group', { name: 'Message to send' })).toContainText(link);
  await look('link-made');

  // A browser in which no user is logged in.
  const { page: person } = await anotherBrowser();
  await person.goto(link);
  await expect(person.getByRole('heading', { level: 1 })).toHaveText(CONNECT.heading);
  for (const words of ['Read your mail', 'Send mail in your name', 'Read your contacts']) {
    await expect(person.getByText(words, { exact: true })).toBeVisible();
  }
  await expect(person.getByText(`For the mailbox ${GRACE}`)).toBeVisible();
  await expect(person.getByText(/^This link works until .+\sUTC \(in 7 days\)\.$/)).toBeVisible();
  // Nothing else of the organisation, and nothing of this program.
  await expect(person.getByRole('navigation')).toHaveCount(1);
  await expect(person.getByRole('banner')).toHaveCount(0);
  for (const hidden of ['Mail360', ada.name, ada.email]) await expect(person.locator('body')).not.toContainText(hidden);
  await look('connect-page', person);

  await continueAtProvider(person);
  await expect(person.getByRole('textbox', { name: 'Email' })).toHaveValue(GRACE);
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, CONNECT.connected);
  await expect(person.getByText(`The software “Mail archive” of Contoso Testing can use ${GRACE} now.`)).toBeVisible();
  await expect(person.getByText(CONNECT.close)).toBeVisible();
  await look('connect-connected', person);
  // The address of the link is a secret: the provider does not get it.
  expect((await provider.requests('authorize')).at(-1)).toMatchObject({ login_hint: GRACE, site: 'cross-site', referer: null });

  await page.goto('/connectors');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: ACCOUNTS.heading, exact: true }).click();
  const row = entry(page, GRACE);
  await expect(row).toContainText('Grace Hopper');
  await expect(state(row, ACCOUNT.connected)).toBeVisible();
  await look('accounts');

  await row.getByRole('link', { name: GRACE, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: GRACE })).toBeVisible();
  await expect(state(page.getByRole('region', { name: 'State', exact: true }), ACCOUNT.connected)).toBeVisible();
  const forecast = page.getByRole('region', { name: 'What happens next' });
  for (const words of [/Next refresh: .+ UTC \(in \d+ hours\)/, /Without a refresh, Microsoft ends the access on .+ \(in \d+ (days|months)\)/, /client secret is .+\(/]) {
    await expect(forecast).toContainText(words);
  }
  await look('account-connected');
  await page.getByRole('button', { name: ACCOUNTS.test }).click();
  const tested = page.getByRole('status').filter({ hasText: ACCOUNTS.works });
  await expect(tested).toContainText(/Newest message: 28 Nov 2026, 09:30 UTC \(.+\)\. Contacts: 12\./);
  await look('account-tested');
  expect((await provider.requests('mailbox')).map(({ status }) => status)).toEqual([200, 200, 200]);

  await page.goto(path);
  const accounts = page.getByRole('region', { name: ACCOUNTS.heading, exact: true });
  await expect(accounts.getByRole('link', { name: '1 account: Connected' })).toBeVisible();
  await look('connector-with-accounts');
  await accounts.getByRole('link', { name: LINK.noneOpen }).click();
  await expect(page.getByRole('heading', { level: 1, name: LINK.list })).toBeVisible();
  await expect(entry(page, GRACE)).toContainText('Used');
  await look('links');
});

test('the wrong mailbox is refused with another try, and what was not granted is named and asked for again', async ({
  page, app, provider, anotherBrowser, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  const link = await linkFor(page, app, path, { expected_email: GRACE });
  const { page: person } = await anotherBrowser();
  await person.goto(link);
  await continueAtProvider(person);
  await sayWho(person, 'bob@contoso.test');
  await agree(person);
  await expectEnding(person, CONNECT.wrong);
  await expect(person.getByText(`You signed in as bob@contoso.test, but this link is for ${GRACE}. Nothing was connected.`)).toBeVisible();
  await look('connect-wrong-mailbox', person);

  // Without this permission nothing is connected.
  await provider.set({ scope: 'missing-required' });
  await continueAtProvider(person, CONNECT.chooseAnother);
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, CONNECT.missing);
  await expect(person.getByRole('listitem').filter({ hasText: 'See your name and your email address' })).toBeVisible();
  await look('connect-permissions-missing', person);

  // Without this one the mailbox is connected. The provider knows who is there and asks for the permissions only.
  await provider.set({ scope: 'missing-optional' });
  const askAgain = async () => {
    await person.getByRole('button', { name: CONNECT.askAgain }).click();
    await expect(person.getByRole('heading', { name: 'Permissions requested' })).toBeVisible();
    await agree(person);
    await expectEnding(person, CONNECT.connected);
  };
  await askAgain();
  const missing = person.getByRole('listitem').filter({ hasText: 'Send mail in your name' });
  await expect(missing).toBeVisible();
  await look('connect-permission-missing', person);
  const account = await openAccount(page, GRACE);
  await expect(page.getByRole('region', { name: 'What your software may do' })).toContainText('Send mail in your name (not granted)');
  await look('account-without-a-permission');

  await provider.set({ scope: 'short' });
  await askAgain();
  await expect(missing).toHaveCount(0);
  await page.goto(account);
  await expect(page.getByText('(not granted)')).toHaveCount(0);
});

test.describe('with a moving clock', () => {
  test.use({ installation: { movable: true } });

  test('a used, a revoked and an expired link say so and whom to ask', async ({ page, app, provider, anotherBrowser, look }) => {
    await setUp(page, app);
    const { path } = await verifiedConnector(page, app, provider);
    const { page: person, watch } = await anotherBrowser();
    const expectBroken = async (heading: string) => {
      await expect(person.getByRole('heading', { level: 1 })).toHaveText(heading);
      await expect(person.getByText(/ask Contoso Testing for a new link/i)).toBeVisible();
      await expect(person.getByRole('button')).toHaveCount(0);
    };
    const used = await linkFor(page, app, path);
    await connect(person, used, GRACE);
    watch.expectStatus(410);
    await person.goto(used);
    await expectBroken(CONNECT.used);
    await look('connect-link-used', person);

    // Its page was open before it was revoked.
    await person.goto(await linkFor(page, app, path));
    await page.goto(path);
    await page.getByRole('link', { name: LINK.open }).click();
    await page.getByRole('button', { name: LINK.revoke }).click();
    await expect(entry(page, 'Any mailbox').filter({ hasText: 'Revoked' })).toHaveCount(1);
    watch.expectStatus(410);
    await person.getByRole('button', { name: CONNECT.continue }).click();
    await expectBroken(CONNECT.revoked);

    const expired = await linkFor(page, app, path, { life: '1' });
    app.advance(24 * 60 * 60 + 60);
    watch.expectStatus(410);
    await person.goto(expired);
    await expectBroken(CONNECT.expired);
  });
});

test('after a success the person goes back to the application, and otherwise finds the way there', async ({
  page, app, provider, anotherBrowser, look,
}) => {
  const address = 'https://crm.contoso.example/mailboxes';
  await setUp(page, app);
  await verifiedConnector(page, app, provider);
  await page.goto('/connectors');
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: RETURN_ADDRESSES.heading }).click();
  await page.getByRole('textbox', { name: RETURN_ADDRESSES.address, exact: true }).fill(address);
  await page.getByRole('button', { name: RETURN_ADDRESSES.add }).click();
  const secret = page.getByRole('status').filter({ hasText: RETURN_ADDRESSES.secret });
  await expect(secret).toContainText(address);
  const key = await secret.locator('p', { hasText: 'kid' }).locator('code').last().innerText();
  await look('return-address-with-its-secret');

  const add = async () => {
    await page.goto('/accounts/new');
    return makeLink(page, { returnAddress: address });
  };
  const { page: person, context } = await anotherBrowser();
  await context.route('https://crm.contoso.example/**', (route) => route.fulfill({ contentType: 'text/html', body: '<h1>Welcome back</h1>' }));
  await person.goto(await add());
  await continueAtProvider(person);
  await person.getByRole('button', { name: 'Cancel' }).click();
  await expectEnding(person, CONNECT.cancelled);
  const back = person.getByRole('link', { name: 'Back to crm.contoso.example' });
  await expect(back).toHaveAttribute('href', /[?&]status=cancelled\b/);
  await look('connect-cancelled', person);

  await continueAtProvider(person, CONNECT.tryAgain);
  await sayWho(person, GRACE);
  await agree(person);
  await expect(person.getByRole('heading', { name: 'Welcome back' })).toBeVisible();
  const arrived = new URL(person.url());
  expect(`${arrived.origin}${arrived.pathname}`).toBe(address);
  const account = await openAccount(page, GRACE);
  expect(Object.fromEntries(arrived.searchParams)).toMatchObject({
    status: 'connected', account_key: account.split('/').at(-1), kid: key, signature: expect.stringMatching(/\S/),
  });
});

/** What a reader of each language finds behind a link. */
const LANGUAGES = [
  { code: 'en', heading: 'Contoso Werke asks to connect your mailbox', contact: 'Contact:', privacy: 'Privacy notice', button: 'Continue with Microsoft' },
  { code: 'de', heading: 'Contoso Werke möchte Ihr Postfach verbinden', contact: 'Kontakt:', privacy: 'Datenschutzhinweise', button: 'Weiter mit Microsoft' },
  { code: 'fr', heading: 'Contoso Werke souhaite connecter votre messagerie', contact: /Contact\s:/, privacy: 'Politique de confidentialité', button: 'Continuer avec Microsoft' },
  { code: 'es', heading: 'Contoso Werke desea conectar su buzón', contact: 'Contacto:', privacy: 'Aviso de privacidad', button: 'Continuar con Microsoft' },
];

test('the pages behind a link have four languages and say who asks, also if a program fetched the link before', async ({
  page, app, provider, anotherBrowser, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  await page.goto('/settings/appearance');
  await page.getByRole('textbox', { name: APPEARANCE.name }).fill('Contoso Werke');
  await page.getByRole('textbox', { name: APPEARANCE.contact, exact: true }).fill('mailboxes@contoso.test');
  await page.getByRole('textbox', { name: APPEARANCE.privacy }).fill('https://contoso.example/privacy');
  await page.getByRole('button', { name: APPEARANCE.save, exact: true }).click();
  await expect(page.getByText(/^Saved\./)).toBeVisible();
  const link = await linkFor(page, app, path);

  // As mail programs and chat tools do.
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
    const answer = await fetch(link, { method });
    expect([answer.status, answer.headers.get('x-robots-tag')], method).toEqual([200, expect.stringContaining('noindex')]);
  }
  for (const { code, heading, contact, privacy, button } of LANGUAGES) {
    // The language that the browser prefers.
    const { page: person } = await anotherBrowser(code);
    await person.goto(link);
    await expect(person.getByRole('heading', { level: 1 })).toHaveText(heading);
    await expect(person.locator('html')).toHaveAttribute('lang', code);
    await expect(person.getByRole('button', { name: button, exact: true })).toBeVisible();
    const foot = person.locator('footer');
    await expect(foot).toContainText(contact);
    await expect(foot.getByRole('link', { name: 'mailboxes@contoso.test' })).toHaveAttribute('href', 'mailto:mailboxes@contoso.test');
    await expect(foot.getByRole('link', { name: privacy })).toHaveAttribute('href', 'https://contoso.example/privacy');
    await look(`connect-page-${code}`, person);
  }

  // A language chosen on the page is kept on the way through the provider. The link that was fetched before works.
  const { page: person } = await anotherBrowser('es');
  await person.goto(link);
  await person.getByRole('link', { name: 'Deutsch', exact: true }).click();
  await expect(person.getByRole('heading', { level: 1 })).toHaveText('Contoso Werke möchte Ihr Postfach verbinden');
  await continueAtProvider(person, 'Weiter mit Microsoft');
  await sayWho(person, GRACE);
  await agree(person);
  await expectEnding(person, 'Ihr Postfach ist verbunden');
  await expect(person.locator('footer').getByRole('link', { name: 'Datenschutzhinweise' })).toBeVisible();
  await look('connect-connected-de', person);
});

test('with the keyboard alone an administrator makes a link and a person connects a mailbox', async ({ page, app, provider, anotherBrowser }) => {
  await setUp(page, app);
  await verifiedConnector(page, app, provider);
  await tabTo(page, page.getByRole('link', { name: ACCOUNTS.first }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: ACCOUNTS.add })).toBeVisible();
  await tabTo(page, page.getByRole('textbox', { name: LINK.email }));
  await page.keyboard.type(GRACE);
  await tabTo(page, page.getByRole('button', { name: LINK.make, exact: true }));
  await page.keyboard.press('Enter');
  const link = await shownLink(page);

  const { page: person } = await anotherBrowser();
  await person.goto(link);
  // The message for an administrator opens, and its text can be scrolled.
  await tabTo(person, person.locator('summary').filter({ hasText: CONNECT.administrator }));
  await person.keyboard.press('Enter');
  await tabTo(person, person.getByRole('group', { name: CONNECT.message }));
  // From the top again.
  await person.reload();
  await tabTo(person, person.getByRole('button', { name: CONNECT.continue }));
  await person.keyboard.press('Enter');
  await expect(person.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  await tabTo(person, person.getByRole('button', { name: 'Sign in' }));
  await person.keyboard.press('Enter');
  await expect(person.getByRole('heading', { name: 'Permissions requested' })).toBeVisible();
  await tabTo(person, person.getByRole('button', { name: 'Accept' }));
  await person.keyboard.press('Enter');
  await expectEnding(person, CONNECT.connected);
  await expect(person.getByRole('heading', { level: 1 }), 'a screen reader begins with the ending').toBeFocused();

  await tabTo(page, page.getByRole('link', { name: 'Go to Accounts' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('link', { name: GRACE, exact: true }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: GRACE })).toBeVisible();
  await tabTo(page, page.getByRole('button', { name: ACCOUNTS.test }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: ACCOUNTS.works })).toBeVisible();
});

test('another browser cannot finish a sign-in that a link has started, nor see how it ended', async ({ page, app, provider, anotherBrowser, look }) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  const { page: person, context } = await anotherBrowser();
  const { page: thief, watch } = await anotherBrowser();
  const link = await linkFor(page, app, path);
  const callback = await callbackOfLink(person, app, link, GRACE);
  watch.expectStatus(400);
  await thief.goto(callback);
  await expect(thief.getByText('If you opened a link inside another app, open it again in your usual browser.')).toBeVisible();
  await look('callback-of-another-browser', thief);
  await person.goto(callback);
  await expectEnding(person, CONNECT.connected);
  watch.expectStatus(404);
  await thief.goto(person.url());
  await expect(thief.locator('body')).not.toContainText(GRACE);
  for (const cookie of await context.cookies(app.url)) {
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  }
  // One for the test of the connector, and one for the mailbox.
  expect(await provider.exchanges()).toHaveLength(2);
});
