// The program is killed at several moments after the callback.

import { expect, test } from '../fixtures.ts';
import { callbackOf, connectorAt, setUp } from '../steps.ts';

test.use({ installation: { movable: true } });

/** Milliseconds from the callback to the kill. The exchange takes two hundred. */
const MOMENTS = [0, 3, 8, 20, 60, 150, 220, 260, 400];

test('after kill -9 at any moment of a sign-in, the sign-in is interrupted or complete', async ({ page, app, provider }) => {
  await setUp(page, app);
  const { path } = await connectorAt(page, app, provider);
  await provider.set({ tokenDelay: 200 });
  const ends = new Set<string>();
  let verified = false;
  for (const moment of MOMENTS) {
    const callback = await callbackOf(page, app, path);
    const answer = page.request.get(callback, { maxRedirects: 0 }).catch(() => undefined);
    await new Promise((done) => { setTimeout(done, moment); });
    await app.kill9();
    await answer;
    await app.restart();
    // An open sign-in counts as interrupted after fifteen seconds.
    app.advance(20);
    await page.goto(path);
    await page.getByRole('list').filter({ has: page.getByText('Timeline') }).getByRole('link').first().click();
    const heading = page.getByRole('heading', { level: 1 });
    await expect(heading).toHaveText(/^(Not finished yet|Interrupted, start again|The connector works)$/);
    const end = await heading.innerText();
    ends.add(end);
    verified ||= end === 'The connector works';
    await page.goto(path);
    const state = page.locator('[aria-labelledby="state-title"]');
    await expect(state.getByText(verified ? 'Verified' : 'Not verified', { exact: true })).toBeVisible();
    const check = await app.command(['check']);
    expect(check, check.stderr).toMatchObject({ code: 0 });
  }
  expect(ends, 'no kill came between the callback and the outcome').toContain('Interrupted, start again');
  // The provider records each verifier on arrival, even if the client has disconnected. An interrupted sign-in cannot
  // finish, so its verifier must not be sent a second time.
  const sent = (await provider.secrets()).filter(({ what }) => what === 'verifier').map(({ value }) => value);
  expect(sent).not.toEqual([]);
  expect(sent, 'a code was sent twice').toEqual([...new Set(sent)]);
});
