// A provider with broken responses: each costs the sign-in and nothing else.

import { expect, test } from '../fixtures.ts';
import { callbackOf, connectorAt, expectState, setUp, signInDirectly, startSignIn } from '../steps.ts';
import { until } from '../support/process.ts';
import { STATE } from '../words.ts';

const GARBLED = 'Microsoft’s answer could not be understood';
const UNREACHABLE = 'Microsoft could not be reached';
const TROUBLE = 'Microsoft has a problem at the moment';
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
  /** Asserts the heading of the outcome, without opening its page: there are dozens of them. */
  const ended = async (callback: string, words: string, fault: string) => {
    const landed = await page.request.get(callback);
    const heading = await until(`the outcome of ${fault}`, async () => {
      const html = await (await page.request.get(landed.url())).text();
      const found = /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.replace(/<[^>]*>/g, '') ?? '';
      return found.startsWith('Checking') ? undefined : found;
    }, 40_000);
    expect(heading, fault).toContain(words);
  };
  for (const [fault, words] of Object.entries(FAULTS)) {
    await provider.set({ fault });
    const { authorize } = await startSignIn(page, app, path);
    await ended(`${app.redirectUri}?code=canary-code&state=${authorize.searchParams.get('state')}`, words, fault);
  }
  for (const fault of ALMOST_SOUND) {
    await provider.set({ fault });
    await ended(await callbackOf(page, app, path), GARBLED, fault);
  }
  for (const [fault, words] of Object.entries(AT_GRAPH)) {
    await provider.set({ fault, faultAt: 'me' });
    await ended(await callbackOf(page, app, path), words, `${fault} at Graph`);
  }
  expect(app.memory() - before, 'additional bytes of memory after the faults').toBeLessThan(20 * 1024 * 1024);
  expect(await provider.requests('lost'), 'no redirect was followed').toEqual([]);
  await expectState(page, path, STATE.not);

  // With a sound provider the connector works again.
  await provider.set({ fault: '', faultAt: 'token' });
  await signInDirectly(page, app, path);
  await expectState(page, path, STATE.verified);
  for (const fault of UNUSED_FIELD) {
    await provider.set({ fault });
    await ended(await callbackOf(page, app, path), 'The connector works', fault);
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
