// What the token endpoint, or Graph, answers in place of the strict server: errors as Microsoft documents them, and
// responses that no provider should send. A fault is chosen by the setting `fault`, and where by `faultAt`.

import { randomUUID } from 'node:crypto';
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

/** Texts as Microsoft writes them; of others there is one for all. @type {Record<number, string>} */
const TEXTS = {
  50011: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
  53003: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  54005: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  65001: 'The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.',
  65004: 'User declined to consent to access the app.',
  70011: 'The provided request must include a \'scope\' input parameter. The provided value for the input parameter \'scope\' is not valid.',
  90002: 'Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.',
  90033: 'A transient error has occurred. Please try again.',
  90094: 'Admin consent is required for the permissions requested by this application.',
  700016: 'Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant.',
  700025: 'Client is public so neither \'client_assertion\' nor \'client_secret\' should be presented.',
  7000012: 'The grant was obtained for a different tenant.',
  7000215: 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app.',
  7000218: 'The request body must contain the following parameter: \'client_assertion\' or \'client_secret\'.',
  7000222: 'The provided client secret keys for app are expired. Visit the Azure portal to create new keys for your app.',
};

/**
 * A description with its ids, line ends and all.
 * @param {number} code
 */
export function describe(code) {
  const ids = { trace_id: randomUUID(), correlation_id: randomUUID() };
  const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+Z/, 'Z');
  const text = TEXTS[code] ?? 'Something that this provider has no words for.';
  const lines = [`AADSTS${code}: ${text}`, `Trace ID: ${ids.trace_id}`, `Correlation ID: ${ids.correlation_id}`, `Timestamp: ${timestamp}`];
  return { ...ids, timestamp, error_description: lines.join('\r\n') };
}

/**
 * An error as Microsoft documents one.
 * @param {number} status
 * @param {string} error
 * @param {number} code
 * @param {Record<string, string>} [headers]
 * @returns {Fault}
 */
const microsoft = (status, error, code, headers = {}) => ({ res }) => {
  const body = { error, ...describe(code), error_codes: [code], error_uri: `https://login.microsoftonline.com/error?code=${code}` };
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);
};

/**
 * @param {import('node:http').ServerResponse} res
 * @param {number} status
 * @param {string} type
 * @param {string | Buffer} body
 * @param {Record<string, string>} [headers]
 */
function send(res, status, type, body, headers = {}) {
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
 * So many bytes, no faster than they are taken, and none once nobody takes them.
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
/** Made when it is first asked for, for it takes a moment. @type {Buffer | undefined} */
let bomb;

/** @type {Record<string, Fault>} */
const FAULTS = {
  'wrong-secret': microsoft(401, 'invalid_client', 7000215),
  'expired-secret': microsoft(401, 'invalid_client', 7000222),
  'unknown-application': microsoft(400, 'unauthorized_client', 700016),
  'unknown-tenant': microsoft(400, 'invalid_request', 90002),
  'public-client': microsoft(401, 'invalid_client', 700025),
  'secret-missing': microsoft(401, 'invalid_client', 7000218),
  'no-consent': microsoft(400, 'invalid_grant', 65001),
  'code-redeemed': microsoft(400, 'invalid_grant', 54005),
  'permission-invalid': microsoft(400, 'invalid_scope', 70011),
  'conditional-access': microsoft(400, 'invalid_grant', 53003),
  'unknown-code': microsoft(400, 'invalid_grant', 9999999),
  transient: microsoft(503, 'temporarily_unavailable', 90033),
  throttled: microsoft(429, 'temporarily_unavailable', 90033, { 'retry-after': '120' }),

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

export const FAULT_NAMES = Object.keys(FAULTS);

/**
 * Answers by a fault.
 * @param {string} name
 * @param {Asked} asked
 */
export async function fail(name, asked) {
  const fault = FAULTS[name];
  if (!fault) throw new Error(`no fault is called ${name}; there are ${FAULT_NAMES.join(', ')}`);
  await fault(asked);
}
