// A TLS front before the program, like a reverse proxy: https on port 443 of this machine, for tools that accept
// only such an address. The certificate is for this run alone.
//
//   node tls-front.mjs KEY CERTIFICATE PORT

import { readFileSync } from 'node:fs';
import { createServer as createPlain, request } from 'node:http';
import { createServer } from 'node:https';

const [key, cert, port] = process.argv.slice(2);

/** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
function pass(req, res) {
  const headers = { ...req.headers, 'x-forwarded-for': req.socket.remoteAddress };
  const upstream = request({ host: '127.0.0.1', port, method: req.method, path: req.url, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(res);
  });
  upstream.on('error', () => { if (!res.headersSent) res.writeHead(502); res.end(); });
  req.pipe(upstream);
}

createServer({ key: readFileSync(key), cert: readFileSync(cert) }, pass).listen(443, '127.0.0.1');
createPlain((req, res) => { res.writeHead(301, { location: `https://localhost${req.url}` }).end(); }).listen(80, '127.0.0.1');
