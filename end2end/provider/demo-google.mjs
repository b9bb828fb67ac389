// A provider that looks like Google's, for the demo and one story: `emulate` has the sign-in and Gmail. This file adds the
// profile of a mailbox and the contacts, which it lacks, and refuses tokens that were not issued.
//
//   PORT=4211 CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=… node provider/demo-google.mjs
//
// It prints one line of JSON with its address as soon as it listens. It is not reachable from outside this machine.

import { createHash } from 'node:crypto';
import { clientFrom, startEmulated, USERS } from './emulated.mjs';
import { contactsOf, messagesOf, OWN_LABELS } from './google/seed.ts';
import { json } from './http.mjs';
import { endWhenTold } from './record.mjs';

const { env } = process;
const MESSAGES = 30;
const CONTACTS = contactsOf(12);
const PEOPLE = '/v1/people/me/connections';

/** An id in Google's form that depends on a text alone. @param {string} text */
const idOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);

const messages = USERS.flatMap(({ email }) => messagesOf(email, MESSAGES, Date.now()).map(({ to, cc, body, thread, labels, attachments: _, ...message }, number) => ({
  ...message,
  id: idOf(`${email} ${number}`),
  thread_id: idOf(`${email} ${thread ?? number}`),
  user_email: email,
  to: to.join(', '),
  cc: cc?.join(', ') ?? null,
  body_text: body,
  // Labels of the owner have other ids there than names.
  label_ids: labels.filter((label) => /^[A-Z]+$/.test(label)),
})));

/** A page of the contacts. @param {URL} asked */
function connections({ searchParams }) {
  const fields = (searchParams.get('personFields') ?? '').split(',');
  const size = Math.min(Number(searchParams.get('pageSize') || 100), 1000);
  const start = Number(searchParams.get('pageToken') || 0);
  const page = CONTACTS.slice(start, start + size).map(({ name, email, phone, organization }) => {
    const [givenName, ...rest] = name.split(' ');
    const all = {
      names: [{ displayName: name, givenName, familyName: rest.join(' ') }], emailAddresses: [{ value: email, type: 'work' }],
      phoneNumbers: [{ value: phone, type: 'mobile' }], organizations: [{ name: organization }],
    };
    const shown = Object.entries(all).filter(([field]) => fields.includes(field));
    return { resourceName: `people/c${BigInt(`0x${idOf(email)}`)}`, etag: `%Eg${idOf(name)}`, ...Object.fromEntries(shown) };
  });
  const next = start + size < CONTACTS.length ? { nextPageToken: String(start + size) } : {};
  return { connections: page, totalItems: CONTACTS.length, totalPeople: CONTACTS.length, ...next };
}

await startEmulated({
  service: 'google',
  port: Number(env.PORT),
  seed: { users: USERS, oauth_clients: [clientFrom(env)], labels: USERS.flatMap(({ email }) => OWN_LABELS.map((name) => ({ name, user_email: email }))), messages },
  tokenPath: '/oauth2/token',
  own: (req, res, asked, { behind, issued }) => {
    if (!/^\/(gmail|upload|v1)\//.test(asked.pathname)) return false;
    const token = /^Bearer (.+)$/i.exec(req.headers.authorization ?? '')?.[1] ?? '';
    if (!issued.has(token)) return json(res, 401, { error: { code: 401, message: 'Request had invalid authentication credentials.', status: 'UNAUTHENTICATED' } });
    if (asked.pathname === PEOPLE) return json(res, 200, connections(asked));
    if (!/^\/gmail\/v1\/users\/[^/]+\/profile$/.test(asked.pathname)) return false;
    return fetch(`http://127.0.0.1:${behind}/oauth2/v2/userinfo`, { headers: { authorization: `Bearer ${token}` } })
      .then((answer) => /** @type {Promise<{ email?: string }>} */ (answer.json()))
      .then(({ email }) => json(res, 200, { emailAddress: email, messagesTotal: MESSAGES, threadsTotal: MESSAGES, historyId: '1000' }));
  },
});

endWhenTold(env);
