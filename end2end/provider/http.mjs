// What the fronts of both strict servers share: reading requests, answering, passing requests on, and a description of OAuth
// requests without their secret values.

import { createServer, request } from 'node:http';

/** @param {import('node:http').IncomingMessage} message */
export async function body(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * @param {import('node:http').ServerResponse} res
 * @param {number} status
 * @param {unknown} value
 */
export function json(res, status, value) {
  res.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

/**
 * Describes a token request without its secret values.
 * @param {import('node:http').IncomingMessage} req
 * @param {string} text
 */
export function witness(req, text) {
  const form = new URLSearchParams(text);
  return {
    method: req.method,
    path: req.url?.split('?')[0],
    query: req.url?.includes('?') ?? false,
    origin: req.headers.origin ?? null,
    content_type: req.headers['content-type'] ?? null,
    authorization: 'authorization' in req.headers,
    client_id: form.get('client_id'),
    grant_type: form.get('grant_type'),
    redirect_uri: form.get('redirect_uri'),
    has_secret: form.has('client_secret'),
    verifier_fits: /^[A-Za-z0-9\-._~]{43,128}$/.test(form.get('code_verifier') ?? ''),
  };
}

const SHOWN = ['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'prompt', 'login_hint', 'code_challenge', 'code_challenge_method'];

/**
 * The public parameters of an authorise request, and for the secret ones whether they are present.
 * @param {URL} url
 * @param {string[]} [own] Parameters that one company alone has.
 */
export function asked(url, own = []) {
  const shown = Object.fromEntries([...SHOWN, ...own].map((name) => [name, url.searchParams.get(name)]));
  return { ...shown, has_state: url.searchParams.has('state'), has_nonce: url.searchParams.has('nonce') };
}

/**
 * Sends a request to a server of this machine, with another body.
 * @param {number} port
 * @param {import('node:http').IncomingMessage} req
 * @param {Buffer} bytes
 * @returns {Promise<import('node:http').IncomingMessage>}
 */
export function passOn(port, req, bytes) {
  const upstream = request({ host: '127.0.0.1', port, method: req.method, path: req.url, headers: req.headers });
  upstream.end(bytes);
  return new Promise((done, failed) => { upstream.on('response', done).on('error', failed); });
}

/**
 * Starts a server that this machine alone reaches.
 * @param {number} port Zero for a free one.
 */
export async function listen(port) {
  // Longer than any run of stories. A client that reuses an idle connection while it is being closed fails.
  const server = createServer({ keepAliveTimeout: 60 * 60 * 1000 });
  await new Promise((/** @type {(value?: unknown) => void} */ done, failed) => {
    server.on('error', failed).listen(port, '127.0.0.1', done);
  });
  const address = server.address();
  return { server, url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}` };
}
