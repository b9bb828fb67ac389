// The form of a Gmail connector, as far as only a browser shows it: the choice of the provider with the keyboard, and
// the JSON file of an OAuth client that fills two fields.

import { randomUUID } from 'node:crypto';
import { expect, type Page, test } from '../fixtures.ts';
import { expectHydrated, setUp, tabTo } from '../steps.ts';
import { FORM, GMAIL } from '../words.ts';

const PATH = '/connectors/new?provider=google';
const ID = '123456789012-abc0def1.apps.googleusercontent.com';

const newSecret = () => `GOCSPX-${randomUUID().slice(0, 28)}`;

/** The file as Google offers it. */
function fileOf(secret: string, redirectUris: string[], kind = 'web'): string {
  return JSON.stringify({
    [kind]: {
      client_id: ID, project_id: 'mail-archive-1', auth_uri: 'https://accounts.google.com/o/oauth2/auth',
      token_uri: 'https://oauth2.googleapis.com/token', client_secret: secret, redirect_uris: redirectUris,
    },
  });
}

/** Chooses a file with this text. */
async function choose(page: Page, text: string): Promise<void> {
  const file = { name: `client_secret_${ID}.json`, mimeType: 'application/json', buffer: Buffer.from(text) };
  await page.getByLabel(GMAIL.file, { exact: true }).setInputFiles(file);
}

const id = (page: Page) => page.getByRole('textbox', { name: FORM.clientId });
const secretField = (page: Page) => page.getByLabel(FORM.secret, { exact: true });

test('Gmail is chosen with the keyboard, and the fields and the steps change with it', { tag: '@plain' }, async ({ page, app, javaScriptEnabled, look }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page, javaScriptEnabled !== false);
  const choices = page.getByRole('group', { name: FORM.provider });
  await expect(choices.getByRole('link', { name: GMAIL.outlook })).toHaveAttribute('aria-current', 'true');
  await tabTo(page, choices.getByRole('link', { name: GMAIL.card }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: GMAIL.project })).toBeVisible();
  await expect(choices.getByRole('link', { name: GMAIL.card })).toHaveAttribute('aria-current', 'true');
  await expect(page.getByRole('checkbox', { name: GMAIL.firstStep })).toBeVisible();
  await expect(page.getByRole('textbox', { name: GMAIL.domain })).toBeVisible();
  await expect(page.getByRole('group', { name: FORM.audience })).toHaveCount(0);
  const file = page.getByLabel(GMAIL.file, { exact: true });
  await (javaScriptEnabled === false ? expect(file).toBeHidden() : expect(file).toBeVisible());
  await look('add-connector-gmail');

  await tabTo(page, choices.getByRole('link', { name: GMAIL.outlook }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('group', { name: FORM.audience })).toBeVisible();
  await expect(page.getByRole('checkbox', { name: GMAIL.firstStep })).toHaveCount(0);
});

test('the chosen file fills both fields, and its text is not shown', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto(PATH);
  await expectHydrated(page);
  const secret = newSecret();
  await choose(page, fileOf(secret, ['https://mail.example.com/callback', app.redirectUri]));
  await expect(id(page)).toHaveValue(ID);
  await expect(secretField(page)).toHaveValue(secret);
  await expect(secretField(page)).toHaveAttribute('type', 'password');
  await expect(page.getByText(GMAIL.unlisted)).toBeHidden();
  await expect(page.locator('[aria-invalid="true"]')).toHaveCount(0);
  expect(await page.content()).not.toContain(secret);
});

test('a file without our Redirect URI fills both fields and names the address to add', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto(PATH);
  await expectHydrated(page);
  await choose(page, fileOf(newSecret(), [`${app.redirectUri}/`]));
  await expect(id(page)).toHaveValue(ID);
  await expect(page.getByRole('status').filter({ hasText: GMAIL.unlisted })).toContainText(app.redirectUri);
  await look('add-connector-gmail-file-without-redirect-uri');
  // Another file takes the message away.
  await choose(page, fileOf(newSecret(), [app.redirectUri]));
  await expect(page.getByText(GMAIL.unlisted)).toBeHidden();
});

test('a file of a Desktop app is refused before the form is sent', async ({ page, app, look }) => {
  await setUp(page, app);
  await page.goto(PATH);
  await expectHydrated(page);
  await choose(page, fileOf(newSecret(), ['http://localhost'], 'installed'));
  await expect(page.getByText(GMAIL.desktop).first()).toBeVisible();
  await expect(secretField(page)).toHaveAttribute('aria-invalid', 'true');
  await expect(secretField(page)).toHaveAccessibleDescription(/type Web application/);
  await expect(id(page)).toHaveValue('');
  await look('add-connector-gmail-desktop-file');
});

test('a file that is pasted as the Client ID fills both fields', { tag: '@plain' }, async ({ page, app, javaScriptEnabled }) => {
  await setUp(page, app);
  await page.goto(PATH);
  await expectHydrated(page, javaScriptEnabled !== false);
  await page.getByRole('textbox', { name: FORM.serviceName }).fill('Gmail archive');
  const secret = newSecret();
  await id(page).fill(fileOf(secret, ['https://mail.example.com/callback']));
  if (javaScriptEnabled === false) {
    await page.getByRole('button', { name: FORM.add, exact: true }).click();
    await expect(page).toHaveTitle(/^Error: Add Connector/);
    await expect(id(page)).toHaveAccessibleDescription(new RegExp(GMAIL.unlisted));
    await expect(secretField(page)).toHaveAccessibleDescription(/Kept from your last try/);
    await expect(page.getByRole('textbox', { name: FORM.serviceName })).toHaveValue('Gmail archive');
  } else {
    await expect(secretField(page)).toHaveValue(secret);
  }
  await expect(id(page)).toHaveValue(ID);
  expect(await page.content()).not.toContain(secret);
});

test('the ticked steps of both guides are kept', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await expectHydrated(page);
  const first = page.getByRole('checkbox', { name: 'Step A1 is done' });
  const gmails = page.getByRole('checkbox', { name: GMAIL.firstStep });
  await first.check();
  await page.goto(PATH);
  await expectHydrated(page);
  await expect(gmails).not.toBeChecked();
  await gmails.check();
  await page.goto('/connectors/new?provider=outlook');
  await expectHydrated(page);
  await expect(first).toBeChecked();
  await page.goto(PATH);
  await expect(gmails).toBeChecked();
});
