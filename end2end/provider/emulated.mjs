// A provider for the demo: `emulate`, by other authors, with an account picker, and a server in front of it with what it
// lacks.

import { createServer, request } from 'node:http';
import { createEmulator } from 'emulate';
import { body, json } from './http.mjs';

/** @typedef {import('node:http').IncomingMessage} Request @typedef {import('node:http').ServerResponse} Response */

/**
 * The accounts to choose. `emulate` accepts any unknown token as one of its first user, who is not among them. So a lost
 * token of the program cannot look like a successful sign-in.
 */
export const USERS = [
  { email: 'alice@contoso.test', name: 'Alice Adams' },
  { email: 'bob@contoso.test', name: 'Bob Brown' },
];

/** @param {import('node:http').Server} server @param {number} wanted Zero for a free port. */
export async function listenOn(server, wanted) {
  await new Promise((/** @type {(value?: unknown) => void} */ done, failed) => {
    server.on('error', failed).listen(wanted, '127.0.0.1', done);
  });
  const address = server.address();
  return typeof address === 'object' && address ? address.port : wanted;
}

async function freePort() {
  const server = createServer();
  const free = await listenOn(server, 0);
  await new Promise((done) => { server.close(done); });
  return free;
}

/** The application of the demo, from the environment. @param {NodeJS.ProcessEnv} env */
export const clientFrom = (env) => ({
  client_id: env.CLIENT_ID ?? '', client_secret: env.CLIENT_SECRET ?? '', name: 'Mail archive', redirect_uris: [env.REDIRECT_URI ?? ''],
});

/** What is remembered of an issued token. @typedef {{ scopes: string[] }} Issued */

/**
 * Starts the emulator and its front, and prints one line of JSON with the address.
 * @param {{
 *   service: 'microsoft' | 'google', port: number, seed: object, tokenPath: string,
 *   own: (req: Request, res: Response, asked: URL, from: { behind: number, issued: Map<string, Issued> }) => Promise<void> | void | undefined | false,
 * }} wanted `own` answers what the emulator lacks, and returns `false` for everything else.
 */
export async function startEmulated({ service, port, seed, tokenPath, own }) {
  // Another host name than the program's, as in the world. `localhost` may also mean an address without a listener.
  const url = `http://127.0.0.1:${port}`;
  const behind = await freePort();
  await createEmulator({ service, port: behind, baseUrl: url, seed: { [service]: seed } });
  /** The permissions of each access token that was issued. @type {Map<string, Issued>} */
  const issued = new Map();

  /** Remembers an issued token. @param {Buffer} bytes The answer of the token endpoint. */
  function remember(bytes) {
    const { access_token: token, scope } = JSON.parse(bytes.toString());
    if (typeof token === 'string') issued.set(token, { scopes: String(scope ?? '').split(' ') });
  }

  /** @param {Request} req @param {Response} res */
  async function handle(req, res) {
    const asked = new URL(req.url ?? '/', url);
    const answered = own(req, res, asked, { behind, issued });
    if (answered !== false) return answered;
    const { connection: _, ...headers } = req.headers;
    const answer = await new Promise((/** @type {(message: Request) => void} */ done, failed) => {
      // One connection for each request: a connection that is kept could be closed while it is used again.
      const sent = request({ host: '127.0.0.1', port: behind, method: req.method, path: req.url, headers, agent: false });
      req.pipe(sent.on('response', done).on('error', failed));
    });
    const bytes = await body(answer);
    if (asked.pathname === tokenPath) remember(bytes);
    const { connection: __, 'transfer-encoding': ___, ...others } = answer.headers;
    res.writeHead(answer.statusCode ?? 502, { ...others, 'content-length': String(bytes.length) }).end(bytes);
  }

  // As long as any demo: a client that uses an idle connection again while it is being closed would fail.
  const front = createServer({ keepAliveTimeout: 24 * 60 * 60 * 1000 }, (req, res) => {
    handle(req, res).catch((/** @type {Error} */ error) => {
      if (res.headersSent) res.destroy();
      else json(res, 502, { error: error.message });
    });
  });
  await listenOn(front, port);
  console.log(JSON.stringify({ event: 'listening', url }));
}
