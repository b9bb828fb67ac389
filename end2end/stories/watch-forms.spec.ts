// After a form was refused, the page begins with what is wrong, and says of each field that it emptied why. Without
// scripts, because with them most mistakes are found before the form is sent.

import { randomUUID } from 'node:crypto';
import type { Locator } from '@playwright/test';
import { expect, type Page, test } from '../fixtures.ts';
import { connectorAt, expires, fillForm, openInvitation, openPeople, setUp, somebody } from '../steps.ts';
import { ADDED, AUDIENCE, CONNECTOR, FORM, PEOPLE, SET_UP } from '../words.ts';

test.use({ javaScriptEnabled: false });

const secret = () => `not-a-real-secret~${randomUUID()}`;

/** The text beside a field, by the names of the fields with a value or, on the second call, of these fields if empty. */
function describe(page: Page, names?: string[]): Promise<[name: string, text: string][]> {
  return page.evaluate((wanted) => {
    // A user's own password is typed again after every refusal, as users expect.
    const fields = [...document.querySelectorAll<HTMLInputElement>('main input:not([type=hidden], [type=radio], [type=checkbox]), main textarea')]
      .filter(({ type, name }) => type !== 'password' || name === 'client_secret');
    const chosen = fields.filter(({ name, value }) => (wanted ? wanted.includes(name) && value === '' : value !== ''));
    return chosen.map((field): [string, string] => {
      const ids = (field.getAttribute('aria-describedby') ?? '').split(' ');
      return [field.name, ids.map((id) => document.getElementById(id)?.textContent?.trim() ?? '').join(' ').trim()];
    });
  }, names);
}

/** Sends the form of this button past the browser's checks, and asserts what holds for the page of a refused form. */
async function expectRefusal(page: Page, button: Locator): Promise<void> {
  const before = new Map(await describe(page));
  await button.evaluate((element) => { (element as HTMLButtonElement).form!.noValidate = true; });
  await button.click();
  await expect(page).toHaveTitle(/^Error: /);
  const summary = page.getByRole('alert').getByRole('heading');
  await expect(summary).toBeFocused();
  const [box, window] = [await summary.boundingBox(), page.viewportSize()];
  expect(box && window && box.y >= 0 && box.y + box.height <= window.height, 'the summary is in view').toBe(true);
  await expect(page.getByRole('alert').getByRole('link').first()).toBeVisible();
  for (const [name, text] of await describe(page, [...before.keys()])) {
    expect(text, `the page emptied ${name} and does not say why`).not.toBe(before.get(name));
    expect(text, name).not.toBe('');
  }
}

test('every refused form of a connector begins with what is wrong and loses nothing in silence', async ({ page, app, provider }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  const client = await provider.addClient(app.redirectUri);
  await fillForm(page, { name: 'Mail archive', client, audience: AUDIENCE.single });
  await expectRefusal(page, page.getByRole('button', { name: FORM.add, exact: true }));
  // The secret that was typed is still there.
  await page.getByRole('textbox', { name: FORM.tenant }).fill('contoso.test');
  await page.getByRole('button', { name: FORM.add, exact: true }).click();
  await expect(page.getByText(ADDED)).toBeVisible();

  const { path } = await connectorAt(page, app, provider, 'Helpdesk');
  await page.goto(`${path}/edit`);
  await page.getByRole('textbox', { name: FORM.clientId }).fill('no client id');
  await page.getByLabel(FORM.secret, { exact: true }).fill(secret());
  await expectRefusal(page, page.getByRole('button', { name: CONNECTOR.save }));

  await page.goto(`${path}/secret`);
  await page.getByLabel(FORM.secret, { exact: true }).fill(secret());
  await expires(page, '2001-01-01');
  await expectRefusal(page, page.getByRole('button', { name: CONNECTOR.replace }));
});

test('every refused form of a user begins with what is wrong', async ({ page, app, expectStatus }) => {
  await page.goto(await app.setUpLink());
  const person = somebody();
  await page.getByRole('textbox', { name: SET_UP.organisation }).fill(person.organisation);
  await page.getByRole('textbox', { name: SET_UP.name }).fill(person.name);
  await page.getByRole('textbox', { name: SET_UP.email }).fill('no email');
  await page.getByLabel(SET_UP.password, { exact: true }).fill(person.password);
  expectStatus(422);
  await expectRefusal(page, page.getByRole('button', { name: SET_UP.button }));

  await setUp(page, app, person);
  await openPeople(page);
  await openInvitation(page);
  await page.getByRole('textbox', { name: SET_UP.email }).fill('no email');
  expectStatus(422);
  await expectRefusal(page, page.getByRole('button', { name: PEOPLE.invite }));

  await page.goto('/profile');
  await page.getByLabel('Current password', { exact: true }).fill('certainly not this one');
  await page.getByLabel('New password', { exact: true }).fill(`${person.password} and more`);
  expectStatus(422);
  await expectRefusal(page, page.getByRole('button', { name: 'Change the password' }));
});
