// A sign-in between the browser, this program and an independent provider: what only these three together prove.

import type { Response } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { callbackOf, connectorAt, expectOutcome, expectState, leaveForProvider, sayWho, setUp, signIn } from '../steps.ts';
import { CONTINUE, STATE, VERIFY } from '../words.ts';

test('o6_o10_o12_o21_a_sign_in_as_the_provider_and_the_browser_see_it', async ({ page, app, provider, context }) => {
  await setUp(page, app);
  // The client's secret contains + / = & and %.
  const { client } = await connectorAt(page, app, provider);
  const landings: Response[] = [];
  page.on('response', (answer) => { if (answer.url().startsWith(app.redirectUri)) landings.push(answer); });
  await signIn(page, provider);

  expect(await provider.requests('authorize')).toEqual([expect.objectContaining({
    response_type: 'code', response_mode: 'query', prompt: 'select_account', code_challenge_method: 'S256',
    redirect_uri: app.redirectUri, has_state: true, has_nonce: true, code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    scope: expect.stringContaining('offline_access'), site: 'cross-site', referer: null,
  })]);
  expect(await provider.requests('token')).toEqual([expect.objectContaining({
    method: 'POST', path: '/common/oauth2/v2.0/token', query: false, origin: null, authorization: false,
    content_type: expect.stringContaining('application/x-www-form-urlencoded'), client_id: client.id,
    redirect_uri: app.redirectUri, grant_type: 'authorization_code', has_secret: true, verifier_fits: true, status: 200,
  })]);

  expect(landings).toHaveLength(1);
  const [landing] = landings;
  expect(landing?.status()).toBe(303);
  const headers = (await landing?.allHeaders()) ?? {};
  expect(headers['cache-control']).toContain('no-store');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers.location).toMatch(/\/sign-ins\/[^/?#]+$/);
  // The return from another site brings the session cookie.
  expect((await landing?.request().allHeaders())?.['sec-fetch-site']).toBe('cross-site');
  for (const cookie of await context.cookies(app.url)) {
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  }
  const devTools = await context.newCDPSession(page);
  const { entries } = await devTools.send('Page.getNavigationHistory');
  expect(entries.map(({ url }) => url).filter((url) => /code=|state=|\/api\/connectors/.test(url))).toEqual([]);
});

test('o20_no_token_or_secret_reaches_the_browser_and_a_code_only_in_one_address', async ({ page, app, provider, watch }) => {
  watch.keepBodies();
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  const codes: string[] = [];
  page.on('request', (request) => { codes.push(new URL(request.url()).searchParams.get('code') ?? ''); });
  await signIn(page, provider);
  for (const address of [path, `${path}/edit`, '/connectors', '/settings/activity']) await page.goto(address);
  const code = codes.find((found) => found !== '') ?? '';
  expect(code.length, 'no code was sent').toBeGreaterThan(20);
  const sent = await provider.secrets();
  expect(sent.map(({ what }) => what), 'a verifier was sent, tokens were issued').toEqual(['verifier', 'token', 'token', 'token']);
  const stored = await page.evaluate(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases(), await caches.keys(),
  ]));
  await watch.settle();
  const secrets = [client.secret, code, ...sent.map(({ value }) => value)];
  for (const [url, body] of [...watch.bodies, ['what the browser stores', stored] as const]) {
    for (const secret of secrets) expect(body.includes(secret), url).toBe(false);
  }
  const log = app.logText();
  for (const secret of secrets) expect(log.includes(secret), 'the log').toBe(false);
});

test('c4_the_policy_allows_a_provider_that_redirects_before_its_log_in_page', async ({ page, app, provider }) => {
  await provider.set({ redirectFirst: true });
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  expect(new URL(page.url()).origin).toBe(provider.secondUrl);
  await sayWho(page);
  await page.getByRole('button', { name: 'Accept' }).click();
  await expectOutcome(page);
  await expectState(page, path, STATE.verified);
});

test('the page before the redirect says where it leads, and why', { tag: '@plain' }, async ({ page, app, provider, look }) => {
  await setUp(page, app);
  await connectorAt(page, app, provider);
  // The redirect leads nowhere, so that there is time to read: after a 204 a browser stays on its page.
  let left = 0;
  await page.route(`${provider.url}/**`, (route) => { left += 1; return route.fulfill({ status: 204 }); });
  await page.getByRole('button', { name: VERIFY }).click();
  await expect(page.getByRole('heading', { level: 1, name: /^You are being sent to 127\.0\.0\.1 to sign in/ })).toBeVisible();
  await expect(page.getByRole('main')).toContainText('Mail archive');
  await expect(page.getByRole('link', { name: CONTINUE })).toHaveAttribute('href', /code_challenge_method=S256/);
  await expect.poll(() => left, 'it goes on by itself, with scripts and without').toBeGreaterThan(0);
  await look('leaving');
  await page.unroute(`${provider.url}/**`);
  await page.getByRole('link', { name: CONTINUE }).click();
  await expect(page.getByRole('heading', { name: 'Sign in to your account' })).toBeVisible();
});

test('a provider that does not answer in time costs the sign-in and nothing else', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  // Longer than the story, so the program must give up first.
  await provider.set({ tokenDelay: 300_000 });
  // Fetched beside the browser and shown to it later, because it exists for two seconds only.
  const checking = await page.request.get(await callbackOf(page, app, path));
  // The program gives up after fifteen seconds, of which five are over.
  const ended = async () => !(await (await page.request.get(checking.url())).text()).includes('Checking…');
  await expect.poll(ended, { timeout: 20_000 }).toBe(true);
  // Checked while the page does not navigate; a cancelled navigation keeps the page.
  let asked = 0;
  const outcome = /\/sign-ins\/[^/]+$/;
  await page.route(outcome, (route) => {
    asked += 1;
    return asked === 1 ? route.fulfill({ response: checking }) : route.abort('aborted');
  });
  await page.goto(checking.url());
  await expect(page.getByRole('heading', { level: 1, name: 'Checking…' })).toBeVisible();
  await expect.poll(() => asked, 'it looks again by itself').toBeGreaterThan(1);
  await look('sign-in-checking');
  await page.unroute(outcome);
  await page.getByRole('link', { name: 'reload it now' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Microsoft did not answer in time' })).toBeVisible();
  await look('sign-in-unavailable');
  await expectState(page, path, STATE.not);
});

test('a program that is asked to stop finishes the running exchange', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await provider.set({ tokenDelay: 3_000 });
  const callback = await callbackOf(page, app, path);
  const cookie = (await page.context().cookies(app.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const answer = fetch(callback, { headers: { cookie }, redirect: 'manual' }).catch(() => undefined);
  // While the provider waits: a request is recorded after its response, its contents before.
  await expect.poll(async () => (await provider.secrets()).some(({ what }) => what === 'verifier')).toBe(true);
  await app.restart();
  await answer;
  await expectState(page, path, STATE.verified);
});
