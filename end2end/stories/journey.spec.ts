import { expect, test } from '../fixtures.ts';
import { addConnector, agree, entry, expectOutcome, expectState, leaveForProvider, logIn, logOut, sayWho, setUpByHand, state } from '../steps.ts';
import { ADDED, AUDIENCE, CONNECTORS, FORM, STATE, VERIFY } from '../words.ts';

test('from the set-up link to a verified connector', { tag: '@plain' }, async ({ page, app, provider, look }) => {
  // As Microsoft does: scopes by their last part, and no `iss`. Other forms are for the tests of the server.
  await provider.set({ scope: 'short', iss: false });

  const person = await setUpByHand(page, app);
  await expect(page.getByText(`${app.url}/api/connectors`).first()).toBeVisible();
  await look('connectors-empty');

  await page.getByRole('link', { name: CONNECTORS.add }).first().click();
  await expect(page.getByRole('heading', { level: 1, name: FORM.heading })).toBeVisible();
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
