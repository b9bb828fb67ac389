// The actions of administrators and of people without a user, with connect links and accounts.

import { addressOf, agree, answerProvider, connectorAt, entry, sayWho, signInDirectly, state } from './steps.ts';
import { type App, expect, type Page, type Provider } from './fixtures.ts';
import type { Client } from './support/provider.ts';
import { ACCOUNTS, CONNECT, LINK } from './words.ts';

export interface LinkTyped {
  /** The name of the connector, if the form does not have the wanted one already. */
  connector?: string;
  /** The email that the link is for. */
  email?: string;
  name?: string;
  returnAddress?: string;
  life?: string;
}

/** Registers an application, adds a connector for it and verifies it. The page of the sign-in's outcome is then open. */
export async function verifiedConnector(page: Page, app: App, provider: Provider, name = 'Mail archive'): Promise<{ path: string; client: Client }> {
  const connector = await connectorAt(page, app, provider, name);
  await signInDirectly(page, app, connector.path);
  await expect(page.getByRole('heading', { level: 1, name: 'The connector works' })).toBeVisible();
  return connector;
}

/** Fills the open form of a connect link, sends it and returns the link. */
export async function makeLink(page: Page, typed: LinkTyped = {}): Promise<string> {
  const { connector, email, name, returnAddress, life } = typed;
  if (connector) await page.getByRole('combobox', { name: ACCOUNTS.connector, exact: true }).selectOption({ label: connector });
  if (email) await page.getByRole('textbox', { name: LINK.email }).fill(email);
  if (name) await page.getByRole('textbox', { name: LINK.name, exact: true }).fill(name);
  if (returnAddress) await page.getByRole('combobox', { name: LINK.returnAddress }).selectOption({ label: returnAddress });
  if (life) await page.getByRole('combobox', { name: LINK.life }).selectOption({ label: life });
  await page.getByRole('button', { name: LINK.make, exact: true }).click();
  return shownLink(page);
}

/** The link on the page that shows it once. */
export async function shownLink(page: Page): Promise<string> {
  await expect(page.getByRole('heading', { level: 1, name: LINK.ready })).toBeVisible();
  return page.getByRole('status').filter({ hasText: LINK.copyNow }).getByText(/\/connect\//).innerText();
}

/** Makes a link for a connector without opening the form. `account` is the path of the account that the link is for. */
export async function linkFor(page: Page, app: App, connector: string, fields: Record<string, string> = {}, account = ''): Promise<string> {
  const form = { connector: connector.split('/').at(-1) ?? '', life: '7', how: 'link', ...fields };
  const answer = await page.request.post(account ? `${account}/link` : '/accounts/new', { form, headers: { origin: app.url } });
  const link = new RegExp(`${app.url}/connect/[\\w-]{43}`).exec(await answer.text())?.[0];
  if (!link) throw new Error(`no link was made: ${answer.status()}`);
  return link;
}

/** From the page behind a link, or from an ending, to the log-in page of the provider. */
export async function continueAtProvider(person: Page, button = CONNECT.continue): Promise<void> {
  await person.getByRole('button', { name: button, exact: true }).click();
  await expect(person.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
}

/** Waits for the ending of a sign-in that a link has started. Its page reloads by itself until it is known. */
export async function expectEnding(person: Page, heading: string): Promise<void> {
  await expect(person).toHaveURL(/\/connect\/outcome\//);
  await expect(person.getByRole('heading', { level: 1 })).toHaveText(heading);
}

/** Connects a mailbox as its owner does, in a browser that the provider does not know yet. */
export async function connect(person: Page, link: string, login: string): Promise<void> {
  await person.goto(link);
  await continueAtProvider(person);
  await sayWho(person, login);
  await agree(person);
  await expectEnding(person, CONNECT.connected);
}

/** Starts a sign-in with a link, without a click. Returns the address at the provider. */
export async function startWithLink(page: Page, app: App, link: string): Promise<URL> {
  const answer = await page.request.post(new URL(link).pathname, { headers: { origin: app.url }, maxRedirects: 0 });
  const authorize = addressOf(await answer.text(), CONNECT.continue);
  // The provider would not ask a browser in which an account is known to it.
  await page.context().clearCookies({ domain: authorize.hostname });
  return authorize;
}

/** Signs in with a link without opening a page. Returns the redirect to the application, which is not followed. */
export async function callbackOfLink(page: Page, app: App, link: string, login: string): Promise<string> {
  return answerProvider(page, app, await startWithLink(page, app, link), login);
}

/** Connects a mailbox with a new link. Only the page of the outcome is opened. */
export async function connectDirectly(page: Page, app: App, connector: string, login: string): Promise<void> {
  await page.goto(await callbackOfLink(page, app, await linkFor(page, app, connector), login));
  await expectEnding(page, CONNECT.connected);
}

/** Opens an account from the list. Returns the path of its page. */
export async function openAccount(page: Page, email: string): Promise<string> {
  await page.goto('/accounts');
  await entry(page, email).getByRole('link', { name: email, exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: email })).toBeVisible();
  return new URL(page.url()).pathname;
}

/** Opens an account's page and asserts its state. */
export async function expectAccount(page: Page, path: string, words: string): Promise<void> {
  await page.goto(path);
  await expect(state(page.getByRole('region', { name: 'State', exact: true }), words)).toBeVisible();
}

/** Waits until an account has this state, which it gets in the background. */
export async function untilAccount(page: Page, path: string, words: string): Promise<void> {
  await expect(async () => {
    await page.goto(path);
    await expect(state(page.getByRole('region', { name: 'State', exact: true }), words)).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
}
