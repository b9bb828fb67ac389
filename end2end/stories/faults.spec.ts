// A provider with broken responses: each costs the sign-in and nothing else.

import { expect, test } from '../fixtures.ts';
import { catchCallback, connectorAt, expectState, leaveForProvider, sayWho, setUp, signIn, startSignIn } from '../steps.ts';
import { STATE } from '../words.ts';

const GARBLED = 'Microsoft’s answer could not be understood';
const UNREACHABLE = 'Microsoft could not be reached';
const TROUBLE = 'Microsoft has a temporary problem';
const SLOW = 'Microsoft did not answer in time';
const REFUSED = 'Microsoft refused to finish the sign-in';

/** The words for each fault. */
const FAULTS: Record<string, string> = {
  redirect: GARBLED,
  html: GARBLED,
  huge: GARBLED,
  bomb: GARBLED,
  empty: GARBLED,
  'not-oauth': GARBLED,
  'wrong-types': GARBLED,
  deep: GARBLED,
  'server-error': TROUBLE,
  transient: TROUBLE,
  cut: UNREACHABLE,
  'cut-midway': UNREACHABLE,
  echo: REFUSED,
  'unknown-code': 'Microsoft did not give access',
  drip: SLOW,
  'two-gigabytes': SLOW,
};
/** Faults after which the rest of the response is valid, so the code must be used. */
const ALMOST_SOUND = ['no-access-token'];
/** Faults that damage only an unused field. */
const UNUSED_FIELD = ['expires-text', 'expires-negative', 'expires-object', 'expires-huge'];
/** Faults of Graph. */
const AT_GRAPH: Record<string, string> = { html: GARBLED, huge: GARBLED, 'not-oauth': GARBLED, redirect: GARBLED, throttled: 'Microsoft has had too many requests', cut: UNREACHABLE };

test('o13_no_response_of_the_provider_costs_memory_reveals_a_secret_or_loses_a_state', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path, client } = await connectorAt(page, app, provider);
  const before = app.memory();
  const ended = async (callback: string, words: string, fault: string) => {
    await page.goto(callback);
    await expect(page.getByRole('heading', { level: 1, name: words }), fault).toBeVisible();
  };
  for (const [fault, words] of Object.entries(FAULTS)) {
    await provider.set({ fault });
    const { authorize } = await startSignIn(page, app, path);
    await ended(`${app.redirectUri}?code=canary-code&state=${authorize.searchParams.get('state')}`, words, fault);
  }
  for (const fault of ALMOST_SOUND) {
    await provider.set({ fault });
    await page.goto(path);
    await leaveForProvider(page, provider);
    await sayWho(page);
    await ended(await catchCallback(page, app), GARBLED, fault);
  }
  for (const [fault, words] of Object.entries(AT_GRAPH)) {
    await provider.set({ fault, faultAt: 'me' });
    await page.goto(path);
    await leaveForProvider(page, provider);
    await sayWho(page);
    await ended(await catchCallback(page, app), words, `${fault} at Graph`);
  }
  expect(app.memory() - before, 'additional bytes of memory after the faults').toBeLessThan(20 * 1024 * 1024);
  expect(await provider.requests('lost'), 'no redirect was followed').toEqual([]);
  await expectState(page, path, STATE.not);

  // With a sound provider the connector works again.
  await provider.set({ fault: '', faultAt: 'token' });
  await signIn(page, provider);
  await expectState(page, path, STATE.verified);
  for (const fault of UNUSED_FIELD) {
    await provider.set({ fault });
    await page.goto(path);
    await leaveForProvider(page, provider);
    await sayWho(page);
    await ended(await catchCallback(page, app), 'The connector works', fault);
  }
  await provider.set({ fault: '' });

  const log = app.logText();
  for (const secret of [client.secret, new URLSearchParams({ x: client.secret }).toString().slice(2), 'canary-code']) {
    expect(log.includes(secret), 'a secret is in the log').toBe(false);
  }
  for (const line of app.logLines()) expect(() => { JSON.parse(line); }, line).not.toThrow();
});

test('s7_every_event_is_one_line_of_the_log_whatever_is_sent', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  const forged = 'x\r\n{"level":"ERROR","message":"forged"}\n\u001b[31mred\u0000';
  const headers = { origin: app.url };
  await page.request.post('/login', { form: { email: forged, password: forged }, headers });
  await page.request.get(`/${encodeURIComponent(forged)}`);
  await page.request.get('/connectors', { headers: { 'user-agent': 'x\u00ff{"message":"forged"}' } });
  await page.request.post(`${path}/pasted-error`, { form: { shown: forged, registered: forged }, headers });
  const { authorize } = await startSignIn(page, app, path);
  const refused = new URLSearchParams({ error: 'access_denied', error_description: forged, state: authorize.searchParams.get('state') ?? '' });
  await page.goto(`${app.redirectUri}?${refused}`);
  await expect(page.getByRole('heading', { level: 1, name: 'The sign-in was cancelled' })).toBeVisible();
  await page.goto(`${app.redirectUri}?${new URLSearchParams({ error: forged })}`);
  await expect(page.getByRole('heading', { level: 1, name: 'The permissions were not approved, or you cancelled' })).toBeVisible();
  const lines = app.logLines();
  expect(lines.length).toBeGreaterThan(20);
  for (const line of lines) {
    const event = JSON.parse(line) as Record<string, unknown>;
    expect(event.message, line).not.toBe('forged');
    expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
  }
});

test('d2_a_provider_that_hangs_delays_only_its_own_sign_in', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  const callbacks: string[] = [];
  for (let i = 0; i < 5; i += 1) {
    const { authorize } = await startSignIn(page, app, path);
    callbacks.push(`${app.redirectUri}?code=canary-code&state=${authorize.searchParams.get('state')}`);
  }
  await page.goto(path);
  await leaveForProvider(page, provider);
  await sayWho(page);
  const callback = await catchCallback(page, app);
  provider.freeze();
  try {
    let waiting = callbacks.length;
    const answers = callbacks.map((address) => page.request.get(address, { maxRedirects: 0 }).finally(() => { waiting -= 1; }));
    // All at once, because the callbacks wait for five seconds only.
    const others = ['/connectors', path, '/connectors/new', '/settings/activity', '/readyz'];
    const told = await Promise.all(others.map((other) => page.request.get(other)));
    expect(waiting, 'the callbacks wait while others are answered').toBe(callbacks.length);
    for (const answer of told) expect(answer.status(), answer.url()).toBe(200);
    await page.goto(callback);
    await expect(page.getByRole('heading', { level: 1, name: 'Microsoft did not answer in time' })).toBeVisible();
    await expect(page.getByText('Wait a minute')).toBeVisible();
    for (const answer of await Promise.all(answers)) expect(answer.status()).toBe(303);
  } finally {
    provider.thaw();
  }
  await expectState(page, path, STATE.not);
  await signIn(page, provider);
  await expectState(page, path, STATE.verified);
});
