// The most common results of a sign-in: what happened, who can fix it, and the next step.

import { expect, type Page, type Provider, test } from '../fixtures.ts';
import { addConnector, connectorAt, expectOutcome, expectState, setUp, signIn } from '../steps.ts';
import type { Settings } from '../support/provider.ts';
import { AUDIENCE, STATE, VERIFY } from '../words.ts';

interface End {
  what: string;
  settings: Partial<Settings>;
  /** Whether Microsoft ends it before any question to the user. */
  atOnce?: boolean;
  heading: string;
  who: RegExp;
  next: RegExp;
  /** The remedy on the page. */
  offers?: RegExp;
  code?: string;
  state: string | RegExp;
}

const ENDS: End[] = [
  { what: 'an expired secret', settings: { fault: 'expired-secret' }, heading: 'The client secret has expired', who: /^You, as/, next: /new client secret/, offers: /^Replace the secret$/, code: 'AADSTS7000222', state: STATE.failing },
  { what: 'a wrong secret', settings: { fault: 'wrong-secret' }, heading: 'Microsoft does not accept the client secret', who: /^You, as/, next: /Value column/, offers: /^Replace the secret$/, code: 'AADSTS7000215', state: STATE.failing },
  { what: 'an unknown application', settings: { fault: 'unknown-application' }, heading: 'Microsoft does not find the application', who: /^You, as/, next: /Application \(client\) ID/, offers: /^Edit the connector$/, code: 'AADSTS700016', state: STATE.failing },
  { what: 'a public client', settings: { fault: 'public-client' }, heading: 'The application is registered as a public client', who: /^You, as/, next: /Allow public client flows to No/, offers: /^Authentication/, code: 'AADSTS700025', state: STATE.failing },
  { what: 'a permission that is not set up', settings: { fault: 'permission-invalid' }, heading: 'A permission is not set up for the application', who: /^You, as/, next: /API permissions/, offers: /^Edit the connector$/, code: 'AADSTS70011', state: STATE.failing },
  { what: 'permissions without consent', settings: { fault: 'no-consent' }, heading: 'The permissions have not been approved yet', who: /^The person who signs in/, next: /choose Accept/, code: 'AADSTS65001', state: STATE.not },
  { what: 'an administrator who must approve', settings: { authorizeError: 'access_denied', authorizeCode: 90094 }, atOnce: true, heading: 'A Microsoft 365 administrator must approve the permissions', who: /^A Microsoft 365 administrator of the company/, next: /address for approval/, code: 'AADSTS90094', state: STATE.not },
  { what: 'a provider that throttles', settings: { fault: 'throttled' }, heading: 'Microsoft has had too many requests', who: /^No one:/, next: /Wait 2 minutes/, state: STATE.not },
  { what: 'a provider that answers with HTML', settings: { fault: 'html' }, heading: 'Microsoft’s answer could not be understood', who: /^The operator, who runs this program/, next: /proxies/, state: STATE.not },
  { what: 'a provider that closes the connection', settings: { fault: 'cut' }, heading: 'Microsoft could not be reached', who: /^The operator, who runs this program/, next: /firewall/, state: STATE.not },
];

async function leave(page: Page, provider: Provider, atOnce = false): Promise<void> {
  if (!atOnce) return signIn(page, provider);
  await page.getByRole('button', { name: VERIFY }).click();
  await expectOutcome(page);
}

for (const { what, settings, atOnce, heading, who, next, offers, code, state } of ENDS) {
  test(`o14_${what.replaceAll(' ', '_')}_is_explained_with_who_can_fix_it_and_the_next_step`, async ({ page, app, provider, look }) => {
    await setUp(page, app);
    const { path } = await connectorAt(page, app, provider);
    await provider.set(settings);
    await leave(page, provider, atOnce);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    const main = page.getByRole('main');
    await expect(main.getByText(who).first()).toBeVisible();
    await expect(main.getByText(next).first()).toBeVisible();
    if (code) await expect(main.getByText(code, { exact: true })).toBeVisible();
    if (offers) await expect(main.getByRole('link', { name: offers })).toBeVisible();
    await page.getByText('Timeline').click();
    await expect(main.getByText('Came back from Microsoft')).toBeVisible();
    await look(`outcome-${what.replaceAll(' ', '-')}`);
    await expectState(page, path, state);
    expect((await provider.exchanges()).length, 'the code was sent more than once').toBe(atOnce ? 0 : 1);
  });
}

test('the text for support can be copied completely and has no secret', async ({ page, app, provider, context, javaScriptEnabled, look }) => {
  await setUp(page, app);
  const { client } = await connectorAt(page, app, provider);
  await provider.set({ fault: 'wrong-secret' });
  await signIn(page, provider);
  await page.getByText('Timeline').click();
  await page.getByText('Details for support').click();
  const text = page.locator('pre');
  await expect(text).toContainText('Error: invalid_client');
  await expect(text).toContainText(`Client ID: ${client.id}`);
  await expect(text).not.toContainText(client.secret);
  await look('timeline');
  if (!javaScriptEnabled) return;
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.copy', { has: text }).getByRole('button', { name: /^Copy/ }).click();
  await expect(page.locator('.copy', { has: text }).getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await text.textContent());
});

const TENANT = '5a1e0000-7e57-4000-8000-00000000c0de';

test('accepted credentials are reported when a connector with a tenant is added', async ({ page, app, provider, look }) => {
  await provider.addTenant(TENANT);
  await setUp(page, app);
  const client = await provider.addClient(app.redirectUri);
  const path = await addConnector(page, { name: 'Of one tenant', client, audience: AUDIENCE.single, tenant: TENANT });
  await expect(page.getByText('Microsoft accepts the Client ID and the Client Secret')).toBeVisible();
  await look('added-proved');
  await expectState(page, path, STATE.not);
  expect(await provider.requests('token')).toEqual([expect.objectContaining({ grant_type: 'client_credentials', origin: null, query: false, status: 200 })]);
});

test('a wrong secret is reported when a connector with a tenant is added, and the connector is still added', async ({ page, app, provider, look }) => {
  await provider.addTenant(TENANT);
  await provider.set({ fault: 'wrong-secret' });
  await setUp(page, app);
  const client = await provider.addClient(app.redirectUri);
  const path = await addConnector(page, { name: 'Of one tenant', client, audience: AUDIENCE.single, tenant: TENANT });
  await expect(page.getByText('Microsoft does not accept the client secret').first()).toBeVisible();
  await look('added-refused');
  await expectState(page, path, STATE.failing);
});

test('the page of an old sign-in says that the connector has failed since', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await signIn(page, provider);
  await expect(page.getByRole('heading', { level: 1, name: 'The connector works' })).toBeVisible();
  const old = page.url();
  await provider.set({ fault: 'expired-secret' });
  await page.goto(path);
  await signIn(page, provider);
  await expect(page.getByRole('heading', { level: 1, name: 'The client secret has expired' })).toBeVisible();
  await page.goto(old);
  await expect(page.getByRole('heading', { level: 1, name: 'The sign-in went through, and the connector failed since' })).toBeVisible();
  await expect(page.getByText('The connector fails now')).toBeVisible();
  await expect(page.getByRole('button', { name: /Sign in with Microsoft/ }), 'a button that cannot solve the problem is shown').toHaveCount(0);
  await look('sign-in-failed-since');
  await page.getByRole('link', { name: /^Back to/ }).click();
  await expect(page.getByRole('link', { name: /^Replace the secret$/ }).first()).toBeVisible();
});
