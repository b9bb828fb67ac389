// An OAuth provider for tests and demonstrations that behaves like Microsoft's:
//
//   PORT=4220 node provider/main.mjs
//
// oidc-provider has the protocol; our code adds Microsoft's paths, claims and behaviour.
// Every event is one line of JSON on standard output, and in the file EVENT_LOG if that is given.
// TENANTS: the first segments of the paths; CLIENTS: a JSON list of client_id, client_secret and
// redirect_uris; further switches in settings.mjs. It is not reachable from outside this machine.

import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { handleUploadHost } from './graph/upload-host.ts';
import { front } from './proxy.mjs';
import { settingsFrom } from './settings.mjs';
import { startTenant, tidOf } from './tenant.mjs';

const { env } = process;

// oidc-provider prints a greeting on standard output, which is for the events.
console.info = console.error;
console.warn = console.error;

/** @type {Record<string, unknown>[]} */
const events = [];
/** Every issued token, every verifier that was sent, and what authorises an upload. @type {{ what: 'token' | 'verifier', value: string }[]} */
const secrets = [];
/** @param {Record<string, unknown>} event */
function record(event) {
  const line = { time: new Date().toISOString(), ...event };
  events.push(line);
  const text = `${JSON.stringify(line)}\n`;
  process.stdout.write(text);
  if (env.EVENT_LOG) appendFileSync(env.EVENT_LOG, text);
}

/** @param {number} port */
async function listen(port) {
  // Longer than any run of stories. A client that reuses an idle connection while it is being closed fails.
  const server = createServer({ keepAliveTimeout: 60 * 60 * 1000 });
  await new Promise((/** @type {(value?: unknown) => void} */ done, failed) => {
    server.on('error', failed).listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}` };
}

const first = await listen(Number(env.PORT || 0));
const second = await listen(Number(env.SECOND_PORT || 0));
const uploads = await listen(Number(env.UPLOAD_PORT || 0));

/** @type {Map<string, Awaited<ReturnType<typeof startTenant>>>} */
const tenants = new Map();
/** @type {Map<string, object>} */
const clients = new Map(JSON.parse(env.CLIENTS || '[]').map((/** @type {{ client_id: string }} */ client) => [client.client_id, client]));
const shared = {
  url: first.url,
  secondUrl: second.url,
  settings: settingsFrom({ UPLOAD_URL: uploads.url, ...env }),
  tenants,
  clients,
  events,
  secrets,
  record,
  keepSecret: (/** @type {string} */ value) => { secrets.push({ what: 'token', value }); },
  addTenant: async (/** @type {string} */ segment) => {
    // With the directory of its accounts, at which their refresh tokens are redeemed.
    for (const one of [segment, tidOf(segment)]) {
      if (!tenants.has(one)) tenants.set(one, await startTenant(one, shared));
    }
  },
};
for (const segment of (env.TENANTS || 'common,organizations,consumers').split(',')) await shared.addTenant(segment.trim());

const answer = front(shared);
for (const { server } of [first, second]) server.on('request', answer);
uploads.server.on('request', (req, res) => {
  handleUploadHost(req, res, { ...shared, identify: () => undefined }).catch((error) => {
    record({ event: 'upload.error', error: error.message });
    res.destroy();
  });
});
record({ event: 'listening', url: first.url, second_url: second.url, upload_url: uploads.url, tenants: [...tenants.keys()] });

process.on('SIGTERM', () => process.exit(0)).on('SIGINT', () => process.exit(0));
// The parent process may be killed without a message; this process must then end too.
if (env.UNTIL_STDIN_CLOSES) process.stdin.resume().on('end', () => process.exit(0)).on('close', () => process.exit(0));
