// Approvals of companies: an administrator of another company opens a consent link, approves at the provider and comes
// back, or never comes back; a connected mailbox proves it.

import type { Page } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { agree, connectorAt, sayWho, setUp, signInDirectly } from '../steps.ts';
import { APPROVALS } from '../words.ts';

/** The tenant of the accounts that sign in at `common`. */
const COMPANY = '5a1e0000-7e57-4000-8000-00000000c0de';

/** Makes a link on the page of a connector's approvals, which is then open. */
async function makeLink(page: Page, path: string): Promise<string> {
  await page.goto(`${path}/approvals`);
  await page.getByRole('textbox', { name: APPROVALS.company }).fill(COMPANY);
  await page.getByRole('button', { name: APPROVALS.make }).click();
  return page.getByRole('status').getByText(/\/consent\//).innerText();
}

/** Goes from the page behind a link to the approval page of the provider. */
async function leave(page: Page): Promise<void> {
  await page.getByRole('button', { name: APPROVALS.go }).click();
  await expect(page.getByRole('heading', { name: 'Approve for your company' })).toBeVisible();
}

/** The row of the newest link. */
const newest = (page: Page) => page.getByRole('row').nth(1);

test('an administrator of a company approves, and a connected mailbox proves it', { tag: '@plain' }, async ({
  page, app, provider, look, anotherBrowser, expectNoAxeFindings,
}) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  const link = await makeLink(page, path);
  await expect(newest(page)).toContainText('Open');
  await look('approvals');

  const { page: mona } = await anotherBrowser();
  await mona.goto(link);
  await expect(mona.getByRole('heading', { level: 1, name: APPROVALS.asked })).toBeVisible();
  await expect(mona.getByText('No mailbox is connected to you.')).toBeVisible();
  await expectNoAxeFindings(mona);
  await leave(mona);
  expect(await provider.requests('approval')).toEqual([expect.objectContaining({
    tenant: COMPANY, method: 'GET', client_id: client.id, redirect_uri: app.redirectUri, has_state: true, referer: null,
    scope: expect.stringContaining('Mail.Read'),
  })]);
  await mona.getByRole('button', { name: 'Cancel' }).click();
  await expect(mona.getByRole('heading', { level: 1, name: APPROVALS.refused })).toBeVisible();
  await expectNoAxeFindings(mona);
  await mona.getByRole('button', { name: APPROVALS.again }).click();
  await expect(mona.getByRole('heading', { name: 'Approve for your company' })).toBeVisible();
  await mona.getByRole('button', { name: 'Accept' }).click();
  await expect(mona.getByRole('heading', { level: 1, name: APPROVALS.allowed })).toBeVisible();
  await page.goto(`${path}/approvals`);
  await expect(newest(page)).toContainText('Approval reported');

  // The connector must work before a mailbox can be connected through it.
  await signInDirectly(page, app, path);
  await page.goto(`/accounts/new?connector=${path.split('/').at(-1)}`);
  await page.getByRole('button', { name: APPROVALS.here }).click();
  await page.getByRole('button', { name: APPROVALS.go }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  await sayWho(page);
  await agree(page);
  await expect(page.getByRole('heading', { level: 1, name: APPROVALS.connected })).toBeVisible();
  await page.goto(`${path}/approvals`);
  await expect(newest(page)).toContainText('A sign-in of the company has proved it.');
  await look('approvals-proved');
});

test('a page of the provider that never comes back leaves the link open', async ({ page, app, provider, anotherBrowser }) => {
  await provider.set({ approvalReturns: false });
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  const link = await makeLink(page, path);
  const { page: mona } = await anotherBrowser();
  await mona.goto(link);
  await expect(mona.getByText('If you do not, close the page of Microsoft: your approval counts.')).toBeVisible();
  await leave(mona);
  await mona.getByRole('button', { name: 'Accept' }).click();
  await expect(mona.getByRole('heading', { name: 'Your approval was stored' })).toBeVisible();
  await page.goto(`${path}/approvals`);
  await expect(newest(page)).toContainText('Open');
  await newest(page).getByRole('button', { name: /^Revoke/ }).click();
  await expect(newest(page)).toContainText('Revoked');
});
