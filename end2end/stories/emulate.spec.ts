// The whole sign-in with Google by a server that none of us wrote (`emulate`, with the provider of `make demo`): from the
// form to a mailbox whose access is tested.

import { randomBytes } from 'node:crypto';
import { addGmailDirectly, GOOGLE } from '../google-steps.ts';
import { expect, test } from '@playwright/test';
import { expectEnding, makeLink, openAccount } from '../account-steps.ts';
import { expectState, setUp } from '../steps.ts';
import { App } from '../support/app.ts';
import { freePort } from '../support/process.ts';
import { launch } from '../support/strict-process.ts';
import { Watch } from '../support/watch.ts';
import { ACCOUNTS, CONNECT, STATE } from '../words.ts';

test('a sign-in with Google by a server of others leads to a mailbox', async ({ browser }) => {
  const client = { id: `123456789012-${randomBytes(16).toString('hex')}.apps.googleusercontent.com`, secret: `GOCSPX-${randomBytes(21).toString('base64url')}` };
  const [port, appPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const redirectUri = `http://localhost:${appPort}/api/connectors`;
  const { child } = await launch('demo-google.mjs', { PORT: String(port), CLIENT_ID: client.id, CLIENT_SECRET: client.secret, REDIRECT_URI: redirectUri });
  const app = await App.start('http://127.0.0.1:9', {
    google: url, port: appPort, settings: { MAIL360_GOOGLE_TOKEN_URL: `${url}/oauth2/token`, MAIL360_GOOGLE_REVOKE_URL: `${url}/oauth2/revoke` },
  });
  try {
    const context = await browser.newContext({ baseURL: app.url, locale: 'en-GB', reducedMotion: 'reduce' });
    const watch = new Watch(context, app.url);
    const page = await context.newPage();
    await setUp(page, app);
    const path = await addGmailDirectly(page, app, 'Gmail archive', client);
    await page.getByRole('button', { name: GOOGLE.verify }).click();
    await page.getByRole('button', { name: /Alice Adams/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: GOOGLE.works })).toBeVisible();
    await expect(page.getByText('You signed in as alice@contoso.test')).toBeVisible();
    await page.getByRole('link', { name: ACCOUNTS.first }).click();
    const link = await makeLink(page, { email: 'bob@contoso.test' });
    const owners = await browser.newContext({ locale: 'en-GB' });
    const person = await owners.newPage();
    await person.goto(link);
    await person.getByRole('button', { name: GOOGLE.connect, exact: true }).click();
    await person.getByRole('button', { name: /Bob Brown/ }).click();
    await expectEnding(person, CONNECT.connected);
    await openAccount(page, 'bob@contoso.test');
    await page.getByRole('button', { name: ACCOUNTS.test }).click();
    await expect(page.getByText(ACCOUNTS.works)).toBeVisible();
    await expect(page.getByRole('main')).toContainText('Contacts: 12.');
    await expectState(page, path, STATE.verified);
    await watch.conclude();
    await owners.close();
    await context.close();
  } finally {
    await app.remove();
    child.kill('SIGTERM');
  }
});
