// A provider that looks like Microsoft's, for the demo: `emulate` has no mailboxes, so this file puts the stand-in for Graph
// in front of it.
//
//   PORT=4210 CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=… node provider/demo.mjs
//
// It prints one line of JSON with its address as soon as it listens. It is not reachable from outside this machine.

import { createServer } from 'node:http';
import { clientFrom, listenOn, startEmulated, USERS } from './emulated.mjs';
import { handleGraph, isGraph } from './graph/server.ts';
import { handleUploadHost } from './graph/upload-host.ts';
import { endWhenTold } from './record.mjs';
import { settingsFrom } from './settings.mjs';

const { env } = process;
/** The newest message is a few minutes old when the demo begins. */
const NEWEST_MESSAGE = new Date(Date.now() - 12 * 60_000).toISOString();
const settings = settingsFrom({ NEWEST_MESSAGE, UPLOAD_URL: await uploadHost() });

/** Starts the host for uploads. @returns Its address. */
async function uploadHost() {
  const server = createServer((req, res) => {
    handleUploadHost(req, res, { settings, record: () => {}, keepSecret: () => {}, identify: () => undefined }).catch(() => { res.destroy(); });
  });
  return `http://127.0.0.1:${await listenOn(server, 0)}`;
}

await startEmulated({
  service: 'microsoft',
  port: Number(env.PORT),
  seed: { users: USERS, oauth_clients: [clientFrom(env)] },
  tokenPath: '/oauth2/v2.0/token',
  own: (req, res, { pathname }, { behind, issued }) => {
    if (!isGraph(pathname)) return false;
    /** The account and the permissions of an issued token. */
    const identify = async (/** @type {string} */ token) => {
      const found = issued.get(token);
      if (!found) return undefined;
      const me = await fetch(`http://127.0.0.1:${behind}/v1.0/me`, { headers: { authorization: `Bearer ${token}` } });
      const { mail, userPrincipalName } = /** @type {{ mail?: string, userPrincipalName?: string }} */ (me.ok ? await me.json() : {});
      const login = mail ?? userPrincipalName;
      return login ? { login, scopes: found.scopes, isPersonal: false } : undefined;
    };
    return handleGraph(req, res, { settings, record: () => {}, keepSecret: () => {}, identify });
  },
});

// Exits at once: a graceful close waits for browsers that keep a connection open.
endWhenTold(env);
