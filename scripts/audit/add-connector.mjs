// Adds a connector by the form, so that the scanners find its pages.
//
//   node add-connector.mjs URL COOKIE

import { randomBytes, randomUUID } from 'node:crypto';

const [url, cookie] = process.argv.slice(2);
const page = await (await fetch(`${url}/connectors/new`, { headers: { cookie } })).text();
const hidden = (/** @type {string} */ name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(page)?.[1] ?? '';
const answer = await fetch(`${url}/do/connectors/add`, {
  method: 'POST',
  headers: { cookie, 'sec-fetch-site': 'same-origin' },
  redirect: 'manual',
  body: new URLSearchParams({
    form: hidden('form'),
    owner: hidden('owner'),
    provider: 'outlook',
    service_name: 'Mail archive',
    client_id: randomUUID(),
    client_secret: randomBytes(24).toString('base64url'),
    account_type: 'tenants_and_personal',
  }),
});
const to = answer.headers.get('location') ?? '';
if (!/\/connectors\/[0-9a-f-]{36}$/.test(to)) throw new Error(`the form led to ${to || answer.status}`);
