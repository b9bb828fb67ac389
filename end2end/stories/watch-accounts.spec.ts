// The pages of accounts and the pages behind a connect link, like the other pages in `watch-widths.spec.ts`: at nine widths
// and with two font sizes, with names and emails that are as long as they may be.

import { randomUUID } from 'node:crypto';
import { callbackOfLink, connectDirectly, expectEnding, linkFor, openAccount, shownLink, startWithLink, verifiedConnector } from '../account-steps.ts';
import { expect } from '../fixtures.ts';
import { setUp, somebody } from '../steps.ts';
import { hiddenFields, sendForm } from '../support/forms.ts';
import { expectRoomForLargeText } from '../support/layout.ts';
import { test, type Visit } from '../visits.ts';
import { CONNECT } from '../words.ts';

/** An email of 80 characters. */
const LONG = `${'g'.repeat(56)}@contoso-subsidiary.test`;
/** A name of 60 characters. */
const CONNECTOR = 'Archive of all invoices, reminders and complaints of the EU.';
const ada = () => ({ ...somebody(), organisation: 'Contoso Testing and Certification of Long Names Company GmbH' });
const NO_SUCH_ID = '01932b5e-0000-7000-8000-000000000001';

test('the pages of accounts are whole at every width', async ({ page, app, provider, visit, visitState }) => {
  // Shorter than a caller needs, so that each test of the access refreshes.
  await provider.set({ atTtl: 30 });
  await setUp(page, app, ada());
  await visit('accounts-without-a-connector', '/accounts');
  await visitState('add-account-without-a-connector', '/accounts/new');
  const { path, client } = await verifiedConnector(page, app, provider, CONNECTOR);
  const connector = path.split('/').at(-1) ?? '';
  await visitState('accounts-empty', '/accounts');
  await visitState('links-empty', `${path}/links`);
  await sendForm(page, { action: '/settings/return-addresses', fields: { address: `https://crm.contoso.example/${'w'.repeat(60)}` } });
  await visit('add-account', '/accounts/new');
  const link = { connector, expected_email: LONG, name: 'W'.repeat(60), reference: 'w'.repeat(200), life: '30', how: 'link' };
  const wrong = { ...link, expected_email: 'no email', name: 'W'.repeat(101), return_address: 'https://elsewhere.example/' };
  await visitState('add-account-with-errors', { action: '/accounts/new', fields: wrong }, 422);
  await visit('link-made', { action: '/accounts/new', fields: link });
  const made = await shownLink(page);
  await page.goto(await callbackOfLink(page, app, made, LONG));
  await expectEnding(page, CONNECT.connected);
  await connectDirectly(page, app, path, 'hedy@contoso.test');
  await linkFor(page, app, path, { expected_email: LONG });

  await visit('accounts', '/accounts');
  await visitState('accounts-none-found', '/accounts?search=nothing+like+this');
  await visitState('accounts-of-a-state-without-any', '/accounts?state=retrying');
  const account = await openAccount(page, LONG);
  const post = (what: string) => ({ action: `${account}/${what}`, fields: {} });
  await page.getByText('Details for support').click();
  await visit('account');
  await visitState('account-tested', post('test'));
  await visitState('account-paused', post('pause'));
  await visitState('account-resumed', post('resume'));
  await visit('link-for-an-account', `${account}/link`);
  await visit('links', `${path}/links`);
  await visitState('connector-with-accounts', path);
  await visitState('delete-with-accounts', `${path}/delete`);
  await visitState('delete-with-a-wrong-name', `${path}/delete?name=wrong`);

  await provider.forgetGrants();
  await visitState('account-test-failed', post('test'));
  await visitState('account-needs-sign-in', account);
  await visitState('accounts-need-sign-in', '/accounts');
  await visitState('account-tried-again', post('try-again'));
  // The longest state.
  await provider.register({ ...client, secret: `not-a-real-secret~${randomUUID()}` }, [app.redirectUri]);
  const other = await openAccount(page, 'hedy@contoso.test');
  await visitState('account-waiting', { action: `${other}/test`, fields: {} });
  await visitState('accounts-waiting', '/accounts');
  await visitState('account-disconnected', post('disconnect'));
  await visitState('account-deleted', post('delete'));
});

test('the pages behind a link are whole at every width, also with large text', async ({ page, app, provider, visit, visitState }) => {
  await setUp(page, app, ada());
  const { path } = await verifiedConnector(page, app, provider, CONNECTOR);
  await page.goto('/settings/appearance');
  const appearance = { ...hiddenFields(await page.content()), name: 'W'.repeat(60), contact: LONG, privacy_url: 'https://contoso.example/privacy' };
  expect(await sendForm(page, { action: '/settings/appearance', fields: appearance })).toBe(200);
  const withLargeText = (look: Visit): Visit => async (name, to, status) => {
    await look(name, to, status);
    await expectRoomForLargeText(page, name);
  };
  const [visitGuest, visitEnding] = [withLargeText(visit), withLargeText(visitState)];
  const link = await linkFor(page, app, path, { expected_email: LONG });
  const here = new URL(link).pathname;
  for (const language of ['de', 'fr', 'es']) await visitEnding(`connect-page-${language}`, `${here}?language=${language}`);
  await visitGuest('connect-page', `${here}?language=en`);
  await page.locator('summary').click();
  await visitEnding('connect-page-with-the-message');

  const finish = async (login: string, heading: string) => {
    await page.goto(await callbackOfLink(page, app, link, login));
    await expectEnding(page, heading);
  };
  const refuse = async (refusal: Record<string, string>, heading: string) => {
    const state = (await startWithLink(page, app, link)).searchParams.get('state') ?? '';
    await page.goto(`${app.redirectUri}?${new URLSearchParams({ ...refusal, state })}`);
    await expectEnding(page, heading);
  };
  await finish(`bob.${LONG}`, CONNECT.wrong);
  await visitEnding('connect-wrong-mailbox');
  await refuse({ error: 'access_denied' }, CONNECT.cancelled);
  await visitEnding('connect-cancelled');
  await refuse({ error: 'access_denied', error_description: 'AADSTS90094: An administrator must approve the permissions.' }, 'Your company must allow this first');
  await visitEnding('connect-approval-needed');
  await provider.set({ mailbox: false });
  await finish(LONG, 'This account has no mailbox');
  await visitEnding('connect-no-mailbox');
  await provider.set({ mailbox: true, scope: 'missing-required' });
  await finish(LONG, CONNECT.missing);
  await visitEnding('connect-permissions-missing');
  await provider.set({ scope: 'missing-optional' });
  await finish(LONG, CONNECT.connected);
  await visitGuest('connect-permission-missing');
  await visitEnding('connect-link-used', here, 410);
  await visitEnding('connect-outcome-elsewhere', `/connect/outcome/${NO_SUCH_ID}`, 404);

  const again = await linkFor(page, app, path, {}, await openAccount(page, LONG));
  await visitEnding('connect-page-again', new URL(again).pathname);
});
