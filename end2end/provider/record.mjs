// The record of a strict server's process: an independent witness of the application's requests, for the tests. Every event
// is one line of JSON on standard output, and in the file EVENT_LOG if that is given.

import { appendFileSync } from 'node:fs';

/** @param {NodeJS.ProcessEnv} env */
export function startRecord(env) {
  // oidc-provider prints a greeting on standard output, which is for the events.
  console.info = console.error;
  console.warn = console.error;

  /** @type {Record<string, unknown>[]} */
  const events = [];
  /** Every issued token, every verifier that was sent, and what authorises an upload. @type {{ what: 'token' | 'verifier', value: string }[]} */
  const secrets = [];
  return {
    events,
    secrets,
    keepSecret: (/** @type {string} */ value) => { secrets.push({ what: 'token', value }); },
    record: (/** @type {Record<string, unknown>} */ event) => {
      const line = { time: new Date().toISOString(), ...event };
      events.push(line);
      const text = `${JSON.stringify(line)}\n`;
      process.stdout.write(text);
      if (env.EVENT_LOG) appendFileSync(env.EVENT_LOG, text);
    },
  };
}

/** Ends this process when it is told to, or when the process that started it has ended. @param {NodeJS.ProcessEnv} env @param {() => void} [last] */
export function endWhenTold(env, last = () => {}) {
  const end = () => {
    last();
    process.exit(0);
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  // The parent process may be killed without a message; this process must then end too.
  if (env.UNTIL_STDIN_CLOSES) process.stdin.resume().on('end', end).on('close', end);
}
