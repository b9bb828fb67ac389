// The actions of administrators and of people without a user, with a Gmail connector and its accounts.

import type { Locator } from '@playwright/test';
import type { Google } from './google-fixtures.ts';
import { type App, expect, type Page } from './fixtures.ts';
import { addressOf, agree, answerProvider, expectOutcome, sayWho } from './steps.ts';
import { hiddenFields } from './support/forms.ts';
import type { Client } from './support/strict-process.ts';
import { FORM } from './words.ts';

/** The permissions of the connectors of stories. */
export const PERMISSIONS = ['gmail.modify', 'contacts'].map((name) => `https://www.googleapis.com/auth/${name}`);

/** The words on the screens of Gmail that the stories use. */
export const GOOGLE = {
  form: '/connectors/new?provider=google',
  card: /^Gmail/,
  firstStep: 'Step G1 is done',
  added: /Google connector has been successfully added/,
  verify: /^(Sign in with Google to verify|Verify again)$/,
  continue: 'Continue to Google',
  connect: 'Continue with Google',
  works: 'The connector works',
};

/** Adds a Gmail connector without opening the form. Returns the path of its page, which is then open. */
export async function addGmailDirectly(page: Page, app: App, name: string, client: Client): Promise<string> {
  const html = await (await page.request.get(GOOGLE.form)).text();
  const form = new URLSearchParams(hiddenFields(html));
  const typed = { provider: 'google', service_name: name, client_id: client.id, client_secret: client.secret, secret_expires_on: '', hosted_domain: '' };
  for (const [field, value] of Object.entries(typed)) form.set(field, value);
  for (const scope of PERMISSIONS) form.append('scopes[]', scope);
  const answer = await page.request.post('/do/connectors/add', {
    data: form.toString(), headers: { origin: app.url, 'content-type': 'application/x-www-form-urlencoded' }, maxRedirects: 0,
  });
  const path = answer.headers().location ?? '';
  expect(path, `the connector was not added: ${answer.status()}`).toMatch(/^\/connectors\/[0-9a-f-]{36}$/);
  await page.goto(path);
  return path;
}

/** Registers an OAuth client, adds a Gmail connector for it and verifies it. The page of the outcome is then open. */
export async function verifiedGmail(page: Page, app: App, google: Google, name = 'Gmail archive'): Promise<{ path: string; client: Client }> {
  const client = await google.addClient(app.redirectUri);
  const path = await addGmailDirectly(page, app, name, client);
  const answer = await page.request.post(`${path}/verify`, { headers: { origin: app.url }, maxRedirects: 0 });
  const authorize = addressOf(await answer.text(), GOOGLE.continue);
  await page.goto(await answerProvider(page, app, authorize, 'grace@contoso.test'));
  await expectOutcome(page);
  await expect(page.getByRole('heading', { level: 1, name: GOOGLE.works })).toBeVisible();
  return { path, client };
}

/** Opens the form of a Gmail connector from the one that is open. */
export async function chooseGmail(page: Page): Promise<void> {
  await page.getByRole('group', { name: FORM.provider }).getByRole('link', { name: GOOGLE.card }).click();
  await expect(page).toHaveURL(/provider=google/);
  await expect(page.getByRole('checkbox', { name: GOOGLE.firstStep })).toBeVisible();
}

/** Ticks the permissions of the stories, and no others. */
export async function choosePermissions(page: Page): Promise<void> {
  for (const box of await page.locator('input[name="scopes[]"][type="checkbox"]').all()) {
    await box.setChecked(PERMISSIONS.includes(await box.inputValue()));
  }
}

/** Goes to Google from a connector's page. */
export async function goToGoogle(page: Page, google: Google): Promise<void> {
  await page.getByRole('button', { name: GOOGLE.verify }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  expect(new URL(page.url()).origin).toBe(google.url);
}

/** Goes to Google from the page behind a link, signs in and agrees to everything. */
export async function connectAtGoogle(person: Page, login: string): Promise<void> {
  await person.getByRole('button', { name: GOOGLE.connect, exact: true }).click();
  await sayWho(person, login);
  await agree(person);
}

/** The part of an account's page that has its state. */
export const account = (page: Page): Locator => page.getByRole('region', { name: 'State', exact: true });
