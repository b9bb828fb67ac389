// Errors on Microsoft's own page never come back; they can be pasted.

import { expect, test } from '../fixtures.ts';
import { connectorAt, leaveForProvider, setUp } from '../steps.ts';
import { CONNECTOR, FORM, PASTE, VERIFY } from '../words.ts';

const MISMATCH = `Sorry, but we're having trouble signing you in.

AADSTS50011: The redirect URI 'https://localhost:3000/API/connectors' specified in the request does not match the redirect URIs configured for the application '1b4e28ba-2fa1-11d2-883f-0016d3cca427'. Make sure the redirect URI sent in the request matches one added to your application in the Azure portal. Navigate to https://aka.ms/redirectUriMismatchError to learn more about how to fix this.

Request Id: 2b4e28ba-2fa1-11d2-883f-0016d3cca427
Correlation Id: 3b4e28ba-2fa1-11d2-883f-0016d3cca427`;

test('p7_a_redirect_uri_that_does_not_match_is_shown_above_ours_with_the_difference_marked', async ({ page, app, provider, look, expectStatus }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  // The sign-in never comes back, because Microsoft keeps the browser.
  await page.route(`${provider.url}/**`, (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<h1>AADSTS50011</h1>' }));
  await page.getByRole('button', { name: VERIFY }).click();
  await expect(page.getByRole('heading', { name: 'AADSTS50011' })).toBeVisible();
  await page.goto(path);
  await page.getByText(PASTE.question).click();
  await page.getByRole('textbox', { name: PASTE.field }).fill('it does not work');
  expectStatus(422);
  await page.getByRole('button', { name: PASTE.button }).click();
  await expect(page.getByText('We found no error code in this text')).toBeVisible();
  await expect(page.getByRole('textbox', { name: PASTE.field })).toHaveValue('it does not work');
  await look('paste-not-understood');

  await page.getByRole('textbox', { name: PASTE.field }).fill(MISMATCH.replace('https://localhost:3000', app.url));
  await page.getByRole('button', { name: PASTE.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'The Redirect URI is not the one in Azure' })).toBeVisible();
  await expect(page.getByText('Capital and small letters differ')).toBeVisible();
  await expect(page.locator('mark')).toHaveText(['api', 'API']);
  await expect(page.getByText('In Microsoft’s error it has the text “API” instead of the text “api”.')).toBeVisible();
  await expect(page.getByText('3b4e28ba-2fa1-11d2-883f-0016d3cca427')).toBeVisible();
  await look('paste-redirect-uri');

  // The address in Azure can be compared too.
  await page.getByRole('textbox', { name: PASTE.registered }).fill(`${app.redirectUri}/`);
  await page.getByRole('button', { name: PASTE.compare }).click();
  await expect(page.getByText('In Azure the slash / at the end is too much.')).toBeVisible();
  await expect(page.locator('mark')).toHaveText(['nothing', '/']);
});

test('p8_if_a_tenant_is_the_answer_the_page_asks_for_it_until_it_is_right_and_signs_in_there', { tag: '@plain' }, async ({ page, app, provider, look, expectStatus }) => {
  const tenant = '5a1e0000-7e57-4000-8000-00000000c0de';
  await provider.addTenant(tenant);
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  await page.goto(`${path}/pasted-error`);
  await page.getByRole('textbox', { name: PASTE.field }).fill('AADSTS50194: Application is not configured as a multi-tenant application.');
  await page.getByRole('button', { name: PASTE.button }).click();
  await page.getByRole('textbox', { name: PASTE.tenant }).fill('no tenant');
  expectStatus(422);
  await page.getByRole('button', { name: PASTE.retry }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Which tenant?' })).toBeVisible();
  await expect(page).toHaveTitle(/^Error: Which tenant\?/);
  const field = page.getByRole('textbox', { name: PASTE.tenant });
  await expect(field).toHaveValue('no tenant');
  await expect(field).toHaveAttribute('aria-invalid', 'true');
  await expect(field).toHaveAccessibleDescription(/Write the Directory \(tenant\) ID/);
  await look('retry-asks-again');
  await field.fill(tenant);
  await page.getByRole('button', { name: PASTE.retry }).click();
  // The stored secret is not sent for another tenant.
  await expect(page.getByText('Enter the client secret of this application').first()).toBeVisible();
  await look('edit-asks-for-the-secret');
  await page.getByLabel(FORM.secret, { exact: true }).fill(client.secret);
  await page.getByRole('button', { name: CONNECTOR.save }).click();
  await expect(page.getByText('The changes are saved')).toBeVisible();
  await leaveForProvider(page, provider);
  expect(new URL(page.url()).pathname).toContain(`/${tenant}/`);
});
