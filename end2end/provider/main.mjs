// An OAuth provider for tests and demonstrations that behaves like Microsoft's:
//
//   PORT=4220 node provider/main.mjs
//
// oidc-provider has the protocol; our code adds Microsoft's paths, claims and behaviour.
// Its record is in record.mjs.
// TENANTS: the first segments of the paths; CLIENTS: a JSON list of client_id, client_secret and
// redirect_uris; further switches in settings.mjs. It is not reachable from outside this machine.

import { handleUploadHost } from './graph/upload-host.ts';
import { listen } from './http.mjs';
import { front } from './proxy.mjs';
import { endWhenTold, startRecord } from './record.mjs';
import { settingsFrom } from './settings.mjs';
import { startTenant, tidOf } from './tenant.mjs';

const { env } = process;

const { events, secrets, record, keepSecret } = startRecord(env);
const first = await listen(Number(env.PORT || 0));
const second = await listen(Number(env.SECOND_PORT || 0));
const uploads = await listen(Number(env.UPLOAD_PORT || 0));

/** @type {Map<string, Awaited<ReturnType<typeof startTenant>>>} */
const tenants = new Map();
/** @type {Map<string, object>} */
const clients = new Map(JSON.parse(env.CLIENTS || '[]').map((/** @type {{ client_id: string }} */ client) => [client.client_id, client]));
const shared = {
  url: first.url,
  secondUrl: second.url,
  settings: settingsFrom({ UPLOAD_URL: uploads.url, ...env }),
  tenants,
  clients,
  events,
  secrets,
  record,
  keepSecret,
  addTenant: async (/** @type {string} */ segment) => {
    // With the directory of its accounts, at which their refresh tokens are redeemed.
    for (const one of [segment, tidOf(segment)]) {
      if (!tenants.has(one)) tenants.set(one, await startTenant(one, shared));
    }
  },
};
for (const segment of (env.TENANTS || 'common,organizations,consumers').split(',')) await shared.addTenant(segment.trim());

const answer = front(shared);
for (const { server } of [first, second]) server.on('request', answer);
uploads.server.on('request', (req, res) => {
  handleUploadHost(req, res, { ...shared, identify: () => undefined }).catch((error) => {
    record({ event: 'upload.error', error: error.message });
    res.destroy();
  });
});
record({ event: 'listening', url: first.url, second_url: second.url, upload_url: uploads.url, tenants: [...tenants.keys()] });

endWhenTold(env);
