import { randomUUID } from 'node:crypto';
import { expect, test } from '../fixtures.ts';
import { addConnector, addDirectly, callbackOf, expectOutcome, expectState, fillForm, formOf, logOut, setUp, signIn } from '../steps.ts';
import { hiddenFields } from '../support/forms.ts';
import { whereFound } from '../support/secrets.ts';
import { FORM, LOG_IN, SECRET_ID, STATE } from '../words.ts';

test('l9_after_logging_out_the_back_button_shows_no_page_of_the_session', async ({ page, app }) => {
  const person = await setUp(page, app);
  const client = { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` };
  await addDirectly(page, app, { name: 'Mail archive', client });
  await logOut(page, person);
  await page.goBack();
  await expect(page.getByRole('button', { name: LOG_IN.button })).toBeVisible();
  await expect(page.getByText('Mail archive')).toHaveCount(0);
});

test('after kill -9 during many adds each connector exists completely or not at all', async ({ page, app }) => {
  await setUp(page, app);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'First', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  const { action, fields } = await formOf(page.getByRole('button', { name: FORM.add, exact: true }));
  const nameField = (await page.getByRole('textbox', { name: FORM.serviceName }).getAttribute('name')) ?? '';
  const idField = (await page.getByRole('textbox', { name: FORM.clientId }).getAttribute('name')) ?? '';
  const sendForm = (form: Record<string, string>) => page.request.post(action, { form, headers: { origin: app.url }, maxRedirects: 0 });

  const acknowledged = new Map<string, string>();
  const interrupted: Record<string, string>[] = [];
  let killed = false;
  const addConnectorNamed = async (name: string) => {
    // Each form has its own id, so each form is fetched as a browser does.
    const html = await (await page.request.get('/connectors/new')).text();
    const form = { ...fields, ...hiddenFields(html), [nameField]: name, [idField]: randomUUID() };
    const answer = await sendForm(form).catch(() => undefined);
    const path = answer && /\/connectors\/[0-9a-f-]{36}/.exec(answer.headers().location ?? '')?.[0];
    if (path) acknowledged.set(name, path);
    else interrupted.push(form);
  };
  const workers = Array.from({ length: 4 }, async (_, worker) => {
    for (let i = 0; !killed; i += 1) await addConnectorNamed(`Connector ${i} of worker ${worker}`).catch(() => undefined);
  });
  await expect.poll(() => acknowledged.size, { timeout: 30_000, intervals: [10] }).toBeGreaterThan(12);
  await app.kill9();
  killed = true;
  await Promise.all(workers);
  await app.restart();

  // Logged-in users stay logged in, because a session is a row as well.
  for (const [name, path] of acknowledged) {
    const answer = await page.request.get(path);
    expect(answer.status(), `${name} was acknowledged`).toBe(200);
    expect(await answer.text()).toContain(name);
  }
  // An interrupted form can be sent again and adds one connector.
  for (const form of interrupted) {
    const first = (await sendForm(form)).headers().location;
    expect(first).toMatch(/\/connectors\/[0-9a-f-]{36}/);
    expect((await sendForm(form)).headers().location).toBe(first);
  }
  await addDirectly(page, app, { name: 'Added after the restart', client: { id: randomUUID(), secret: `not-a-real-secret~${randomUUID()}` } });
  await page.goto('/connectors');
  await expect(page.getByRole('row').nth(1)).toBeVisible();
  const check = await app.command(['check']);
  expect(check, check.stderr).toMatchObject({ code: 0 });
});

test('s7_and_s1_the_database_the_logs_and_the_pages_contain_no_readable_secret', async ({ page, app, provider, watch, context }) => {
  watch.keepBodies();
  const person = await setUp(page, app);
  const secrets = new Map([['password', person.password]]);
  const requested: string[] = [];
  page.on('request', (request) => { requested.push(request.url()); });

  // First a form with a mistake. The session keeps its values, but must not keep the secret.
  const client = await provider.addClient(app.redirectUri);
  const wrong = randomUUID();
  secrets.set('secret of a refused form', wrong);
  await page.goto('/connectors/new');
  await fillForm(page, { name: 'Mail archive', client: { id: client.id, secret: wrong } });
  // The scripts of the page would not send it.
  const { action, fields } = await formOf(page.getByRole('button', { name: FORM.add, exact: true }));
  await page.request.post(action, { form: fields, headers: { origin: app.url }, maxRedirects: 0 });
  await page.goto('/connectors/new');
  await expect(page.getByText(SECRET_ID).first()).toBeVisible();

  const path = await addConnector(page, { name: 'Mail archive', client });
  secrets.set('client secret', client.secret);
  await signIn(page, provider);
  const callback = new URL(await callbackOf(page, app, path));
  await page.goto(callback.href);
  await expectOutcome(page);
  await expectState(page, path, STATE.verified);
  // Then a sign-in that fails, at a provider that repeats everything it receives.
  await provider.set({ fault: 'echo' });
  await signIn(page, provider);
  await page.goto('/connectors');

  const sent = await provider.secrets();
  expect(sent.filter(({ what }) => what === 'verifier'), 'three sign-ins sent a verifier').toHaveLength(3);
  expect(sent.filter(({ what }) => what === 'token'), 'two sign-ins received tokens').toHaveLength(6);
  for (const [number, { what, value }] of sent.entries()) secrets.set(`${what} ${number}`, value);
  // A cookie remembers the short name of the organisation, which is no secret.
  const cookies = (await context.cookies(app.url)).filter(({ name }) => !name.endsWith('_organisation'));
  for (const cookie of cookies) secrets.set(`cookie ${cookie.name}`, cookie.value);
  for (const url of [...requested, callback.href]) {
    for (const name of ['code', 'state', 'nonce']) {
      const value = new URL(url).searchParams.get(name);
      if (value && value.length > 15) secrets.set(`${name} ${value.slice(0, 4)}…`, value);
    }
  }
  expect([...secrets.keys()].filter((name) => name.startsWith('code')).length).toBeGreaterThan(0);

  await watch.settle();
  const places = new Map<string, Buffer>([...app.dataFiles()].map(([name, bytes]) => [`data/${name}`, bytes]));
  expect([...places.keys()].some((name) => /wal/.test(name)), 'the write-ahead log was not searched').toBe(true);
  places.set('the trace log', Buffer.from(app.logText()));
  for (const [at, [url, body]] of watch.bodies.entries()) {
    // The page before the redirect contains the state and the nonce, which is its purpose.
    if (!url.endsWith('/verify')) places.set(`${url} (${at})`, Buffer.from(body));
  }
  expect(whereFound(secrets, places)).toEqual([]);
  expect(app.logText(), 'the log has no trace lines').toMatch(/TRACE|DEBUG/);
});
