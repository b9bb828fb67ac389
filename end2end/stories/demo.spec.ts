// `make demo` without an Azure account: this story does what the demo prints.

import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@playwright/test';
import { GOOGLE } from '../google-steps.ts';
import { fillForm } from '../steps.ts';
import { freePort, until } from '../support/process.ts';
import { Watch } from '../support/watch.ts';
import { ACCOUNTS, ADDED, CONNECT, CONNECTORS, FORM, LINK, LOG_IN, VERIFY } from '../words.ts';

/** Ends the demo like Ctrl-C. Returns its later output and its exit code. */
async function interrupt(demo: ChildProcess): Promise<number | null> {
  if (demo.exitCode !== null) return demo.exitCode;
  const ended = new Promise<number | null>((done) => { demo.once('exit', done); });
  demo.kill('SIGINT');
  return ended;
}

test('the demo leads to a connected mailbox and leaves nothing behind', async ({ page, context, browser }) => {
  const [port, providerPort, googlePort] = [await freePort(), await freePort(), await freePort()];
  // The shell has the settings of a real installation, which the demo must not touch.
  const real = join(tmpdir(), `${randomUUID()}.sqlite`);
  const demo = spawn(fileURLToPath(new URL('../../scripts/demo.sh', import.meta.url)), {
    env: { ...process.env, MAIL360_DATABASE_URL: `sqlite:${real}`, MAIL360_LISTEN: `127.0.0.1:${port}`, DEMO_PROVIDER_PORT: String(providerPort), DEMO_GOOGLE_PORT: String(googlePort) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [demo.stdout, demo.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { said += text; });
  try {
    await until('the demo to say what to do', () => {
      if (demo.exitCode !== null) throw new Error(`the demo ended with ${demo.exitCode}: ${said}`);
      return said.includes('Ctrl-C ends the demo') ? true : undefined;
    }, 60_000);
    const printed = (what: string) => new RegExp(`^ *${what} {2,}(.+)$`, 'm').exec(said)?.[1] ?? '';
    const url = /Open (\S+) /.exec(said)?.[1] ?? '';
    const watch = new Watch(context, url);

    await page.goto(url);
    await page.getByRole('textbox', { name: LOG_IN.email }).fill(printed('Email'));
    await page.getByLabel(LOG_IN.password, { exact: true }).fill(printed('Password'));
    await page.getByRole('button', { name: LOG_IN.button }).click();
    await page.getByRole('link', { name: CONNECTORS.add }).first().click();
    await fillForm(page, { name: printed('Service Name'), client: { id: printed('Client ID'), secret: printed('Client Secret') } });
    await page.getByRole('button', { name: FORM.add, exact: true }).click();
    await expect(page.getByText(ADDED)).toBeVisible();

    await page.getByRole('button', { name: VERIFY }).first().click();
    await page.getByRole('button', { name: /Alice Adams/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'The connector works' })).toBeVisible();
    // And not the user whom the provider assumes for an unknown token.
    await expect(page.getByText('You signed in as alice@contoso.test')).toBeVisible();

    await page.getByRole('link', { name: ACCOUNTS.first }).click();
    await page.getByRole('button', { name: LINK.make, exact: true }).click();
    const link = await page.locator('.copy code').first().innerText();
    const anotherContext = await browser.newContext();
    const anotherWatch = new Watch(anotherContext, url);
    const owner = await anotherContext.newPage();
    await owner.goto(link);
    await owner.getByRole('button', { name: CONNECT.continue }).click();
    await owner.getByRole('button', { name: /Bob Brown/ }).click();
    await expect(owner.getByRole('heading', { level: 1, name: CONNECT.connected })).toBeVisible();
    await anotherWatch.conclude();
    await anotherContext.close();

    const accounts = /Open (\S+\/accounts) /.exec(said)?.[1] ?? '';
    await page.goto(accounts);
    await page.getByRole('link', { name: 'bob@contoso.test' }).click();
    await expect(page.getByRole('main').getByText('Connected', { exact: true }).first()).toBeVisible();
    await page.getByRole('button', { name: ACCOUNTS.test }).click();
    await expect(page.getByText(ACCOUNTS.works)).toBeVisible();
    await expect(page.getByRole('main')).toContainText('Newest message:');
    await expect(page.getByRole('main')).toContainText('Contacts: 12.');

    // The values for Gmail. The rest of the way is the one of emulate.spec.ts.
    await page.goto(url + GOOGLE.form);
    await page.getByRole('textbox', { name: FORM.serviceName }).fill('Gmail archive');
    await page.getByRole('textbox', { name: FORM.clientId }).fill(printed('Gmail\'s ID'));
    await page.getByLabel(FORM.secret, { exact: true }).fill(printed('Gmail\'s secret'));
    await page.getByRole('button', { name: FORM.add, exact: true }).click();
    await expect(page.getByText(GOOGLE.added)).toBeVisible();
    await page.getByRole('button', { name: GOOGLE.verify }).first().click();
    await page.getByRole('button', { name: /Alice Adams/ }).click();
    await expect(page.getByRole('heading', { level: 1, name: GOOGLE.works })).toBeVisible();
    await watch.conclude();
  } finally {
    const code = await interrupt(demo);
    expect(code, said).toBe(0);
  }
  expect(said).toContain('All its data is deleted');
  expect(existsSync(real)).toBe(false);
  for (const ended of [port, providerPort, googlePort]) await expect(fetch(`http://127.0.0.1:${ended}/`)).rejects.toThrow();
  expect(existsSync(`/proc/${demo.pid}`)).toBe(false);
});
