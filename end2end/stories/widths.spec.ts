// Pages do not overflow from the narrowest telephone to a wide screen, and at 200 % zoom.

import { expect, test, WIDTHS } from '../fixtures.ts';
import { addConnector, invite, logOut, setUp, signIn, somebody } from '../steps.ts';
import { CONNECTORS, FORM, LOG_IN, PEOPLE } from '../words.ts';

for (const width of WIDTHS) {
  test(`the pages do not overflow at ${width} px`, async ({ page, app, provider, expectNoAxeFindingsAt, pictureAt, expectStatus }) => {
    // Names of the maximum length, without a place to break.
    const person = { ...somebody(), name: 'Wolfeschlegelsteinhausenbergerdorff Example' };
    const soundHere = async (name: string) => {
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectNoAxeFindingsAt(page, width);
      await pictureAt(name, width);
    };
    const sound = async (name: string, path: string, status = 200) => {
      if (status !== 200) expectStatus(status);
      expect((await page.goto(path))?.status(), path).toBe(status);
      await soundHere(name);
    };
    await sound('set-up', await app.setUpLink());
    await setUp(page, app, person);
    await sound('connectors-empty', '/connectors');
    const path = await addConnector(page, { name: 'W'.repeat(60), client: await provider.addClient(app.redirectUri) });
    await signIn(page, provider);
    await sound('sign-in', new URL(page.url()).pathname);
    await sound('connectors', '/connectors');
    await sound('add-connector', '/connectors/new');
    await page.goto('/connectors/new');
    // The browser would not send an empty form.
    await page.getByRole('button', { name: FORM.add, exact: true }).evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
    await page.getByRole('button', { name: FORM.add, exact: true }).click();
    await expect(page.getByRole('textbox', { name: FORM.clientId })).toHaveAttribute('aria-invalid', 'true');
    await soundHere('add-connector-errors');
    await sound('connector', path);
    for (const part of ['edit', 'secret', 'delete', 'sign-ins', 'pasted-error']) await sound(`connector-${part}`, `${path}/${part}`);
    for (const [name, other] of [['people', '/settings/people'], ['activity', '/settings/activity'], ['account', '/profile'], ['second-factor', '/profile/second-factor']] as const) {
      await sound(name, other);
    }
    await page.goto('/settings/people');
    await page.getByRole('heading', { level: 1, name: PEOPLE.heading }).waitFor();
    await page.getByRole('main').getByRole('link', { name: person.name }).click();
    await page.getByRole('heading', { level: 1, name: person.name }).waitFor();
    await sound('person', new URL(page.url()).pathname);
    await sound('nothing-there', '/nothing-here', 404);
    await sound('callback-of-nothing', '/api/connectors', 400);
    await page.goto('/settings/people');
    const link = await invite(page, `${'w'.repeat(60)}@contoso.test`);
    await soundHere('people-invited');
    await page.goto('/connectors');
    await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
    await logOut(page, person);
    await sound('invitation', link);
    await sound('log-in', '/login');
    await page.getByRole('textbox', { name: LOG_IN.email }).fill(person.email);
    await page.getByLabel(LOG_IN.password, { exact: true }).fill('certainly not this one');
    expectStatus(401);
    await page.getByRole('button', { name: LOG_IN.button }).click();
    await expect(page).toHaveTitle(/Log in/);
    await soundHere('log-in-errors');
  });
}
