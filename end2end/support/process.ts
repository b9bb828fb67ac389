import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Where this folder's packages are. */
const packages = fileURLToPath(new URL('../node_modules/', import.meta.url));

/** The Node that comes with the packages (the provider wants a newer one than Debian's), else the one that runs this. */
export function node(): string {
  const own = `${packages}node-${process.platform}-${process.arch}/bin/node`;
  return existsSync(own) ? own : process.execPath;
}

/** A port that nobody listens on. Another process could take it before its user does; none of ours would. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => { server.listen(0, '127.0.0.1', done); });
  const address = server.address();
  await new Promise((done) => { server.close(done); });
  if (typeof address !== 'object' || !address) throw new Error('no free port was found');
  return address.port;
}

/** Asks again until there is an answer, and says what it waited for when there is none. */
export async function until<T>(what: string, ask: () => Promise<T | undefined> | T | undefined, patience = 15_000): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > end) throw new Error(`waited ${patience / 1000} s in vain: ${what}`);
    await new Promise((done) => { setTimeout(done, 20); });
  }
}
