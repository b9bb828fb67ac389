// Resumable uploads (Gmail API, *Upload attachments*): a request begins a session, the message comes in one or more pieces,
// and the last one is answered as if the whole had been sent at once.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, notFound, refusal, tooLarge } from './errors.ts';

/** All pieces but the last one are multiples of this. */
const UNIT = 256 * 1024;

interface Session {
  login: string;
  method: string;
  /** The path of the call. */
  path: string;
  /** The resource that was sent in JSON at the beginning, such as a thread. */
  resource: Record<string, unknown>;
  total: number | undefined;
  pieces: Buffer[];
  received: number;
}

/** A complete upload. */
export interface Whole {
  method: string;
  path: string;
  resource: Record<string, unknown>;
  media: Buffer;
}

export class Uploads {
  private readonly sessions = new Map<string, Session>();

  /** Begins a session. @param base The address of this server. */
  begin(req: IncomingMessage, base: string, login: string, url: URL, body: Buffer, most: number): Answer {
    const total = req.headers['x-upload-content-length'];
    if (Number(total ?? 0) > most) return tooLarge();
    let resource: Record<string, unknown> = {};
    try {
      if (body.length) resource = JSON.parse(body.toString()) as Record<string, unknown>;
    } catch {
      return refusal(400, 'Invalid JSON payload received.');
    }
    const id = randomUUID();
    this.sessions.set(id, { login, method: req.method ?? 'POST', path: url.pathname, resource, total: total === undefined ? undefined : Number(total), pieces: [], received: 0 });
    const query = new URLSearchParams(url.search);
    query.set('upload_id', id);
    return { status: 200, headers: { location: `${base}${url.pathname}?${query.toString()}`, 'x-guploader-uploadid': id, 'content-length': '0' } };
  }

  /** Takes a piece. @returns The whole upload after the last one, and otherwise the answer. */
  take(req: IncomingMessage, login: string, id: string, piece: Buffer, most: number): Answer | Whole {
    const session = this.sessions.get(id);
    if (!session || session.login !== login) return notFound();
    if (req.method === 'DELETE') {
      this.sessions.delete(id);
      return { status: 499 };
    }
    const [, start, end, all] = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(req.headers['content-range'] ?? `bytes 0-${piece.length - 1}/${piece.length}`) ?? [];
    if (all === undefined) return refusal(400, 'Failed to parse Content-Range header.');
    if (all !== '*') session.total = Number(all);
    if ((session.total ?? 0) > most) return tooLarge();
    if (start !== undefined) {
      const isLast = session.total !== undefined && Number(end) + 1 === session.total;
      if (Number(start) !== session.received || Number(end) - Number(start) + 1 !== piece.length) return this.incomplete(session);
      if (!isLast && piece.length % UNIT) return refusal(400, `Invalid request. The number of bytes uploaded is required to be equal or greater than ${UNIT}, except for the final request (it's recommended to be the exact multiple of ${UNIT}). The received request contained ${piece.length} bytes, which does not meet this requirement.`);
      session.pieces.push(piece);
      session.received += piece.length;
    }
    if (session.total === undefined || session.received < session.total) return this.incomplete(session);
    this.sessions.delete(id);
    return { method: session.method, path: session.path, resource: session.resource, media: Buffer.concat(session.pieces) };
  }

  private incomplete({ received }: Session): Answer {
    return { status: 308, headers: { ...(received && { range: `bytes=0-${received - 1}` }), 'content-length': '0' } };
  }
}

/** A whole upload as one body of two parts, as myworld takes it. */
export function asMultipart({ resource, media }: Whole): { body: Buffer; type: string } {
  const boundary = `part-${randomUUID()}`;
  const head = `--${boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(resource)}\r\n--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`;
  return { body: Buffer.concat([Buffer.from(head), media, Buffer.from(`\r\n--${boundary}--\r\n`)]), type: `multipart/related; boundary=${boundary}` };
}
