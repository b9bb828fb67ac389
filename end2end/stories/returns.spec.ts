// The way back to an application: a person connects a mailbox with a link, and the browser brings the application an
// answer that the two blocks of the README accept. tests/blackbox/readme.rs tests everything that the blocks refuse.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '../fixtures.ts';
import { agree, connectorAt, sayWho, setUp, signInDirectly } from '../steps.ts';
import { node } from '../support/process.ts';
import { CONNECT, LINK, RETURN_ADDRESSES } from '../words.ts';

const BACK = 'Back in the application';

/** An application with a page to which people come back. */
async function startApplication() {
  /** The queries with which people came back. */
  const queries: string[] = [];
  const server = createServer(({ url = '/' }, answer) => {
    const [path, query = ''] = url.split('?');
    if (path === '/mailboxes') queries.push(query);
    answer.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    answer.end(`<!doctype html><html lang="en"><title>${BACK}</title><link rel="icon" href="data:,"><h1>${BACK}</h1>`);
  });
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const { port } = server.address() as AddressInfo;
  const stop = async () => {
    server.closeAllConnections();
    await new Promise((done) => { server.close(done); });
  };
  return { host: `localhost:${port}`, address: `http://localhost:${port}/mailboxes`, queries, stop };
}

/** For each block of the README: the file that gets it, and the file that calls it with a JSON text as its argument. */
const BLOCKS = {
  python: {
    module: 'check_answer.py', caller: 'call.py', command: 'python3', text: `
import json, sys
from check_answer import check_answer

case = json.loads(sys.argv[1])
try:
    print(json.dumps(check_answer(case["query"], case["address"], case["secrets"], "", set())))
except ValueError as error:
    print(json.dumps(str(error)))
`,
  },
  js: {
    module: 'check_answer.mjs', caller: 'call.mjs', command: node(), text: `
import { checkAnswer } from './check_answer.mjs';

const { query, address, secrets } = JSON.parse(process.argv[2]);
try {
  console.log(JSON.stringify(checkAnswer(query, address, new Map(Object.entries(secrets)), '', new Set())));
} catch (error) {
  console.log(JSON.stringify(error.message));
}
`,
  },
};

/** What a block of the README says about an answer: its values, or the reason why it is refused. */
function judge(language: keyof typeof BLOCKS, answer: { query: string; address: string; secrets: Record<string, string> }): unknown {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const block = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\`\\n`).exec(readme)?.[1];
  if (block === undefined) throw new Error(`README.md has no block in ${language}`);
  const { module, caller, command, text } = BLOCKS[language];
  const folder = mkdtempSync(join(tmpdir(), 'mail360-readme-'));
  try {
    writeFileSync(join(folder, module), block);
    writeFileSync(join(folder, caller), text);
    return JSON.parse(execFileSync(command, [caller, JSON.stringify(answer)], { cwd: folder, encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a person comes back to an application with an answer that the README accepts', { tag: '@plain' }, async ({ page, app, provider, anotherBrowser }) => {
  const application = await startApplication();
  try {
    await setUp(page, app);
    const { path } = await connectorAt(page, app, provider);
    await signInDirectly(page, app, path);

    await page.goto('/settings/return-addresses');
    await expect(page.getByRole('heading', { level: 1, name: RETURN_ADDRESSES.heading })).toBeVisible();
    await page.getByRole('textbox', { name: RETURN_ADDRESSES.address }).fill(application.address);
    await page.getByRole('button', { name: RETURN_ADDRESSES.add }).click();
    const secret = await page.locator('.copy code').first().innerText();
    const kid = await page.getByText(RETURN_ADDRESSES.id).locator('code').last().innerText();

    await page.goto(`/accounts/new?connector=${path.split('/').at(-1)}`);
    await page.getByLabel(LINK.returnAddress).selectOption(application.address);
    await page.getByRole('button', { name: LINK.make, exact: true }).click();
    const link = await page.locator('.copy code').first().innerText();

    const { page: owner } = await anotherBrowser();
    const goToProvider = async () => {
      await owner.goto(link);
      await owner.getByRole('button', { name: CONNECT.continue }).click();
      await sayWho(owner);
    };
    // The person stops once: then they stay, and may go back.
    await goToProvider();
    await owner.getByRole('button', { name: 'Cancel' }).click();
    await owner.getByRole('link', { name: `Back to ${application.host}` }).click();
    await expect(owner.getByRole('heading', { name: BACK })).toBeVisible();
    // After a success the browser goes back by itself, with scripts and without.
    await goToProvider();
    await agree(owner);
    await expect(owner.getByRole('heading', { name: BACK })).toBeVisible();

    const [stopped = '', connected = ''] = application.queries;
    await page.goto('/accounts');
    await page.getByRole('link', { name: 'grace@contoso.test' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'grace@contoso.test' })).toBeVisible();
    const account = new URL(page.url()).pathname.split('/').at(-1);
    for (const language of ['python', 'js'] as const) {
      const judged = (query: string) => judge(language, { query, address: application.address, secrets: { [kid]: secret } });
      expect(judged(stopped), language).toMatchObject({ status: 'cancelled', error: 'access_denied', account_key: '' });
      expect(judged(connected), language).toMatchObject({ status: 'connected', error: '', account_key: account });
      expect(judged(connected.replace(/account_key=./, 'account_key=x')), language).toBe('the signature is wrong');
    }
  } finally {
    await application.stop();
  }
});
