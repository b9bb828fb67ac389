// A TLS front before a server of this machine, for clients that send a token over https only. Its certificate is made for
// this run and trusted by this process alone, as long as the front is there. Other processes trust it by its file.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type IncomingMessage, request, type ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

/** Makes a key, and a certificate for this machine that it signs itself. Programs differ in what they ask of one that they trust. */
function makeCertificate(folder: string): { key: string; cert: string; certificateFile: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-addext', 'keyUsage=critical,digitalSignature,keyCertSign', '-keyout', key, '-out', cert,
  ], { stdio: 'pipe' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8'), certificateFile: cert };
}

export interface FrontWish {
  /** The port on which it listens, if it must be known before. */
  port?: number;
  /** Whether requests name the whole address (RFC 9112, 3.2.2), which tells the server how it was called. */
  whole?: boolean;
  /** The name of this machine: a client may treat one as another host than the other. */
  host?: 'localhost' | '127.0.0.1';
}

export class TlsFront {
  readonly url: string;
  /** The file with the certificate, for other processes. */
  readonly certificateFile: string;
  private readonly folder: string;
  private readonly server: Server;
  private readonly trustedBefore: string[];

  private constructor(server: Server, folder: string, certificateFile: string, trustedBefore: string[], host: string) {
    this.server = server;
    this.folder = folder;
    this.certificateFile = certificateFile;
    this.trustedBefore = trustedBefore;
    this.url = `https://${host}:${(server.address() as AddressInfo).port}`;
  }

  /** Starts a front that passes nothing on yet: a program must know its address before it can start. */
  static async listen(wanted = 0, host = 'localhost'): Promise<TlsFront> {
    const folder = mkdtempSync(join(tmpdir(), 'mail360-tls-'));
    const { key, cert, certificateFile } = makeCertificate(folder);
    const server = createServer({ key, cert });
    await new Promise<void>((done) => { server.listen(wanted, host, done); });
    const trustedBefore = getCACertificates('default');
    setDefaultCACertificates([...trustedBefore, cert]);
    return new TlsFront(server, folder, certificateFile, trustedBefore, host);
  }

  /** @param target The server's address: `http://127.0.0.1:4220`. */
  static async start(target: string, { port = 0, whole = true, host }: FrontWish = {}): Promise<TlsFront> {
    const front = await TlsFront.listen(port, host);
    // The whole address (RFC 9112, 3.2.2) tells the server how it was called: its links begin so.
    front.lead(target, whole ? (req) => `https://${req.headers.host}${req.url}` : undefined);
    return front;
  }

  /**
   * Passes requests on from now on.
   * @param target The server's address: `http://127.0.0.1:4220`.
   * @param addressOf What the server sees as the address of a request.
   */
  lead(target: string, addressOf: (req: IncomingMessage) => string = (req) => req.url ?? '/'): void {
    const { hostname, port } = new URL(target);
    this.server.removeAllListeners('request').on('request', (req: IncomingMessage, res: ServerResponse) => {
      const upstream = request({ host: hostname, port, method: req.method, path: addressOf(req), headers: req.headers }, (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(res);
      });
      upstream.on('error', () => { res.destroy(); });
      res.on('close', () => { if (!res.writableFinished) upstream.destroy(); });
      req.pipe(upstream);
    });
  }

  async stop(): Promise<void> {
    setDefaultCACertificates(this.trustedBefore);
    this.server.closeAllConnections();
    await new Promise((done) => { this.server.close(done); });
    rmSync(this.folder, { recursive: true, force: true });
  }
}
