// A strict OAuth server as a process, and its control calls: what the servers of both companies share.

import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { node, until } from './process.ts';

/** Values that only the application may see. */
export interface Secret {
  what: 'token' | 'verifier';
  value: string;
}

/** An application registered at a provider, like one that an administrator registers in its portal. */
export interface Client {
  id: string;
  secret: string;
}

/** Sends a control call. */
export async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

export async function secretsOf(url: string): Promise<Secret[]> {
  return (await (await fetch(`${url}/__secrets`)).json()) as Secret[];
}

export async function eventsOf<E>(url: string): Promise<E[]> {
  return (await (await fetch(`${url}/__events`)).json()) as E[];
}

/**
 * Starts a server.
 * @param main Its script, from the folder of the providers.
 * @returns The process, and the line of JSON that it prints when it listens.
 */
export async function launch(main: string, env: NodeJS.ProcessEnv = {}): Promise<{ child: ChildProcess; line: Record<string, string> }> {
  const script = fileURLToPath(new URL(`../provider/${main}`, import.meta.url));
  const child = spawn(node(), [script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, UNTIL_STDIN_CLOSES: 'yes', EVENT_LOG: process.env.PROVIDER_EVENT_LOG, ...env },
  });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => { if (!out.includes('\n')) out += text; });
  child.stderr.setEncoding('utf8').on('data', (text: string) => { errors += text; });
  const line = await until('the provider to listen', () => {
    if (child.exitCode !== null) throw new Error(`the provider ended with ${child.exitCode}: ${errors}`);
    return out.includes('\n') ? out.slice(0, out.indexOf('\n')) : undefined;
  }, 60_000);
  return { child, line: JSON.parse(line) as Record<string, string> };
}

export class StrictProcess {
  protected constructor(private readonly child: ChildProcess, readonly url: string) {}

  /** Stops it at any moment: it accepts connections and never responds. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.thaw();
    const ended = new Promise((done) => { this.child.once('exit', done); });
    this.child.kill('SIGTERM');
    await ended;
  }
}
