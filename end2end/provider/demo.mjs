// A provider that looks like Microsoft's, for the demo: `emulate`, by other authors, with an account picker. It has no
// mailboxes, so this file puts the stand-in for Graph in front of it.
//
//   PORT=4210 CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=… node provider/demo.mjs
//
// It prints one line of JSON with its address as soon as it listens. It is not reachable from outside this machine.

import { createServer, request } from 'node:http';
import { createEmulator } from 'emulate';
import { handleGraph, isGraph } from './graph/server.ts';
import { handleUploadHost } from './graph/upload-host.ts';
import { settingsFrom } from './settings.mjs';

const { env } = process;
const port = Number(env.PORT);
// Another host name than the program's, as with Microsoft. `localhost` may also mean an address without a listener.
const url = `http://127.0.0.1:${port}`;
/** The newest message is a few minutes old when the demo begins. */
const NEWEST_MESSAGE = new Date(Date.now() - 12 * 60_000).toISOString();
const settings = settingsFrom({ NEWEST_MESSAGE, UPLOAD_URL: await uploadHost() });
/** The permissions of each access token that was issued. @type {Map<string, string[]>} */
const scopesOf = new Map();

/** @param {import('node:http').Server} server @param {number} wanted Zero for a free port. */
async function listen(server, wanted) {
  await new Promise((/** @type {(value?: unknown) => void} */ done, failed) => {
    server.on('error', failed).listen(wanted, '127.0.0.1', done);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : wanted;
}

async function freePort() {
  const server = createServer();
  const free = await listen(server, 0);
  await new Promise((done) => { server.close(done); });
  return free;
}

/** Starts the host for uploads. @returns Its address. */
async function uploadHost() {
  const server = createServer((req, res) => {
    handleUploadHost(req, res, { settings, record: () => {}, keepSecret: () => {}, identify: () => undefined }).catch(() => { res.destroy(); });
  });
  return `http://127.0.0.1:${await listen(server, 0)}`;
}

const behind = await freePort();
await createEmulator({
  service: 'microsoft',
  port: behind,
  baseUrl: url,
  seed: {
    microsoft: {
      // It accepts any unknown token as one of its first user. That user is not among the accounts to choose.
      // So a lost token of the program cannot look like a successful sign-in.
      users: [
        { email: 'alice@contoso.test', name: 'Alice Adams' },
        { email: 'bob@contoso.test', name: 'Bob Brown' },
      ],
      oauth_clients: [{
        client_id: env.CLIENT_ID,
        client_secret: env.CLIENT_SECRET,
        name: 'Mail archive',
        redirect_uris: [env.REDIRECT_URI],
      }],
    },
  },
});

/** @param {import('node:http').ServerResponse} res @param {number} status @param {unknown} value */
function json(res, status, value) {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

/** Remembers the permissions of an issued token. @param {Buffer} bytes The answer of the token endpoint. */
function remember(bytes) {
  const { access_token: token, scope } = JSON.parse(bytes.toString());
  if (typeof token === 'string') scopesOf.set(token, String(scope ?? '').split(' '));
}

/**
 * The account and the permissions of an issued token.
 * @param {string} token
 */
async function identify(token) {
  const scopes = scopesOf.get(token);
  if (!scopes) return undefined;
  const me = await fetch(`http://127.0.0.1:${behind}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } });
  const { mail, userPrincipalName } = /** @type {{ mail?: string, userPrincipalName?: string }} */ (me.ok ? await me.json() : {});
  const login = mail ?? userPrincipalName;
  return login ? { login, scopes, isPersonal: false } : undefined;
}

/** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
async function handle(req, res) {
  const asked = new URL(req.url ?? '/', url);
  if (isGraph(asked.pathname)) return handleGraph(req, res, { settings, record: () => {}, keepSecret: () => {}, identify });
  const { connection: _, ...headers } = req.headers;
  const answer = await new Promise((/** @type {(message: import('node:http').IncomingMessage) => void} */ done, failed) => {
    // One connection for each request: a connection that is kept could be closed while it is used again.
    const sent = request({ host: '127.0.0.1', port: behind, method: req.method, path: req.url, headers, agent: false });
    req.pipe(sent.on('response', done).on('error', failed));
  });
  const chunks = [];
  for await (const chunk of answer) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (asked.pathname === '/oauth2/v2.0/token') remember(bytes);
  const { connection: __, 'transfer-encoding': ___, ...others } = answer.headers;
  return res.writeHead(answer.statusCode ?? 502, { ...others, 'content-length': String(bytes.length) }).end(bytes);
}

// As long as any demo: a client that uses an idle connection again while it is being closed would fail.
const front = createServer({ keepAliveTimeout: 24 * 60 * 60 * 1000 }, (req, res) => {
  handle(req, res).catch((/** @type {Error} */ error) => {
    if (res.headersSent) res.destroy();
    else json(res, 502, { error: error.message });
  });
});
await listen(front, port);
console.log(JSON.stringify({ event: 'listening', url }));

// Exits at once: a graceful close waits for browsers that keep a connection open.
process.on('SIGTERM', () => process.exit(0));
