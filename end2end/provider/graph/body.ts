// The body of a request.

import type { IncomingMessage } from 'node:http';
import { Refused } from './context.ts';

/**
 * Reads a body. Of a larger one the rest is taken from the client and dropped, so that it can read the answer.
 * @param max The number of bytes that are taken.
 */
export async function readBody(req: IncomingMessage, max: number): Promise<Buffer> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > max) parts = [];
    else parts.push(part);
  }
  if (size > max) throw new Refused(413, 'RequestEntityTooLarge', 'The request is larger than the server takes.');
  return Buffer.concat(parts);
}
