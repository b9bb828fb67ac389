// docs/api.md, word for word: each block of code runs as it is printed, in the order of the guide, against a real process
// that is connected to the stand-in, and prints what the block below it shows. `--update-snapshots` writes what the blocks
// print into the guide; read the difference before you commit it.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, node } from '../support/process.ts';
import { TlsFront } from '../support/tls.ts';
import { type Block, Examples, Guide, type Language } from './guide.ts';
import { type Connected, EVERYTHING, expect, test as base } from './scene.ts';

/** The mailbox of the guide. */
const EMAIL = 'grace@contoso.test';
const ADA = { name: 'Ada Lovelace', address: 'ada@fabrikam.test' };
const CHARLES = { name: 'Charles Babbage', address: 'charles@engines.test' };
const PDF = '%PDF-1.7\n% An invoice in a test needs no pages.\n%%EOF\n';
const html = (text: string): string => `<html><body><p>${text}</p></body></html>`;
const MAIL = [
  { at: '2026-05-04T08:00:00Z', from: CHARLES, conversation: 'lunch', subject: 'Lunch on Friday', body: html('Are you in town?') },
  { at: '2026-05-04T09:15:00Z', from: CHARLES, conversation: 'lunch', subject: 'RE: Lunch on Friday', body: html('I have booked a table.'), isRead: true },
  {
    at: '2026-05-04T10:30:00Z', from: ADA, conversation: 'invoice', subject: 'Invoice 4711', body: html('Dear Grace, please pay by Friday.'),
    attachments: [{ name: 'invoice-4711.pdf', contentType: 'application/pdf', text: PDF }],
  },
];

const test = base.extend<{ front: TlsFront }>({
  // The client of Microsoft sends a token over https only.
  installation: async ({}, use) => { await use({ url: `https://localhost:${await freePort()}` }); },

  front: async ({ app }, use) => {
    const front = await TlsFront.start(`http://127.0.0.1:${app.port}`, { port: Number(new URL(app.url).port), whole: false });
    await use(front);
    await front.stop();
  },
});

/** How the file of a block is run. A block of the shell leaves its variables to the blocks after it. */
const COMMANDS: Record<Language, string> = {
  sh: '. "$1"; export -p > variables',
  python: 'exec python3 "$1"',
  js: 'exec "$2" "$1"',
};
const ENDINGS: Record<Language, string> = { sh: 'sh', python: 'py', js: 'mjs' };

interface Printed {
  code: number | null;
  out: string;
  errors: string;
}

function run(folder: string, env: NodeJS.ProcessEnv, language: Language, file: string): Promise<Printed> {
  return new Promise((done, failed) => {
    const command = `set -euo pipefail; . ./variables; ${COMMANDS[language]}`;
    const child = spawn('bash', ['-c', command, 'bash', `./${file}`, node()], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => { out += text; });
    child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
    child.on('error', failed).on('close', (code) => { done({ code, out, errors }); });
  });
}

/** Runs every block in its order, and returns what each has printed, as the guide would show it. */
async function runAll(folder: string, blocks: Block[], examples: Examples, certificate: string): Promise<string[]> {
  await writeFile(join(folder, 'variables'), '');
  // The packages that a reader installs.
  await symlink(fileURLToPath(new URL('../node_modules', import.meta.url)), join(folder, 'node_modules'));
  const env = { PATH: process.env.PATH, HOME: folder, CURL_CA_BUNDLE: certificate, SSL_CERT_FILE: certificate, NODE_EXTRA_CA_CERTS: certificate };
  const printed: string[] = [];
  for (const [number, { language, code, line, file = `block-${number}.${ENDINGS[language]}` }] of blocks.entries()) {
    await writeFile(join(folder, file), examples.run(code));
    const { code: status, out, errors } = await run(folder, env, language, file);
    expect(status, `docs/api.md:${line}: ${errors}\n${out}`).toBe(0);
    printed.push(examples.shown(out));
  }
  return printed;
}

/** What a block prints or shows: JSON as a value, because the guide sets it out in lines. */
function valueOf({ shown }: Block, text: string): unknown {
  if (shown?.language !== 'json') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What a block prints, as it is written into the guide. */
function written(block: Block, text: string): string {
  const value = valueOf(block, text);
  return typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`;
}

/** The values of this run that the guide has examples for. */
async function examplesOf({ administrator, client, program }: Connected, graph: string): Promise<Examples> {
  return new Examples([
    [program.url, 'https://mail360.example.com'],
    [graph, 'https://graph.microsoft.com'],
    [program.key, 'm360_your_key'],
    [client, 'your_client_id'],
    [await administrator.makeCredential(client, 'client_secret'), 'm360s_your_client_secret'],
    [await administrator.makeCredential(client, 'refresh_token', EVERYTHING), 'm360r_your_refresh_token'],
  ]);
}

test('each block of the guide runs as it is printed and prints what the guide shows', async ({ connect, front, provider }, info) => {
  // A number of messages that no earlier run had makes the mailbox new. It has none of its own.
  await provider.set({ newestMessage: '', messages: Date.now(), contacts: 2, draftSeconds: 0, goneSeconds: 0 });
  const connected = await connect(EMAIL);
  await provider.changeMailbox(EMAIL, MAIL.map((message) => ({ do: 'deliver' as const, message })));
  const examples = await examplesOf(connected, provider.url);
  const guide = new Guide();
  const blocks = guide.blocks();
  for (const language of ['sh', 'python', 'js']) expect(blocks.filter((block) => block.language === language).length, language).toBeGreaterThan(2);

  const folder = await mkdtemp(join(tmpdir(), 'mail360-guide-'));
  const printed = await runAll(folder, blocks, examples, front.certificateFile).finally(() => rm(folder, { recursive: true, force: true }));
  if (['all', 'changed'].includes(info.config.updateSnapshots)) {
    guide.write(blocks.flatMap((block, number) => (block.shown ? [{ shown: block.shown, text: written(block, printed[number] ?? '') }] : [])));
    return;
  }
  for (const [number, block] of blocks.entries()) {
    expect.soft(valueOf(block, printed[number] ?? ''), `docs/api.md:${block.line}`).toEqual(valueOf(block, block.shown?.text ?? ''));
  }
});
