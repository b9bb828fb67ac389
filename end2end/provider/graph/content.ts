// The bytes of attachments. They are kept outside the heap of JavaScript: in buffers, or as files in a folder that a
// test gives, so that hundreds of large ones do not fill the memory. Copies of a message share them.

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Bytes that can be read as often as wanted. */
export interface Content {
  readonly length: number;
  /** All of them. */
  read(): Buffer;
  /** The same in pieces, each of `PIECE` bytes but the last. */
  pieces(): Iterable<Buffer>;
}

/** A multiple of 57, the number of bytes in one line of base64 in a mail (RFC 2045, 6.8). */
export const PIECE = 57 * 4096;

class MemoryContent implements Content {
  readonly length: number;
  private readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.length = bytes.length;
  }

  read(): Buffer {
    return this.bytes;
  }

  *pieces(): Iterable<Buffer> {
    for (let start = 0; start < this.length; start += PIECE) yield this.bytes.subarray(start, start + PIECE);
  }
}

class FileContent implements Content {
  readonly length: number;
  private readonly path: string;

  constructor(path: string, length: number) {
    this.path = path;
    this.length = length;
  }

  read(): Buffer {
    return readFileSync(this.path);
  }

  *pieces(): Iterable<Buffer> {
    const file = openSync(this.path, 'r');
    try {
      for (let start = 0; start < this.length; start += PIECE) {
        const piece = Buffer.allocUnsafe(Math.min(PIECE, this.length - start));
        if (readSync(file, piece, 0, piece.length, start) < piece.length) throw new Error(`${this.path} is shorter than it was`);
        yield piece;
      }
    } finally {
      closeSync(file);
    }
  }
}

export const inMemory = (bytes: Buffer): Content => new MemoryContent(bytes);

export const inFile = (path: string, length: number): Content => new FileContent(path, length);
