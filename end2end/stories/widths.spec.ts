// From the narrowest telephone to a wide screen, and at 200 % zoom, every page is whole.

import { expect, test } from '../fixtures.ts';
import { addConnector, logOut, setUp, signIn, somebody } from '../steps.ts';
import { CONNECTORS, PEOPLE } from '../words.ts';

// 720 px is what 1440 px are at 200 % zoom; 320 px what 1280 px are at 400 % (WCAG 2.2, 1.4.10).
for (const width of [320, 360, 720, 768, 1440, 1920]) {
  test(`every page is sound at ${width} px`, async ({ page, app, provider, expectNoAxeFindingsAt, pictureAt }) => {
    // Names as long as they may be, without a place to break.
    const person = { ...somebody(), name: 'Wolfeschlegelsteinhausenbergerdorff Example' };
    await setUp(page, app, person);
    const sound = async (name: string, path: string) => {
      await page.goto(path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectNoAxeFindingsAt(page, width);
      await pictureAt(name, width);
    };
    await sound('connectors-empty', '/connectors');
    const path = await addConnector(page, { name: 'W'.repeat(60), client: await provider.addClient(app.redirectUri) });
    await signIn(page, provider);
    await sound('sign-in', new URL(page.url()).pathname);
    await sound('connectors', '/connectors');
    await sound('add-connector', '/connectors/new');
    await sound('connector', path);
    for (const part of ['edit', 'secret', 'delete', 'sign-ins', 'microsoft-error']) await sound(`connector-${part}`, `${path}/${part}`);
    for (const [name, other] of [['people', '/settings/people'], ['activity', '/settings/activity'], ['account', '/account'], ['second-factor', '/account/second-factor']] as const) {
      await sound(name, other);
    }
    await page.goto('/settings/people');
    await page.getByRole('heading', { level: 1, name: PEOPLE.heading }).waitFor();
    await page.getByRole('main').getByRole('link', { name: person.name }).click();
    await sound('person', new URL(page.url()).pathname);
    await page.goto('/connectors');
    await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
    await logOut(page, person);
    await sound('log-in', '/login');
  });
}
