import { expect, test } from '../fixtures.ts';
import { confirm, entry, invite, logIn, logOut, openPeople, type Person, setUp, somebody, tabTo } from '../steps.ts';
import { CONNECTORS, LOG_IN, PEOPLE, SET_UP } from '../words.ts';
import type { Page } from '../fixtures.ts';

/** Opens an invitation and accepts it. */
async function join(page: Page, link: string, person: Person): Promise<void> {
  await page.goto(link);
  await page.getByRole('textbox', { name: SET_UP.name }).fill(person.name);
  await page.getByLabel(SET_UP.password, { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Join' }).click();
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
}

test('an invited user joins and may do only what the role allows', async ({
  page, app, anotherBrowser, expectNoAxeFindings, expectStatus, look,
}) => {
  await setUp(page, app);
  await openPeople(page);
  await look('people');

  const grace = somebody('Grace Hopper');
  expectStatus(422);
  await page.getByRole('textbox', { name: SET_UP.email }).fill('no address');
  await page.getByRole('button', { name: PEOPLE.invite }).evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
  await page.getByRole('button', { name: PEOPLE.invite }).click();
  await expect(page.getByRole('textbox', { name: SET_UP.email })).toHaveAccessibleDescription(/Write an e-mail address/);
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

test('with the keyboard alone an administrator logs in, invites a user and disables another', async ({ page, app }) => {
  const ada = await setUp(page, app);
  const added = await app.command(['user', 'add', '--email', 'vera@contoso.test', '--name', 'Vera', '--role', 'viewer'], `${ada.password} too\n`);
  expect(added.code, added.stderr).toBe(0);
  await logOut(page, ada);

  await page.goto('/login');
  await expect(page.getByRole('textbox', { name: LOG_IN.email })).toBeFocused();
  await page.keyboard.type(ada.email);
  await tabTo(page, page.getByLabel(LOG_IN.password, { exact: true }));
  await page.keyboard.type(ada.password);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();

  await tabTo(page, page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: PEOPLE.heading }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: PEOPLE.heading })).toBeVisible();
  await tabTo(page, page.getByRole('textbox', { name: SET_UP.email }));
  await page.keyboard.type('grace@contoso.test');
  await tabTo(page, page.getByRole('combobox', { name: PEOPLE.role }));
  await page.keyboard.type('Admin');
  await tabTo(page, page.getByRole('button', { name: PEOPLE.invite }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('listitem').filter({ hasText: 'grace@contoso.test' })).toContainText('Admin');

  await tabTo(page, page.getByRole('link', { name: 'Vera' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Vera' })).toBeVisible();
  await tabTo(page, page.locator('summary').filter({ hasText: 'Disable' }));
  await page.keyboard.press('Enter');
  await tabTo(page, page.getByRole('button', { name: 'Disable' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Enable' })).toBeVisible();
});

test('the link of a withdrawn invitation no longer works', async ({ page, app, anotherBrowser }) => {
  await setUp(page, app);
  await openPeople(page);
  const link = await invite(page, 'grace@contoso.test');
  await page.getByRole('button', { name: 'Withdraw the link for grace@contoso.test' }).click();
  await expect(page.getByRole('button', { name: /^Withdraw/ })).toHaveCount(0);
  const { page: other, watch } = await anotherBrowser();
  watch.expectStatus(404);
  await other.goto(link);
  await expect(other.getByRole('heading', { name: 'This link no longer works' })).toBeVisible();
});

test('a user is given a role, logged out, disabled and enabled', async ({ page, app, anotherBrowser, expectStatus, look }) => {
  const ada = await setUp(page, app);
  await openPeople(page);
  const grace = somebody('Grace Hopper');
  const { page: other, watch } = await anotherBrowser();
  await join(other, await invite(page, grace.email), grace);

  await openPeople(page);
  await page.getByRole('link', { name: grace.name }).click();
  await expect(page.getByRole('heading', { level: 1, name: grace.name })).toBeVisible();
  await expect(page.getByText('In one browser')).toBeVisible();
  await look('person');

  await page.getByRole('combobox', { name: PEOPLE.role }).selectOption('Admin');
  await page.getByRole('button', { name: 'Set the role' }).click();
  await expect(page.getByText('The role was changed.')).toBeVisible();
  await look('person-changed');
  await other.goto('/connectors');
  await expect(other).toHaveURL(/\/login/);
  await logIn(other, grace);
  await expect(other.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: PEOPLE.heading })).toBeVisible();

  await page.reload();
  await page.getByText('Log out everywhere').first().click();
  await page.getByRole('button', { name: 'Log out everywhere' }).click();
  await expect(page.getByText('In no browser')).toBeVisible();
  await page.getByText('Disable', { exact: true }).first().click();
  await expect(page.getByText(/cannot log in until enabled again/)).toBeVisible();
  await look('person-asked-once');
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect(page.getByRole('button', { name: 'Enable' })).toBeVisible();
  await look('person-disabled');
  watch.expectStatus(401);
  await other.goto('/login');
  await other.getByRole('textbox', { name: LOG_IN.email }).fill(grace.email);
  await other.getByLabel(LOG_IN.password, { exact: true }).fill(grace.password);
  await other.getByRole('button', { name: LOG_IN.button }).click();
  await expect(other.getByRole('alert')).toBeVisible();
  await page.getByRole('button', { name: 'Enable' }).click();
  await logIn(other, grace);

  // The last administrator who can log in keeps the role.
  await page.getByRole('combobox', { name: PEOPLE.role }).selectOption('Viewer');
  await page.getByRole('button', { name: 'Set the role' }).click();
  await openPeople(page);
  await page.getByRole('link', { name: ada.name }).click();
  await page.getByRole('combobox', { name: PEOPLE.role }).selectOption('Viewer');
  expectStatus(409);
  await page.getByRole('button', { name: 'Set the role' }).click();
  await expect(page.getByRole('alert')).toContainText('This is the last administrator who can log in');
  await look('person-last-administrator');
});

test.describe('after ten minutes', () => {
  test.use({ installation: { movable: true } });

  test('l11_after_the_password_the_typed_form_continues', async ({ page, app, expectStatus, look }) => {
    const ada = await setUp(page, app);
    await openPeople(page);
    app.advance(601);
    await page.getByRole('textbox', { name: SET_UP.email }).fill('grace@contoso.test');
    await page.getByRole('combobox', { name: PEOPLE.role }).selectOption('Admin');
    expectStatus(403);
    await page.getByRole('button', { name: PEOPLE.invite }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Confirm that it is you' })).toBeVisible();
    await expect(page.getByLabel(LOG_IN.password, { exact: true })).toBeFocused();
    await look('confirm');

    expectStatus(422);
    await confirm(page, { ...ada, password: 'certainly not this one' });
    await expect(page.getByRole('alert')).toContainText('This is not your password');
    await look('confirm-with-an-error');
    await confirm(page, ada);
    await expect(page.getByText('Send this link to grace@contoso.test')).toBeVisible();
    await expect(page.getByRole('listitem').filter({ hasText: 'grace@contoso.test' })).toContainText('Admin');

    // A page that requires re-authentication leads there and back.
    app.advance(601);
    await page.goto('/profile/second-factor');
    await confirm(page, ada);
    await expect(page.getByRole('heading', { level: 1, name: 'Second factor' })).toBeVisible();
  });

  test('l10_a_session_that_is_idle_for_half_an_hour_has_ended', async ({ page, app }) => {
    const ada = await setUp(page, app);
    app.advance(29 * 60);
    await page.goto('/profile');
    await expect(page.getByRole('heading', { level: 1, name: 'My profile' })).toBeVisible();
    app.advance(31 * 60);
    await page.goto('/profile');
    await expect(page).toHaveURL('/login?next=/profile');
    await logIn(page, ada);
    await logOut(page, ada);
  });
});

test('a user who forgot the password chooses a new one by a link from an administrator', async ({ page, app, anotherBrowser, expectNoAxeFindings, look }) => {
  const ada = await setUp(page, app);
  const vera = { ...somebody('Vera Example'), password: `${ada.password} of hers` };
  const added = await app.command(['user', 'add', '--email', vera.email, '--name', vera.name, '--role', 'viewer'], `${ada.password} too\n`);
  expect(added.code, added.stderr).toBe(0);
  await openPeople(page);
  await page.getByRole('link', { name: vera.name }).click();
  await page.getByText('Forgotten password').click();
  await page.getByRole('button', { name: 'Make a link for a new password' }).click();
  await look('person-new-password');
  const link = await page.getByRole('status').filter({ hasText: `Send this link to ${vera.email}` }).getByText(/\/invitations\//).innerText();

  const { page: other } = await anotherBrowser();
  await other.goto(link);
  await expect(other.getByRole('heading', { level: 1, name: 'Choose a new password' })).toBeVisible();
  await expectNoAxeFindings(other);
  await other.getByLabel(SET_UP.password, { exact: true }).fill(vera.password);
  await other.getByRole('button', { name: 'Set the password' }).click();
  await expect(other.getByRole('heading', { level: 1, name: CONNECTORS.heading })).toBeVisible();
  await logOut(other, vera);
  await logIn(other, vera);
});
