// A stand-in for Google, for tests and demonstrations:
//
//   PORT=4230 MYWORLD=/path/to/venv/bin/python node provider/google/main.ts
//
// oidc-provider has the protocol of the sign-in, and myworld has the mailboxes and contacts; our code adds Google's paths,
// claims, rules and errors. CLIENTS: a JSON list of client_id, client_secret and redirect_uris; further switches in
// settings.ts. It is not reachable from outside this machine.

import { listen } from '../http.mjs';
import { endWhenTold, startRecord } from '../record.mjs';
import { startApi } from './api.ts';
import { front } from './front.ts';
import { startIssuer } from './issuer.ts';
import { settingsFrom } from './settings.ts';
import { World } from './world.ts';

const { env } = process;
const recorded = startRecord(env);
const { server, url } = await listen(Number(env.PORT || 0));
const settings = settingsFrom(env);
const clients = new Map<string, object>((JSON.parse(env.CLIENTS || '[]') as { client_id: string }[]).map((client) => [client.client_id, client]));
const world = env.MYWORLD ? await World.start(env.MYWORLD, settings) : undefined;
const shared = { url, settings, clients, ...recorded };
const issuer = await startIssuer(shared);
server.on('request', front({ ...shared, issuer, api: startApi({ ...shared, world }) }));
recorded.record({ event: 'listening', url });
endWhenTold(env, () => world?.stop());
