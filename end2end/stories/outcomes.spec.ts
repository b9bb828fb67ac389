// Two results of a sign-in: one after the return, one before any question to the user. The server’s tests have the others.

import { expect, type Page, type Provider, test } from '../fixtures.ts';
import { connectorAt, expectOutcome, expectState, setUp, signIn, signInDirectly } from '../steps.ts';
import type { Settings } from '../support/provider.ts';
import { STATE, VERIFY } from '../words.ts';

interface End {
  what: string;
  settings: Partial<Settings>;
  /** Whether Microsoft ends it before any question to the user. */
  atOnce?: boolean;
  heading: string;
  who: RegExp;
  next: RegExp;
  /** The remedy on the page. */
  offers?: RegExp;
  code?: string;
  state: string | RegExp;
}

const ENDS: End[] = [
  { what: 'an expired secret', settings: { fault: 'expired-secret' }, heading: 'The client secret has expired', who: /^You, as/, next: /new client secret/, offers: /^Replace the client secret$/, code: 'AADSTS7000222', state: STATE.failing },
  { what: 'an administrator who must approve', settings: { authorizeError: 'access_denied', authorizeCode: 90094 }, atOnce: true, heading: 'A Microsoft 365 administrator must approve the permissions', who: /^A Microsoft 365 administrator of the company/, next: /message for the administrator/, code: 'AADSTS90094', state: STATE.not },
];

async function leave(page: Page, provider: Provider, atOnce = false): Promise<void> {
  if (!atOnce) return signIn(page, provider);
  await page.getByRole('button', { name: VERIFY }).click();
  await expectOutcome(page);
}

for (const { what, settings, atOnce, heading, who, next, offers, code, state } of ENDS) {
  test(`o14_${what.replaceAll(' ', '_')}_is_explained_with_who_can_fix_it_and_the_next_step`, async ({ page, app, provider, look }) => {
    await setUp(page, app);
    const { path } = await connectorAt(page, app, provider);
    await provider.set(settings);
    await leave(page, provider, atOnce);
    await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
    const main = page.getByRole('main');
    await expect(main.getByText(who).first()).toBeVisible();
    await expect(main.getByText(next).first()).toBeVisible();
    if (code) await expect(main.getByText(code, { exact: true })).toBeVisible();
    if (offers) await expect(main.getByRole('link', { name: offers })).toBeVisible();
    await page.getByText('Timeline').click();
    await expect(main.getByText('Came back from Microsoft', { exact: true })).toBeVisible();
    await look(`outcome-${what.replaceAll(' ', '-')}`);
    await expectState(page, path, state);
    expect((await provider.exchanges()).length, 'the code was sent more than once').toBe(atOnce ? 0 : 1);
  });
}

test('the text for support can be copied completely and has no secret', async ({ page, app, provider, context, look }) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  await provider.set({ fault: 'wrong-secret' });
  await signInDirectly(page, app, path);
  await page.getByText('Timeline').click();
  await page.getByText('Details for support').click();
  const text = page.locator('pre');
  await expect(text).toContainText('Error: invalid_client');
  await expect(text).toContainText(`Client ID: ${client.id}`);
  await expect(text).not.toContainText(client.secret);
  await look('timeline');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.copy', { has: text }).getByRole('button', { name: /^Copy/ }).click();
  await expect(page.locator('.copy', { has: text }).getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await text.textContent());
});

test('the next step of a missing approval is a message for the administrator, ready to copy', async ({ page, app, provider, context, look }) => {
  await setUp(page, app);
  const { client } = await connectorAt(page, app, provider);
  await provider.set({ authorizeError: 'access_denied', authorizeCode: 90094 });
  await leave(page, provider, true);
  const card = page.getByRole('region', { name: 'Message for the administrator' });
  const text = card.locator('pre');
  for (const words of [`Client ID: ${client.id}`, 'Sign in as a Microsoft 365 administrator', 'Click Accept']) await expect(text).toContainText(words);
  await expect(page.getByRole('main').locator('.button.primary')).toHaveCount(1);
  await expect(page.getByText('When that is done:')).toBeVisible();
  await expect(card.getByRole('link', { name: 'Write an email' })).toHaveAttribute('href', /^mailto:/);
  await look('outcome-message');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await card.getByRole('button', { name: 'Copy the message for the administrator' }).click();
  await expect(card.getByText('Copied')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await text.textContent());
});
