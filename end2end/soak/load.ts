// wrk: as many requests as the responses allow.

import { spawn } from 'node:child_process';

export interface Load {
  requests: number;
  failed: number;
  /** The 99th percentile of the response time, in milliseconds. */
  p99: number;
}

const MILLISECONDS: Record<string, number> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** Runs wrk with this number of connections for this time, and parses its output. */
export async function load(url: string, seconds: number, connections = 64, cookie = ''): Promise<Load> {
  const child = spawn('wrk', ['-t1', `-c${connections}`, '--latency', '--timeout', '10s', `-d${seconds}s`, '-H', `Cookie: ${cookie}`, url]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => { text += part; });
  await new Promise((done) => { child.once('close', done); });
  const requests = /(\d+) requests in/.exec(text)?.[1];
  const [, p99, unit] = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text) ?? [];
  if (!requests || !p99 || !unit) throw new Error(`wrk said: ${text}`);
  const broken = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const refused = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? '0';
  return {
    requests: Number(requests),
    failed: [...broken, refused].reduce((sum, one) => sum + Number(one), 0),
    p99: Number(p99) * (MILLISECONDS[unit] ?? NaN),
  };
}
