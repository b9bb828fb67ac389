import { expect, test } from '../fixtures.ts';
import { addConnector, agree, entry, expectOutcome, expectState, leaveForProvider, logIn, logOut, sayWho, setUp, somebody, state } from '../steps.ts';
import { ADDED, AUDIENCE, CONNECTORS, FORM, STATE, VERIFY } from '../words.ts';

for (const scope of ['short', 'long', 'absent'] as const) {
  test(`from the set-up link to a verified connector, at a provider that answers with ${scope} scopes`, async ({ page, app, provider, look }) => {
    // Microsoft sends no `iss`; a provider that sends one must pass as well.
    await provider.set({ scope, iss: scope === 'long', mail: scope !== 'absent' });

    const person = await setUp(page, app);
    await expect(page.getByText(`${app.url}/api/connectors`).first()).toBeVisible();
    await look('connectors-empty');

    await page.getByRole('link', { name: CONNECTORS.add }).first().click();
    await expect(page.getByRole('heading', { level: 1, name: FORM.heading })).toBeVisible();
    await expect(page.getByRole('radio', { name: FORM.gmail })).toBeDisabled();
    await look('add-connector');

    const client = await provider.addClient(app.redirectUri);
    const path = await addConnector(page, { name: 'Mail archive', client, audience: AUDIENCE.everybody });
    await expect(state(page.getByRole('main'), STATE.not)).toBeVisible();
    await expect(page.getByRole('button', { name: VERIFY })).toBeVisible();
    await look('connector-added');

    const started = page.waitForResponse((answer) => answer.request().method() === 'POST' && answer.url().endsWith('/verify'));
    await leaveForProvider(page, provider);
    expect((await started).status(), 'the form leads to a page of this program: its own policy would stop a redirect').toBe(200);

    await sayWho(page);
    for (const permission of ['User.Read', 'Mail.Read', 'Mail.Send', 'Contacts.Read']) {
      await expect(page.getByText(permission, { exact: true })).toBeVisible();
    }
    await agree(page);
    await expectOutcome(page);
    await expect(page.getByRole('main').getByText(/verified/i).first()).toBeVisible();
    await look('sign-in-succeeded');

    await expectState(page, path, STATE.verified);
    await expect(page.getByText(ADDED), 'the message is shown a second time').toHaveCount(0);
    await look('connector-verified');

    await page.getByRole('link', { name: CONNECTORS.heading, exact: true }).first().click();
    await expect(state(entry(page, 'Mail archive'), STATE.verified)).toBeVisible();
    await expect(entry(page, 'Mail archive')).toContainText(client.id);
    await look('connectors');

    const [token, ...more] = await provider.requests('token');
    expect(token).toMatchObject({ status: 200, client_id: client.id });
    expect(more).toEqual([]);

    await logOut(page, person);
    await page.goto('/connectors');
    await expect(page).toHaveURL(/\/login/);
    await look('log-in');
    await logIn(page, person);
    await expect(state(entry(page, 'Mail archive'), STATE.verified)).toBeVisible();
  });
}

test('the set-up page no longer exists after its use', async ({ page, app, expectStatus }) => {
  const link = await app.setUpLink();
  await setUp(page, app);
  expectStatus(404);
  expect((await page.goto(link))?.status()).toBe(404);
  await app.restart();
  expect(await app.setUpLink(), 'no new link is printed').toBe(link);
});

test('the set-up page names the mistake and keeps the typed values', async ({ page, app, expectStatus, look }) => {
  const person = { ...somebody(), password: 'short' };
  await page.goto(await app.setUpLink());
  await look('set-up');
  await page.getByRole('textbox', { name: 'Organisation' }).fill(person.organisation);
  await page.getByRole('textbox', { name: 'Your name' }).fill(person.name);
  await page.getByRole('textbox', { name: 'E-mail' }).fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  expectStatus(422);
  // The browser's own check would prevent sending; the server must also decide alone.
  await page.getByRole('button', { name: 'Set up' }).evaluate((button) => { (button as HTMLButtonElement).form!.noValidate = true; });
  await page.getByRole('button', { name: 'Set up' }).click();
  await expect(page.getByText(/at least 15 characters/).first()).toBeVisible();
  await expect(page.getByRole('textbox', { name: 'Organisation' })).toHaveValue(person.organisation);
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toHaveValue(person.email);
  await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
  await look('set-up-with-an-error');
});

test('a wrong password is refused without revealing whether the user exists', async ({ page, app, expectStatus, look }) => {
  const person = await setUp(page, app);
  await logOut(page, person);
  const answers: string[] = [];
  for (const email of [person.email, 'mallory@contoso.test']) {
    await page.goto('/login');
    await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await page.getByLabel('Password', { exact: true }).fill('certainly not this one');
    expectStatus(401);
    await page.getByRole('button', { name: 'Log in' }).click();
    answers.push(await page.getByRole('alert').innerText());
  }
  expect(answers[0]).toBe(answers[1]);
  await look('log-in-with-an-error');
});

test('after ten wrong passwords the page says how long to wait', async ({ page, app, expectStatus, look }) => {
  const person = await setUp(page, app);
  await logOut(page, person);
  // An unknown browser: one in which the user has logged in before has a count of its own.
  await page.context().clearCookies();
  for (let i = 0; i < 10; i += 1) {
    const form = { email: person.email, password: 'certainly not this one' };
    const answer = await page.request.post('/login', { form, headers: { origin: app.url }, maxRedirects: 0 });
    expect(answer.status()).toBe(401);
  }
  await page.goto('/login');
  await page.getByRole('textbox', { name: 'E-mail' }).fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  expectStatus(429);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toContainText(/Wait \d minutes, then try again/);
  await expect(page.getByRole('textbox', { name: 'E-mail' })).toHaveValue(person.email);
  await look('log-in-too-many');
});
