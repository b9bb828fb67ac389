import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** The folder of this folder's packages. */
const packages = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** The Node from the packages (the provider needs a newer one than Debian's), else the one that runs this. */
export function node(): string {
  const own = `${packages}node-${process.platform}-${process.arch}/bin/node`;
  return existsSync(own) ? own : process.execPath;
}

/** A free port. Another process could take it before it is used; none of ours would. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const address = server.address();
  await new Promise((done) => { server.close(done); });
  if (typeof address !== 'object' || !address) throw new Error('no free port was found');
  return address.port;
}

/** Polls until there is a result, and names it in the error if there is none. */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, patience = 15_000): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s in vain: ${what}`);
    await new Promise((done) => { setTimeout(done, 20); });
  }
}
