import { expect, test } from '../fixtures.ts';
import { confirm, entry, invite, openInvitation, openPeople, type Person, setUp, somebody, tabTo } from '../steps.ts';
import { CONFIRM, CONNECTORS, LOG_IN, PEOPLE, SET_UP } from '../words.ts';
import type { Page } from '../fixtures.ts';

/** Opens an invitation and accepts it. */
async function join(page: Page, link: string, person: Person): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: SET_UP.name }).fill(person.name);
  await page.getByLabel(SET_UP.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
}

test('an invited user joins and may do only what the role allows', { tag: '@plain' }, async ({
  page, app, anotherBrowser, expectNoAxeFindings, expectStatus, look,
}) => {
  await setUp(page, app);
  await openPeople(page);
  await look('people');

  const grace = somebody('Grace Hopper');
  await openInvitation(page);
  await look('people-form');
  expectStatus(422);
  await page.getByRole('textbox', { name: SET_UP.email }).fill('no address');
  await page.getByRole('button', { name: PEOPLE.invite }).evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
  await page.getByRole('button', { name: PEOPLE.invite }).click();
  await expect(page.getByRole('textbox', { name: SET_UP.email })).toHaveAccessibleDescription(/Enter an email address/);
  await look('people-with-an-error');

  const link = await invite(page, grace.email);
  await look('people-invited');

  const { page: other, watch } = await anotherBrowser();
  await other.goto(link);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Join Contoso Testing');
  await expectNoAxeFindings(other);
  await join(other, link, grace);
  await expect(other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: PEOPLE.heading })).toHaveCount(0);
  watch.expectStatus(404);
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
  await expectNoAxeFindings(other);

  await openPeople(page);
  await expect(page.getByText(link)).toHaveCount(0);
  await expect(entry(page, grace.name)).toContainText('Viewer');
  await look('people-two');
});

test('with the keyboard alone an administrator invites a user and disables another', async ({ page, app }) => {
  const ada = await setUp(page, app);
  const added = await app.command(['user', 'add', '--email', 'vera@contoso.test', '--name', 'Vera', '--role', 'viewer'], `${ada.password} too\n`);
  expect(added.code, added.stderr).toBe(0);
  await tabTo(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: PEOPLE.heading }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: PEOPLE.heading })).toBeVisible();
  await tabTo(page, page.locator('summary').filter({ hasText: PEOPLE.open }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('textbox', { name: SET_UP.email }));
  await page.keyboard.type('grace@contoso.test');
  await tabTo(page, page.getByRole('combobox', { name: PEOPLE.role }));
  await page.keyboard.type('Administrator');
  await tabTo(page, page.getByRole('button', { name: PEOPLE.invite }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('listitem').filter({ hasText: 'grace@contoso.test' })).toContainText('Administrator');

  await tabTo(page, page.getByRole('link', { name: 'Vera' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Vera' })).toBeVisible();
  await tabTo(page, page.locator('summary').filter({ hasText: 'Has left the company' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Disable Vera' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Enable Vera' })).toBeVisible();
});

test.describe('after ten minutes', () => {
  test.use({ installation: { movable: true } });

  test('l11_after_the_password_the_typed_form_continues', async ({ page, app, expectStatus, look }) => {
    const ada = await setUp(page, app);
    await openPeople(page);
    await openInvitation(page);
    app.advance(601);
    await page.getByRole('textbox', { name: SET_UP.email }).fill('grace@contoso.test');
    await page.getByRole('combobox', { name: PEOPLE.role }).selectOption('Administrator');
    expectStatus(403);
    await page.getByRole('button', { name: PEOPLE.invite }).click();
    await expect(page.getByRole('heading', { level: 1, name: CONFIRM.heading })).toBeVisible();
    await expect(page.getByLabel(LOG_IN.password, { exact: true })).toBeFocused();
    await look('confirm');

    expectStatus(422);
    await confirm(page, { ...ada, password: 'certainly not this one' });
    await expect(page.getByRole('alert')).toContainText('This is not your password');
    await look('confirm-with-an-error');
    await confirm(page, ada);
    await expect(page.getByText('Send this link to grace@contoso.test')).toBeVisible();
    await expect(page.getByRole('listitem').filter({ hasText: 'grace@contoso.test' })).toContainText('Administrator');

    // A page that requires re-authentication leads there and back.
    app.advance(601);
    await page.goto('/profile/second-factor');
    await confirm(page, ada);
    await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  });
});
