// The actions of users, in their usual order.

import { randomBytes } from 'node:crypto';
import type { Locator } from '@playwright/test';
import { Secret, TOTP } from 'otpauth';
import { type App, expect, type Page, type Provider } from './fixtures.ts';
import { hiddenFields } from './support/forms.ts';
import type { Client } from './support/provider.ts';
import { ADDED, AUDIENCE, CONFIRM, CONNECTORS, CONTINUE, FORM, LOG_IN, PEOPLE, SET_UP, VERIFY } from './words.ts';

export interface Person {
  organisation: string;
  name: string;
  email: string;
  password: string;
}

/** A user with a password that no other run has. */
export function somebody(name = 'Ada Example'): Person {
  const email = `${name.split(' ')[0]?.toLowerCase()}@contoso.test`;
  return { organisation: 'Contoso Testing', name, email, password: `correct horse ${randomBytes(12).toString('hex')}` };
}

/**
 * Creates the first organisation and its administrator, who is then logged in and sees the list of connectors. The
 * form is sent without opening its page, because most stories only begin with it. See `setUpByHand`.
 */
export async function setUp(page: Page, app: App, person = somebody()): Promise<Person> {
  const { organisation, name, email, password } = person;
  const form = { organisation, name, email, password };
  const answer = await page.request.post(await app.setUpLink(), { form, headers: { origin: app.url }, maxRedirects: 0 });
  expect(answer.status(), 'the set-up form').toBe(303);
  await page.goto('/connectors');
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  return person;
}

/** Opens the printed link and creates the first organisation and its administrator in the browser. */
export async function setUpByHand(page: Page, app: App, person = somebody()): Promise<Person> {
  await page.goto(await app.setUpLink());
  await page.getByRole('textbox', { name: SET_UP.organisation }).fill(person.organisation);
  await page.getByRole('textbox', { name: SET_UP.name }).fill(person.name);
  await page.getByRole('textbox', { name: SET_UP.email }).fill(person.email);
  await page.getByLabel(SET_UP.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: SET_UP.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  return person;
}

export async function logIn(page: Page, person: Person): Promise<void> {
  await page.goto('/login');
  await page.getByRole('textbox', { name: LOG_IN.email }).fill(person.email);
  await page.getByLabel(LOG_IN.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: LOG_IN.button }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
}

/** An authenticator app with the key that the page shows. */
export async function authenticator(page: Page, app: App): Promise<Authenticator> {
  const key = await page.locator('.copy code').innerText();
  const totp = new TOTP({ secret: Secret.fromBase32(key.replaceAll(' ', '')) });
  let last = 0;
  return {
    // Each code is used once, so the next one is used a little early.
    code: () => {
      const step = Math.max(Math.floor(app.now() / 30_000), last + 1);
      last = step;
      return totp.generate({ timestamp: step * 30_000 });
    },
  };
}

export interface Authenticator {
  /** A code that was not used before. */
  code: () => string;
}

/** Types the password again, if the page asks for it. */
export async function confirm(page: Page, person: Person): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: CONFIRM.heading })).toBeVisible();
  await page.getByLabel(LOG_IN.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: CONFIRM.button }).click();
}

/** Opens the page for the administration of users. */
export async function openPeople(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: PEOPLE.heading }).click();
  await expect(page.getByRole('heading', { level: 1, name: PEOPLE.heading })).toBeVisible();
}

/** Opens the form for an invitation, which is behind a button. */
export async function openInvitation(page: Page): Promise<void> {
  const field = page.getByRole('textbox', { name: SET_UP.email });
  if (!(await field.isVisible())) await page.getByText(PEOPLE.open, { exact: true }).click();
  await expect(field).toBeVisible();
}

/** Creates an invitation on that page and returns its link. */
export async function invite(page: Page, email: string, role = 'Viewer'): Promise<string> {
  await openInvitation(page);
  await page.getByRole('textbox', { name: SET_UP.email }).fill(email);
  await page.getByRole('combobox', { name: PEOPLE.role }).selectOption(role);
  await page.getByRole('button', { name: PEOPLE.invite }).click();
  const notice = page.getByRole('status').filter({ hasText: `Send this link to ${email}` });
  return notice.getByText(/\/invitations\//).innerText();
}

/** The button may be in the user's menu, which may be closed. */
export async function logOut(page: Page, person: Person): Promise<void> {
  const button = page.getByRole('button', { name: LOG_IN.out });
  if (!(await button.isVisible())) await page.getByRole('banner').getByText(person.name).first().click();
  await button.click();
  await expect(page.getByRole('button', { name: LOG_IN.button })).toBeVisible();
}

export interface Typed {
  name: string;
  client: Client;
  /** One of AUDIENCE; by default everybody. */
  audience?: RegExp;
  tenant?: string;
  /** The expiry day of the secret; by default the form's suggestion. */
  expires?: string;
}

/** Whether scripts run. */
export async function expectHydrated(page: Page, hydrated = true): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toHaveCount(hydrated ? 1 : 0);
}

/** Sets the expiry day of the secret. */
export async function expires(page: Page, day: string): Promise<void> {
  await page.getByRole('radio', { name: FORM.anotherDay }).check();
  await page.getByLabel(FORM.day, { exact: true }).fill(day);
}

/** Fills the Add Connector form, without sending it. */
export async function fillForm(page: Page, { name, client, audience = AUDIENCE.everybody, tenant, expires: day }: Typed): Promise<void> {
  await expect(page.getByRole('group', { name: FORM.provider })).toContainText(FORM.outlook);
  await page.getByRole('textbox', { name: FORM.serviceName }).fill(name);
  await page.getByRole('textbox', { name: FORM.clientId }).fill(client.id);
  await page.getByLabel(FORM.secret, { exact: true }).fill(client.secret);
  await page.getByRole('group', { name: FORM.audience }).getByRole('radio', { name: audience }).check();
  if (tenant) await page.getByRole('textbox', { name: FORM.tenant }).fill(tenant);
  if (day !== undefined) await expires(page, day);
}

/** Adds a connector and returns the address of its page, which is then open. */
export async function addConnector(page: Page, typed: Typed): Promise<string> {
  await page.goto('/connectors/new');
  await fillForm(page, typed);
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(ADDED)).toBeVisible();
  return new URL(page.url()).pathname;
}

/** Adds a connector without opening the form. Returns the path of its page, which is then open. */
export async function addDirectly(page: Page, app: App, { name, client, expires: day }: Omit<Typed, 'audience' | 'tenant'>): Promise<string> {
  const html = await (await page.request.get('/connectors/new')).text();
  const form = new URLSearchParams(hiddenFields(html));
  const typed: Record<string, string> = {
    provider: 'outlook', service_name: name, client_id: client.id, client_secret: client.secret,
    secret_expires_in: day === undefined ? '24' : 'date', secret_expires_on: day ?? '',
    account_type: 'tenants_and_personal', tenant: '',
  };
  for (const [field, value] of Object.entries(typed)) form.set(field, value);
  for (const scope of ['Mail.Read', 'Mail.Send', 'Contacts.Read']) form.append('scopes[]', scope);
  const answer = await page.request.post('/do/connectors/add', {
    data: form.toString(), headers: { origin: app.url, 'content-type': 'application/x-www-form-urlencoded' }, maxRedirects: 0,
  });
  const path = answer.headers().location ?? '';
  expect(path, `the connector was not added: ${answer.status()}`).toMatch(/^\/connectors\/[0-9a-f-]{36}$/);
  await page.goto(path);
  return path;
}

/** Registers an application at the provider and adds a connector for it, whose page is then open. */
export async function connectorAt(page: Page, app: App, provider: Provider, name = 'Mail archive'): Promise<{ path: string; client: Client }> {
  const client = await provider.addClient(app.redirectUri);
  return { path: await addDirectly(page, app, { name, client }), client };
}

/** Goes to the provider from a connector's page. */
export async function leaveForProvider(page: Page, provider: Provider): Promise<void> {
  await page.getByRole('button', { name: VERIFY }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
  expect([provider.url, provider.secondUrl]).toContain(new URL(page.url()).origin);
}

/** Logs in at the provider, which then asks for consent. */
export async function sayWho(page: Page, login = 'grace@contoso.test'): Promise<void> {
  await page.getByRole('textbox', { name: 'Email' }).fill(login);
  await page.getByLabel('Password').fill('whatever');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name: 'Permissions requested' })).toBeVisible();
}

export async function agree(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Accept' }).click();
}

/** The whole sign-in, from a connector's page to the page of its outcome. */
export async function signIn(page: Page, provider: Provider): Promise<void> {
  await leaveForProvider(page, provider);
  await sayWho(page);
  await agree(page);
  await expectOutcome(page);
}

/** Waits for the page of the outcome, which reloads by itself until the outcome is known. */
export async function expectOutcome(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/sign-ins\/[^/?#]+$/);
  await expect(page.getByRole('heading', { level: 1 })).not.toHaveText('Checking…');
}

/** A state as shown on a connector's page and in the list. */
export function state(where: Page | Locator, words: string | RegExp): Locator {
  return where.getByText(words, typeof words === 'string' ? { exact: true } : {}).first();
}

export async function expectState(page: Page, path: string, words: string | RegExp): Promise<void> {
  await page.goto(path);
  await expect(state(page.getByRole('main'), words)).toBeVisible();
}

/** Presses Tab until the element has the focus, like a user without a mouse. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let i = 0; i < 150; i += 1) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the keyboard does not lead to ${wanted}`);
}

/** The list's entry for a connector. */
export function entry(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ hasText: name });
}

/**
 * On the provider's consent page: agrees or cancels, but catches the redirect to the application
 * and does not follow it. A test can then choose which browser follows it, and how often.
 */
export function catchCallback(page: Page, app: App, answer: 'go' | 'cancel' = 'go'): Promise<string> {
  return catchCallbackAt(page, app, page.url(), answer);
}

async function catchCallbackAt(page: Page, app: App, consent: string, answer: 'go' | 'cancel'): Promise<string> {
  let reply = await page.request.post(consent, { form: { answer }, maxRedirects: 0 });
  for (let hops = 0; hops < 10; hops += 1) {
    const { location } = reply.headers();
    if (!location) throw new Error(`the provider stayed on ${reply.url()} with ${reply.status()}`);
    const next = new URL(location, reply.url());
    if (next.origin === app.url) return next.href;
    reply = await page.request.get(next.href, { maxRedirects: 0 });
  }
  throw new Error('the provider never came back');
}

/** Signs in for a connector without opening a page. Returns the redirect to the application, which is not followed. */
export async function callbackOf(page: Page, app: App, path: string, login = 'grace@contoso.test'): Promise<string> {
  const { authorize } = await startSignIn(page, app, path);
  return answerProvider(page, app, authorize, login);
}

/** Signs in and agrees at the provider without opening its pages. Returns the redirect to the application. */
export async function answerProvider(page: Page, app: App, authorize: URL, login: string): Promise<string> {
  const question = await page.request.get(authorize.href);
  const consent = await page.request.post(question.url(), { form: { login, password: 'whatever', answer: 'go' } });
  return catchCallbackAt(page, app, consent.url(), 'go');
}

/** Signs in for a connector. Only the page of the outcome is opened. */
export async function signInDirectly(page: Page, app: App, path: string): Promise<void> {
  await page.goto(await callbackOf(page, app, path));
  await expectOutcome(page);
}

/** Starts a sign-in like the button's form, without a click. Returns the address at the provider. */
export async function startSignIn(page: Page, app: App, path: string): Promise<{ status: number; html: string; authorize: URL }> {
  const answer = await page.request.post(`${path}/verify`, { headers: { origin: app.url }, maxRedirects: 0 });
  const html = await answer.text();
  return { status: answer.status(), html, authorize: addressOf(html, CONTINUE) };
}

/** The address of the first link of a page that begins with these words. */
export function addressOf(html: string, words: string): URL {
  const link = new RegExp(`<a[^>]*href="([^"]*)"[^>]*>\\s*${words}`).exec(html)?.[1];
  if (!link) throw new Error(`the page has no link ${words}: ${html.slice(-2000)}`);
  return new URL(link.replaceAll('&amp;', '&'));
}

/** A form as a browser would send it, for tests that send it directly. */
export async function formOf(button: Locator): Promise<{ action: string; fields: Record<string, string> }> {
  return button.evaluate((element) => {
    const form = (element as HTMLButtonElement).form;
    if (!form) throw new Error('the button belongs to no form');
    const fields: Record<string, string> = {};
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields[name] = value;
    return { action: form.action, fields };
  });
}
