// API access: an administrator makes an API client, and the lines beside its key work at once. The calls are made outside
// the browser, as a program makes them.

import type { Page } from '@playwright/test';
import { connectDirectly, openAccount, verifiedConnector } from '../account-steps.ts';
import { expect, test } from '../fixtures.ts';
import { setUp } from '../steps.ts';
import { ACCOUNTS, API } from '../words.ts';

const GRACE = 'grace@contoso.test';
const CURL = /^curl -H "Authorization: Bearer ([\w-]+)" "(http\S+)"$/;

/** The address and the key of a line of curl. */
function readLine(line: string): { key: string; url: string } {
  const [, key, url] = CURL.exec(line.trim()) ?? [];
  if (!key || !url) throw new Error(`this is no line of curl: ${line}`);
  return { key, url };
}

async function call(url: string, key: string): Promise<{ status: number; data: unknown }> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
  const { data } = await answer.json() as { data: unknown };
  return { status: answer.status, data };
}

/** Fills the form of a client. Returns the line that lists the accounts. */
async function addClient(page: Page, name: string): Promise<string> {
  await page.goto('/settings/api-access');
  await page.getByRole('link', { name: API.add }).click();
  await page.getByRole('textbox', { name: API.name, exact: true }).fill(name);
  await page.getByRole('button', { name: API.add }).click();
  await expect(page.getByRole('heading', { level: 1, name: API.newKey })).toBeVisible();
  return page.getByRole('group', { name: API.firstCall }).innerText();
}

test('a new API client lists the accounts with the line beside its key, and its calls are in the logs', { tag: '@plain' }, async ({
  page, app, provider, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  await connectDirectly(page, app, path, GRACE);
  await page.goto('/settings/api-access');
  await expect(page.getByText(API.none)).toBeVisible();
  await look('api-access-empty');
  await page.goto('/settings/api-access/new');
  await look('api-client-new');

  const { key, url } = readLine(await addClient(page, 'CRM'));
  await look('api-key-new');
  const accounts = await call(url, key);
  expect(accounts.status).toBe(200);
  expect(JSON.stringify(accounts.data)).toContain(GRACE);

  await page.getByRole('link', { name: API.saved }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'CRM' })).toBeVisible();
  await expect(page.getByText(key)).toHaveCount(0);
  await look('api-client');
  const client = new URL(page.url()).pathname;

  const account = await openAccount(page, GRACE);
  await page.getByText(API.tryIt).click();
  for (const name of [API.messagesLine, API.contactsLine]) {
    const line = await page.getByRole('group', { name }).innerText();
    const answer = await call(readLine(line).url, key);
    expect(answer.status, line).toBe(200);
    expect(Array.isArray(answer.data), line).toBe(true);
  }
  const sends = await page.getByRole('group', { name: API.sendLine }).innerText();
  expect(sends).toContain(`\\"toAddress\\":\\"${GRACE}\\"`);
  expect(sends).toMatch(/\/api\/accounts\/[0-9a-f-]{36}\/messages"$/);
  expect((await call(`${app.url}/api${account}/folders`, 'm360_wrong')).status).toBe(401);

  // The records are written once a second, and the entry of the pane is there within ten seconds.
  await expect(async () => {
    await page.goto('/logs/api');
    await expect(page.locator('.entry')).toHaveCount(3, { timeout: 500 });
    await expect(page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: API.calls })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await page.getByText('GET contacts').click();
  await expect(page.getByText('Request ID', { exact: true }).first()).toBeVisible();
  await look('api-calls');
  await page.getByRole('searchbox', { name: API.account }).fill('grace@');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await expect(page.locator('.entry')).toHaveCount(2);
  // The calls of the account and what people have changed about it lead to each other.
  await page.getByRole('link', { name: API.ofAccount }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Activity' })).toBeVisible();
  await page.getByRole('link', { name: API.callsOfAccount }).click();
  await expect(page.locator('.entry')).toHaveCount(2);
  await page.getByRole('combobox', { name: API.from }).selectOption({ index: 1 });
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  expect(new URL(page.url()).searchParams.get('from')).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  await page.goto(account);
  await expect(page.getByRole('region', { name: API.calls }).locator('.entry')).toHaveCount(2);

  await page.goto(client);
  await page.getByText(API.mail360).click();
  await page.getByRole('button', { name: API.makeSecret }).click();
  await expect(page.getByRole('heading', { level: 1, name: API.newSecret })).toBeVisible();
  await look('api-client-secret-new');
  await page.getByRole('link', { name: API.savedSecret }).click();
  await look('api-client-with-a-secret');
  await page.getByText(API.revoke, { exact: true }).first().click();
  await page.getByRole('button', { name: API.revoke }).click();
  await expect(page.getByRole('button', { name: /^Revoke m360/ })).toHaveCount(0);
  await expect(async () => { expect((await call(url, key)).status).toBe(401); }).toPass({ timeout: 15_000 });
});

test('a reload of the page with a new key does not show it again, and offers another one', { tag: '@plain' }, async ({
  page, app, expectStatus, look,
}) => {
  await setUp(page, app);
  const { key } = readLine(await addClient(page, 'CRM'));
  expectStatus(409);
  await page.reload();
  await expect(page.getByRole('heading', { level: 2, name: API.notShown })).toBeVisible();
  await expect(page.getByText(key)).toHaveCount(0);
  await look('api-key-not-shown-again');
  await page.getByRole('button', { name: API.another }).click();
  await expect(page.getByRole('heading', { level: 1, name: API.newKey })).toBeVisible();
  const second = readLine(await page.getByRole('group', { name: API.firstCall }).innerText());
  expect(second.key).not.toBe(key);
  expect((await call(second.url, key)).status, 'the first key still works').toBe(200);

  // A client has two keys at most, so now one must be revoked first.
  expectStatus(409);
  await page.reload();
  await expect(page.getByRole('heading', { level: 1, name: 'CRM' })).toBeVisible();
  await expect(page.getByRole('heading', { level: 2, name: API.notShown })).toBeVisible();
  await expect(page.getByRole('button', { name: API.another })).toHaveCount(0);
  await expect(page.getByRole('button', { name: /^Revoke m360/ })).toHaveCount(2);
  await look('api-client-key-not-shown-again');
});

test('the list of API clients has a first call and the accounts that a client reaches', { tag: '@plain' }, async ({
  page, app, provider, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  await connectDirectly(page, app, path, GRACE);
  await page.goto('/settings/api-access/new');
  await page.getByRole('textbox', { name: API.name, exact: true }).fill('CRM');
  await page.getByRole('radio', { name: /^Accounts of chosen connectors/ }).check();
  await page.getByRole('group', { name: 'Connectors', exact: true }).getByRole('checkbox').check();
  await page.getByRole('button', { name: API.add }).click();
  const { key } = readLine(await page.getByRole('group', { name: API.firstCall }).innerText());
  await page.goto('/settings/api-access');
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: 'CRM' }) });
  await expect(row.getByText(/^1 of /)).toBeVisible();
  await page.getByText(API.tryApi).click();
  const line = await page.getByRole('group', { name: API.firstCall }).innerText();
  const { url } = readLine(line);
  expect((await call(url, 'YOUR_API_KEY')).status).toBe(401);
  const accounts = await call(url, key);
  expect(accounts.status, line).toBe(200);
  expect(JSON.stringify(accounts.data)).toContain(GRACE);
  await look('api-access-with-a-client');
});

test('a call that failed because an account needs a sign-in leads to the account', { tag: '@plain' }, async ({
  page, app, provider, look,
}) => {
  await setUp(page, app);
  const { path } = await verifiedConnector(page, app, provider);
  await connectDirectly(page, app, path, GRACE);
  const { key } = readLine(await addClient(page, 'CRM'));
  const account = await openAccount(page, GRACE);
  await page.locator('summary').filter({ hasText: `Disconnect ${GRACE}` }).click();
  await page.getByRole('button', { name: ACCOUNTS.disconnect }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The account is disconnected' })).toBeVisible();
  const answer = await call(`${app.url}/api${account}/messages`, key);
  expect(answer.status).toBe(409);
  await expect(async () => {
    await page.goto('/logs/api');
    await expect(page.getByRole('link', { name: `${API.openAccount} ${GRACE}` })).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await look('api-calls-account-needs-sign-in');
  await page.getByRole('link', { name: `${API.openAccount} ${GRACE}` }).click();
  await expect(page.getByRole('heading', { level: 1, name: GRACE })).toBeVisible();
});
