import type { Response } from '@playwright/test';
import { expect, test } from '../fixtures.ts';
import { addConnector, catchCallback, connectorAt, entry, expectOutcome, expectState, leaveForProvider, logIn, sayWho, setUp, signIn, startSignIn, state } from '../steps.ts';
import { CONTINUE, STATE, VERIFY } from '../words.ts';

/** A page without the parts that differ in every response. */
const bare = (html: string) => html.replace(/(nonce|crossorigin)="[^"]*"/g, '').replace(/[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9A-Z]{8,}\b/g, '');

test('o1_the_redirect_to_the_provider_has_a_fresh_state_of_256_random_bits', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  const states = new Set<string>();
  for (let i = 0; i < 10; i += 1) {
    const { authorize } = await startSignIn(page, app, path);
    const value = authorize.searchParams.get('state') ?? '';
    expect(value).toMatch(/^[A-Za-z0-9_-]{43,}$/);
    states.add(value);
  }
  expect(states.size).toBe(10);
});

test('o2_a_callback_in_another_browser_is_refused_and_causes_no_request_to_the_provider', async ({ page, app, provider, anotherBrowser }) => {
  const person = await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  await sayWho(page);
  const callback = await catchCallback(page, app);

  const strangers = [await anotherBrowser(), await anotherBrowser()];
  // One of them is not logged in; in the other the same administrator uses another computer.
  await logIn(strangers[1]!.page, person);
  for (const { page: theirs, watch } of strangers) {
    watch.expectStatus(400, 2);
    const pages: string[] = [];
    for (const address of [callback, '/api/connectors?code=x&state=never-given-out']) {
      const answer = await theirs.goto(address);
      expect(answer?.status()).toBe(400);
      pages.push(bare((await answer?.text()) ?? ''));
    }
    expect(pages[0], 'the pages of two foreign callbacks differ').toBe(pages[1]);
  }
  expect(await provider.grants()).toEqual([]);
  expect(await provider.requests('token')).toEqual([]);

  // The browser that started the sign-in can still finish it.
  await page.goto(callback);
  await expectOutcome(page);
  await expectState(page, path, STATE.verified);
});

test('o3_a_callback_opened_twice_causes_one_exchange', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  await sayWho(page);
  const callback = await catchCallback(page, app);

  const answers = await Promise.all(Array.from({ length: 8 }, () => page.request.get(callback, { maxRedirects: 0 })));
  const ways = new Set(answers.map((answer) => `${answer.status()} ${answer.headers().location}`));
  expect([...ways], 'a callback does not lead to the outcome').toEqual([expect.stringMatching(/^303 .*\/sign-ins\/[^/?#]+$/)]);
  await page.goto(callback);
  await expectOutcome(page);
  await expect(page.getByRole('main').getByText(/verified/i).first()).toBeVisible();
  await expectState(page, path, STATE.verified);
  expect(await provider.requests('token')).toHaveLength(1);
  expect(await provider.grants()).toEqual([expect.objectContaining({ event: 'grant.success' })]);
});

test('o6_every_sign_in_has_its_own_challenge', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await signIn(page, provider);
  await page.goto(path);
  await signIn(page, provider);
  const asked = await provider.requests('authorize');
  expect(asked).toHaveLength(2);
  for (const request of asked) {
    expect(request).toMatchObject({
      response_type: 'code', response_mode: 'query', prompt: 'select_account', code_challenge_method: 'S256',
      redirect_uri: app.redirectUri, has_state: true, has_nonce: true, code_challenge: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      scope: expect.stringContaining('offline_access'), site: 'cross-site', referer: null,
    });
  }
  expect(asked[0]?.code_challenge).not.toBe(asked[1]?.code_challenge);
});

test('o7_a_code_of_another_users_sign_in_is_refused', async ({ page, app, provider, anotherBrowser }) => {
  const person = await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  // The attacker signs in with an own account and keeps the code.
  const attacker = await anotherBrowser();
  await logIn(attacker.page, person);
  await attacker.page.goto(path);
  await leaveForProvider(attacker.page, provider);
  await sayWho(attacker.page, 'mallory@contoso.test');
  const theirs = new URL(await catchCallback(attacker.page, app)).searchParams.get('code') ?? '';
  // The code is put under the state of another user's new sign-in.
  const { authorize } = await startSignIn(page, app, path);
  await page.goto(`${app.redirectUri}?${new URLSearchParams({ code: theirs, state: authorize.searchParams.get('state') ?? '' })}`);
  await expect(page.getByRole('heading', { level: 1, name: 'Microsoft did not take the sign-in’s one-time code' })).toBeVisible();
  await expect(page.getByText('mallory')).toHaveCount(0);
  await expectState(page, path, STATE.not);
  expect(await provider.exchanges()).toEqual([expect.objectContaining({ status: 400, error: 'invalid_grant' })]);
});

test('o8_a_response_of_one_provider_is_refused_with_the_state_of_another', async ({ page, app, provider }) => {
  const [mine, theirs] = ['aaaaaaaa-7e57-4000-8000-000000000001', 'bbbbbbbb-7e57-4000-8000-000000000002'];
  for (const tenant of [mine, theirs]) await provider.addTenant(tenant);
  await provider.set({ iss: true });
  await setUp(page, app);
  const paths: string[] = [];
  for (const tenant of [mine, theirs]) {
    const client = await provider.addClient(app.redirectUri);
    paths.push(await addConnector(page, { name: `At ${tenant.slice(0, 4)}`, client, audience: /Single tenant only/, tenant }));
  }
  const { authorize } = await startSignIn(page, app, paths[0]!);
  await page.goto(paths[1]!);
  await leaveForProvider(page, provider);
  await sayWho(page);
  const mixed = new URL(await catchCallback(page, app));
  expect(mixed.searchParams.get('iss')).toContain(theirs);
  mixed.searchParams.set('state', authorize.searchParams.get('state') ?? '');
  const answer = await page.request.get(mixed.href, { maxRedirects: 0 });
  // The browser is the right one, so the refusal is about the contents of the callback.
  expect(answer.status()).toBe(303);
  await page.goto(new URL(answer.headers().location ?? '', app.url).href);
  await expect(page.getByRole('heading', { level: 1, name: 'The answer came from another provider or tenant' })).toBeVisible();
  expect(await provider.exchanges(), 'the provider was asked before the refusal').toEqual([]);
  for (const path of paths) await expectState(page, path, STATE.not);
});

test('o10_after_the_callback_no_address_in_the_history_has_the_code', async ({ page, app, provider, context }) => {
  await setUp(page, app);
  await connectorAt(page, app, provider);
  const landings: Response[] = [];
  page.on('response', (answer) => { if (answer.url().startsWith(app.redirectUri)) landings.push(answer); });
  await signIn(page, provider);
  expect(landings).toHaveLength(1);
  const landing = landings[0]!;
  const headers = await landing.allHeaders();
  expect(landing.status()).toBe(303);
  expect(headers['cache-control']).toContain('no-store');
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers.location).toMatch(/\/sign-ins\/[^/?#]+$/);

  const devTools = await context.newCDPSession(page);
  const { entries } = await devTools.send('Page.getNavigationHistory');
  expect(entries.map(({ url }) => url).filter((url) => /code=|state=|\/api\/connectors/.test(url))).toEqual([]);
});

test('o11_a_user_who_cancels_at_the_provider_reads_friendly_words_and_nothing_is_verified', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expectOutcome(page);
  await expect(page.getByRole('main').getByText(/cancel/i).first()).toBeVisible();
  await look('sign-in-cancelled');
  await expectState(page, path, STATE.not);
  expect(await provider.requests('token')).toEqual([]);
});

test('o11_the_words_of_a_refusal_are_shown_as_text_or_not_at_all', async ({ page, app, provider, expectStatus }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await leaveForProvider(page, provider);
  await sayWho(page);
  const callback = new URL(await catchCallback(page, app, 'cancel'));
  callback.searchParams.set('error_description', '<script>alert(1)</script><b id="bold">bold</b>');
  let dialogs = 0;
  page.on('dialog', (dialog) => { dialogs += 1; void dialog.dismiss(); });
  await page.goto(callback.href);
  await expectOutcome(page);
  await expect(page.locator('#bold')).toHaveCount(0);
  expect(dialogs).toBe(0);

  // As in Microsoft's own example, without a state: it belongs to no sign-in and is no error of ours.
  await page.goto(path);
  await provider.set({ stateOnError: false });
  await leaveForProvider(page, provider);
  expectStatus(400);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page).toHaveURL(/\/api\/connectors/);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  expect(await provider.requests('token')).toEqual([]);
});

test('o12_the_token_request_is_a_form_without_an_origin', async ({ page, app, provider }) => {
  await setUp(page, app);
  // The client's secret contains + / = & and %.
  const { client } = await connectorAt(page, app, provider);
  await signIn(page, provider);
  expect(await provider.requests('token')).toEqual([expect.objectContaining({
    method: 'POST', path: '/common/oauth2/v2.0/token', query: false, origin: null, authorization: false,
    content_type: expect.stringContaining('application/x-www-form-urlencoded'), client_id: client.id,
    redirect_uri: app.redirectUri, grant_type: 'authorization_code', has_secret: true, verifier_fits: true, status: 200,
  })]);
});

test('o20_no_token_or_secret_reaches_the_browser_and_a_code_only_in_one_address', async ({ page, app, provider, watch, javaScriptEnabled }) => {
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
  // Without scripts nothing can be stored.
  const stored = !javaScriptEnabled ? '' : await page.evaluate(async () => JSON.stringify([
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

test('o21_the_return_from_another_site_brings_the_session_cookie', async ({ page, app, provider, context }) => {
  await setUp(page, app);
  await connectorAt(page, app, provider);
  const landing = page.waitForRequest((request) => request.url().startsWith(app.redirectUri));
  await signIn(page, provider);
  const headers = await (await landing).allHeaders();
  expect(headers['sec-fetch-site']).toBe('cross-site');
  for (const cookie of await context.cookies(app.url)) {
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
  }
  await expect(page.getByRole('main').getByText(/verified/i).first()).toBeVisible();
});

test('c4_each_page_has_a_policy_with_its_own_nonce', async ({ page, app, provider, watch, expectStatus }) => {
  await page.goto('/login');
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  const { status, html } = await startSignIn(page, app, path);
  expect(status).toBe(200);
  expect(html).toContain('http-equiv');
  expect(html).toContain(CONTINUE);
  await signIn(page, provider);
  await page.goto('/connectors');
  await page.goto('/connectors/new');
  expectStatus(404);
  await page.goto('/nothing-here');
  expectStatus(400);
  await page.goto('/api/connectors');

  // The watch has checked the nonces, and that the browser reported no error.
  const policies = watch.seenPolicies();
  for (const address of ['/login', '/connectors', '/connectors/new', path, `${path}/verify`, '/nothing-here', '/api/connectors']) {
    const policy = policies.get(app.url + address);
    expect(policy, address).toMatch(/default-src 'none'/);
    for (const part of ["object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"]) expect(policy, address).toContain(part);
    expect(policy, address).not.toMatch(/unsafe-inline|'unsafe-eval'|\bhttps?:/);
  }
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

test('a wrong secret makes the connector fail after one request', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const client = await provider.addClient(app.redirectUri);
  const path = await addConnector(page, { name: 'Mail archive', client: { ...client, secret: 'not-a-real-secret~another' } });
  await signIn(page, provider);
  await expect(page.getByRole('main').getByText(/secret/i).first()).toBeVisible();
  await look('sign-in-wrong-secret');
  await expectState(page, path, STATE.failing);
  await look('connector-failing');
  await page.goto('/connectors');
  await expect(state(entry(page, 'Mail archive'), STATE.failing)).toBeVisible();
  expect(await provider.requests('token')).toEqual([expect.objectContaining({ status: 401, error: 'invalid_client' })]);
});

test('a missing required permission is a failure, and a missing optional one a warning that names it', async ({ page, app, provider, look }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await provider.set({ scope: 'missing-required' });
  await signIn(page, provider);
  await expect(page.getByRole('main').getByText(/User\.Read/).first()).toBeVisible();
  await look('sign-in-missing-permission');
  await expectState(page, path, STATE.not);

  await provider.set({ scope: 'missing-optional' });
  await signIn(page, provider);
  await expect(page.getByRole('main').getByText(/Mail\.Send/).first()).toBeVisible();
  await look('sign-in-with-a-warning');
  await expectState(page, path, STATE.verified);
});

test('without a refresh token the connector is not verified', async ({ page, app, provider }) => {
  await provider.set({ refreshToken: false });
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await signIn(page, provider);
  await expect(page.getByRole('main').getByText(/offline_access/).first()).toBeVisible();
  await expectState(page, path, STATE.not);
});

test('the page before the redirect says where it leads, and why', async ({ page, app, provider, look }) => {
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
  await leaveForProvider(page, provider);
  await sayWho(page);
  // Fetched beside the browser and shown to it later, because it exists for two seconds only.
  const checking = await page.request.get(await catchCallback(page, app));
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
  await expect.poll(() => asked, 'it looks again by itself, with scripts and without').toBeGreaterThan(1);
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
  await leaveForProvider(page, provider);
  await sayWho(page);
  const callback = await catchCallback(page, app);
  const cookie = (await page.context().cookies(app.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  const answer = fetch(callback, { headers: { cookie }, redirect: 'manual' }).catch(() => undefined);
  // While the provider waits: a request is recorded after its response, its contents before.
  await expect.poll(async () => (await provider.secrets()).some(({ what }) => what === 'verifier')).toBe(true);
  await app.restart();
  await answer;
  await expectState(page, path, STATE.verified);
});
