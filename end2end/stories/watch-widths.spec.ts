// Every page once, at nine widths and with two font sizes, with names and emails that are as long as they may be. Further
// states of a page at three widths. The pages of accounts are in `watch-accounts.spec.ts`.

import { randomUUID } from 'node:crypto';
import { expect } from '../fixtures.ts';
import { addDirectly, authenticator, callbackOf, expectOutcome, invite, logIn, logOut, setUp, signInDirectly, somebody, startSignIn } from '../steps.ts';
import { hiddenFields } from '../support/forms.ts';
import { test } from '../visits.ts';
import { CONNECTOR, FORM, PEOPLE } from '../words.ts';

/** A name of 60 characters, which has no place to break after the first word. */
const PERSON = 'Wolfeschlegelsteinhausenbergerdorff '.padEnd(60, 'x');
/** Emails of 80 characters. */
const email = (letter: string) => `${letter.repeat(56)}@contoso-subsidiary.test`;
const ada = () => ({
  ...somebody(), name: PERSON, email: email('a'), organisation: 'Contoso Testing and Certification of Long Names Company GmbH',
});
/** Names of 60 characters: one word, many words, and another direction. */
const CONNECTORS = ['W'.repeat(60), 'Archive of all invoices, reminders and complaints of the EU', 'صندوق البريد الخاص بالفواتير'];

const client = () => ({ id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` });

const NO_SUCH_ID = '01932b5e-0000-7000-8000-000000000001';

test.describe('with a moving clock', () => {
  test.use({ installation: { movable: true } });

  test('the pages of users and settings are whole at every width', async ({ page, app, visit, visitState }) => {
    const person = ada();
    const setUpLink = await app.setUpLink();
    await visit('set-up', setUpLink);
    const founder = { organisation: '', name: '', email: 'no email', password: 'short' };
    await visitState('set-up-with-an-error', { action: new URL(setUpLink).pathname, fields: founder }, 422);
    await setUp(page, app, person);
    await visit('connectors-empty', '/connectors');
    await visit('profile', '/profile');
    await visit('second-factor', '/profile/second-factor');
    await visit('activity', '/settings/activity');
    await visitState('activity-nothing-fits', `/settings/activity?about=${NO_SUCH_ID}`);
    await visit('nothing-there', '/nothing-here', 404);
    await visit('people', '/settings/people');
    const pathOf = async (name: string) => (await page.getByRole('main').getByRole('link', { name }).getAttribute('href')) ?? '';
    await visit('user', await pathOf(PERSON));
    await visitState('people-with-an-error', { action: '/settings/people', fields: { email: 'no email', role: 'viewer' } }, 422);
    await page.goto('/settings/people');
    await expect(page.getByRole('heading', { level: 1, name: PEOPLE.heading })).toBeVisible();
    const link = await invite(page, email('w'));
    await visit('people-invited');
    await visit('appearance', '/settings/appearance');
    const noPage = { action: '/settings/appearance', fields: { version: '0', name: 'W'.repeat(60), privacy_url: 'nowhere' } };
    await visitState('appearance-with-an-error', noPage, 422);
    await visit('return-addresses-empty', '/settings/return-addresses');
    const address = (typed: string) => ({ action: '/settings/return-addresses', fields: { address: typed } });
    await visitState('return-addresses-with-an-error', address('nowhere'), 422);
    await visitState('return-address-added', address(`https://crm.contoso.example/${'w'.repeat(60)}`));
    await visit('return-addresses', '/settings/return-addresses');

    await visit('api-access-empty', '/settings/api-access');
    await visit('api-client-new', '/settings/api-access/new');
    const newClient = (fields: Record<string, string>) => ({ action: '/settings/api-access/new', fields });
    await visitState('api-client-with-an-error', newClient({ name: '', rate: '0' }), 422);
    await visitState('api-key-new', newClient({ name: 'W'.repeat(60), scopes: 'MailApps.proxy.ALL', reach: 'all' }));
    await visit('api-access', '/settings/api-access');
    const apiClient = await pathOf('W'.repeat(60));
    await visit('api-client', apiClient);
    await visit('api-client-edit', `${apiClient}/edit`);
    await visit('api-calls', '/logs/api');

    const vera = { ...somebody('Vera Viewer'), email: email('v') };
    const added = await app.command(['user', 'add', '--email', vera.email, '--name', vera.name, '--role', 'viewer'], `${vera.password}\n`);
    expect(added, added.stderr).toMatchObject({ code: 0 });
    await page.goto('/settings/people');
    const other = await pathOf(vera.name);
    await visitState('user-new-password', { action: other, fields: { change: 'new-password' } });
    await visitState('user-changed', { action: other, fields: { change: 'disable' } });

    await visitState('second-factor-begun', { action: '/profile/second-factor', fields: {} });
    await expect(page.getByRole('img', { name: /QR code/ })).toBeVisible();
    const phone = await authenticator(page, app);
    const finish = (code: string) => ({ action: '/profile/second-factor/finish', fields: { code } });
    await visitState('second-factor-with-an-error', finish('12345'), 422);
    await visitState('recovery-codes', finish(phone.code()));
    await visitState('second-factor-works', '/profile/second-factor');

    app.advance(601);
    await visit('confirm', '/re-authenticate?next=%2Fsettings%2Fpeople');
    const wrong = { confirm_password: 'certainly not this one', confirm_next: '/settings/people' };
    await visitState('confirm-with-an-error', { action: '/re-authenticate', fields: wrong }, 422);
    await page.goto('/connectors');
    await logOut(page, person);
    await visit('invitation', link);
    await visitState('link-that-no-longer-works', `/invitations/${'A'.repeat(43)}`, 404);
    await visit('connect-link-unknown', `/connect/${'A'.repeat(43)}?language=de`, 404);
    await visit('log-in', '/login');
    const logInWith = (password: string) => ({ action: '/login', fields: { email: person.email, password } });
    await visitState('log-in-with-an-error', logInWith('certainly not this one'), 401);
    await expect(page).toHaveTitle(/^Error: /);
    await visitState('log-in-code', logInWith(person.password));
  });
});

test('the pages of connectors are whole at every width', async ({ page, app, provider, visit, visitState, context }) => {
  const person = ada();
  await setUp(page, app, person);
  const [first, second, third] = CONNECTORS;
  const path = await addDirectly(page, app, { name: first ?? '', client: await provider.addClient(app.redirectUri) });
  await visit('connector-added');
  await signInDirectly(page, app, path);
  await visit('sign-in-works');
  await visit('connector', path);
  for (const part of ['edit', 'secret', 'delete', 'sign-ins', 'pasted-error']) await visit(`connector-${part}`, `${path}/${part}`);
  await page.goto(`${path}/secret`);
  // The scripts of the pages would not send such forms.
  const replacing = { ...hiddenFields(await page.content()), client_secret: randomUUID() };
  await visitState('connector-secret-with-an-error', { action: '/do/connectors/replace-secret', fields: replacing });
  await expect(page).toHaveTitle(/^Error: /);

  const wrong = { ...(await provider.addClient(app.redirectUri)), secret: 'not-a-real-secret~another' };
  const failing = await addDirectly(page, app, { name: second ?? '', client: wrong });
  await signInDirectly(page, app, failing);
  await visit('sign-in-wrong-secret');
  await visit('connector-failing', failing);

  const soon = new Date(Date.now() + 20 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  await addDirectly(page, app, { name: third ?? '', client: client(), expires: soon });
  await visit('connectors', '/connectors');
  await visitState('connectors-none-found', '/connectors?search=nothing+like+this');
  await visit('add-connector-without-the-guide', '/connectors/new?guide=closed');
  // The page remembers that the guide was hidden.
  await visit('add-connector', '/connectors/new?guide=open');
  await visit('add-connector-gmail', '/connectors/new?provider=google&guide=open');
  await page.goto('/connectors/new?guide=open');
  const adding = { ...hiddenFields(await page.content()), provider: 'outlook', service_name: '', client_id: 'no client id', client_secret: randomUUID() };
  await visit('add-connector-with-errors', { action: '/do/connectors/add', fields: adding });
  const summary = page.getByRole('alert').getByRole('heading');
  await expect(summary).toContainText('fields need your attention');
  await visitState('add-connector-without-the-guide-with-errors', '/connectors/new?guide=closed');
  await expect(summary).toContainText('fields need your attention');

  // Another window saves a change first.
  await page.goto(`${path}/edit`);
  const other = await context.newPage();
  await other.goto(`${path}/edit`);
  await other.getByRole('textbox', { name: FORM.serviceName }).fill('Saved first');
  await other.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(other.getByRole('heading', { level: 1, name: 'Saved first' })).toBeVisible();
  await other.close();
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Saved second');
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByRole('main').getByText('Saved first').first()).toBeVisible();
  await visit('edit-with-a-conflict');

  await page.goto(`${failing}/delete`);
  await visitState('connector-deleted', { action: '/do/connectors/delete', fields: hiddenFields(await page.content()) });
  await expect(page.getByText('The connector was deleted')).toBeVisible();

  const vera = { ...somebody('Vera Viewer'), email: email('v'), organisation: person.organisation };
  const added = await app.command(['user', 'add', '--email', vera.email, '--name', vera.name, '--role', 'viewer'], `${vera.password}\n`);
  expect(added, added.stderr).toMatchObject({ code: 0 });
  await context.clearCookies();
  await logIn(page, vera);
  await visit('connectors-for-a-viewer', '/connectors');
  await visit('connector-for-a-viewer', path);
});

/** An error of Microsoft's own page, about a Redirect URI. */
const mismatch = (uri: string) => `AADSTS50011: The redirect URI '${uri}' specified in the request does not match the redirect URIs configured for the application '1b4e28ba-2fa1-11d2-883f-0016d3cca427'.`;

test('the pages of sign-ins and approvals are whole at every width', async ({ page, app, provider, visit, visitState }) => {
  await setUp(page, app, ada());
  const path = await addDirectly(page, app, { name: CONNECTORS[1] ?? '', client: await provider.addClient(app.redirectUri) });
  const reference = /state=(consent\.[\w-]+)/.exec(await page.content())?.[1] ?? '';
  expect(reference, 'the page of the connector has a link for approval').not.toBe('');

  // Its message has the longest address.
  const { authorize } = await startSignIn(page, app, path);
  const state = authorize.searchParams.get('state') ?? '';
  const refusal = { error: 'access_denied', error_description: 'AADSTS90094: An administrator must approve the permissions.' };
  await page.goto(`${app.redirectUri}?${new URLSearchParams({ ...refusal, state })}`);
  await expectOutcome(page);
  await visit('outcome-with-a-message');

  const paste = (shown: string, registered = '') => ({ action: `${path}/pasted-error`, fields: { shown, registered } });
  await visit('pasted-redirect-uri', paste(mismatch(app.redirectUri.replace('/api/', '/API/'))));
  await expect(page.locator('mark')).toHaveText(['api', 'API']);
  await visitState('pasted-redirect-uri-of-azure', paste(mismatch(app.redirectUri), `${app.redirectUri}/`));
  await visitState('pasted-text-without-an-error', paste('it does not work'), 422);
  await visitState('pasted-error-that-asks-for-a-tenant', paste('AADSTS50194: Application is not configured as a multi-tenant application.'));
  const { version = '', account_type = '' } = hiddenFields(await page.content());
  await visitState('retry-that-asks-again', { action: `${path}/retry`, fields: { version, account_type, tenant: 'no tenant' } }, 422);

  await visit('approved', `/api/connectors?${new URLSearchParams({ admin_consent: 'True', tenant: 'x', state: reference })}`);
  await expect(page.getByText(CONNECTORS[1] ?? '').first()).toBeVisible();
  const declined = { error: 'access_denied', error_description: 'AADSTS65004: The user declined.', state: reference };
  await visit('not-approved', `/api/connectors?${new URLSearchParams(declined)}`);
  await visit('callback-of-nothing', '/api/connectors', 400);
  await visitState('callback-that-came-twice', `/api/connectors?code=x&state=${state}&code=x&state=${state}`, 400);
  await visit('another-address', `http://127.0.0.1:${app.port}/`, 421);

  // The exchange takes longer than the browser waits for it.
  await provider.set({ tokenDelay: 8_000 });
  const checking = await page.request.get(await callbackOf(page, app, path));
  // The page would look again after two seconds. Its body is unpacked.
  const kept = Object.entries(checking.headers()).filter(([name]) => !['refresh', 'content-encoding', 'content-length'].includes(name));
  await page.route(checking.url(), (route) => route.fulfill({ response: checking, headers: Object.fromEntries(kept) }));
  await visitState('sign-in-checking', checking.url());
  await expect(page.getByRole('heading', { level: 1, name: 'Checking…' })).toBeVisible();
});
