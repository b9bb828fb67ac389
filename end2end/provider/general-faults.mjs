// What an endpoint of a provider answers in place of the strict server: responses that no provider should send. Those that
// one company documents are in its own file: faults.mjs, google/faults.ts.

import { gzipSync } from 'node:zlib';

/**
 * @typedef {{
 *   res: import('node:http').ServerResponse,
 *   sent: string,
 *   sound: () => Promise<Record<string, unknown>>,
 *   elsewhere: string,
 * }} Asked What was asked: where to answer, the body that came, what the strict server says, and another origin.
 */

/** @typedef {(asked: Asked) => Promise<void> | void} Fault */

/**
 * @param {import('node:http').ServerResponse} res
 * @param {number} status
 * @param {string} type
 * @param {string | Buffer} body
 * @param {Record<string, string>} [headers]
 */
export function send(res, status, type, body, headers = {}) {
  res.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body), ...headers }).end(body);
}

/**
 * A sound answer with something changed.
 * @param {(answer: Record<string, unknown>) => unknown} change
 * @returns {Fault}
 */
const changed = (change) => async ({ res, sound }) => {
  send(res, 200, 'application/json', JSON.stringify(change(await sound())));
};

/**
 * This number of bytes, no faster than the client takes them, and none once it has left.
 * @param {import('node:http').ServerResponse} res
 * @param {number} bytes
 */
async function stream(res, bytes) {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let left = bytes; left > 0 && !res.destroyed; left -= chunk.length) {
    if (!res.write(chunk)) {
      await new Promise((/** @type {(value?: unknown) => void} */ done) => { res.once('drain', done).once('close', done); });
    }
  }
  res.end('"}');
}

const HUNDRED_MEGABYTES = 100 * 1024 * 1024;
/** Made when it is first asked for, because it takes a moment. @type {Buffer | undefined} */
let bomb;

/** @type {Record<string, Fault>} */
const GENERAL = {
  redirect: ({ res, elsewhere }) => { res.writeHead(302, { location: `${elsewhere}/stolen` }).end(); },
  html: ({ res }) => { send(res, 200, 'text/html', '<!doctype html><title>Proxy</title><h1>Log in to the network</h1>'); },
  huge: ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":"');
    return stream(res, HUNDRED_MEGABYTES);
  },
  bomb: ({ res }) => {
    bomb ??= gzipSync(Buffer.alloc(HUNDRED_MEGABYTES, '0'), { level: 9 });
    send(res, 200, 'application/json', bomb, { 'content-encoding': 'gzip' });
  },
  drip: ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json' }).write('{');
    const timer = setInterval(() => { res.write(' '); }, 1_000);
    res.on('close', () => { clearInterval(timer); });
  },
  'expires-text': changed((answer) => ({ ...answer, expires_in: 'abc' })),
  'expires-negative': changed((answer) => ({ ...answer, expires_in: -1 })),
  'expires-object': changed((answer) => ({ ...answer, expires_in: {} })),
  // Not a number that JSON.stringify would write.
  'expires-huge': async ({ res, sound }) => {
    const answer = JSON.stringify({ ...(await sound()), expires_in: 0 });
    send(res, 200, 'application/json', answer.replace('"expires_in":0', '"expires_in":1e308'));
  },
  'no-access-token': changed(({ access_token: _, ...answer }) => answer),
  empty: ({ res }) => { res.writeHead(400).end(); },
  'not-oauth': ({ res }) => { send(res, 403, 'application/json', JSON.stringify({ message: 'API rate limit exceeded' })); },
  'server-error': ({ res }) => { send(res, 500, 'text/html', '<h1>Internal Server Error</h1>'); },
  cut: ({ res }) => { res.destroy(); },
  'cut-midway': ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
    res.write('{"token_type":"Bearer","access_token":"half', () => { res.destroy(); });
  },
  'two-gigabytes': ({ res }) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': String(2 ** 31) }).write('{');
  },
  echo: ({ res, sent }) => {
    const plain = [...new URLSearchParams(sent)].map(([name, value]) => `${name}: ${value}`).join(' ');
    send(res, 400, 'application/json', JSON.stringify({ error: 'invalid_request', error_description: `${sent} ${plain}` }));
  },
  'wrong-types': ({ res }) => { send(res, 400, 'application/json', JSON.stringify({ error: 1, error_codes: {}, trace_id: [] })); },
  deep: ({ res }) => { send(res, 200, 'application/json', '['.repeat(100_000)); },
};

/**
 * The named faults of one provider: its own ones, and the general ones.
 * @param {Record<string, Fault>} own
 */
export function faultsWith(own) {
  const faults = { ...own, ...GENERAL };
  const names = Object.keys(faults);
  return {
    names,
    /** Answers by a fault. */
    fail: async (/** @type {string} */ name, /** @type {Asked} */ asked) => {
      const fault = faults[name];
      if (!fault) throw new Error(`no fault is called ${name}; there are ${names.join(', ')}`);
      await fault(asked);
    },
  };
}
