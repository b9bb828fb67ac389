// Uses a mailbox with Google's client for JavaScript, and prints what it found or did as JSON.
//
//   node google-client.mjs BASE_URL TOKEN
//
// BASE_URL is what comes before the paths of the two APIs. It is the only thing that differs between Google itself, its
// stand-in, and the raw passage of an account, whose token is an API key. What it prints has no ids and no times, so it is
// the same each time.

import { randomUUID } from 'node:crypto';
import { google } from 'googleapis';

const [base = '', token = ''] = process.argv.slice(2);
const client = new google.auth.OAuth2();
client.setCredentials({ access_token: token });
const options = { auth: client, rootUrl: `${base}/` };
const { users } = google.gmail({ version: 'v1', ...options });
const { people } = google.people({ version: 'v1', ...options });

/** The status with which a call is refused. @param {Promise<unknown>} call */
const refusal = (call) => call.then(
  () => { throw new Error('a call was not refused'); },
  (error) => Number(error.status ?? error.response?.status),
);

/**
 * Every item of a list, page by page.
 * @template T
 * @param {(pageToken: string | undefined) => Promise<{ items: T[] | undefined, next: string | null | undefined }>} page
 */
async function everything(page) {
  /** @type {T[]} */
  const all = [];
  for (let at; ;) {
    const { items, next } = await page(at);
    all.push(...(items ?? []));
    if (!next) return all;
    at = next;
  }
}

const me = { userId: 'me' };
const messages = (/** @type {string} */ q, /** @type {number} */ maxResults) => everything(async (pageToken) => {
  const { data } = await users.messages.list({ ...me, q, maxResults, pageToken });
  return { items: data.messages, next: data.nextPageToken };
});

const { data: profile } = await users.getProfile(me);
// What was sent before is not counted: it grows from run to run.
const found = await messages('-in:sent', 7);
if (new Set(found.map(({ id }) => id)).size !== found.length) throw new Error('a message is on two pages');
const contacts = await everything(async (pageToken) => {
  const { data } = await people.connections.list({ resourceName: 'people/me', personFields: 'names', pageSize: 5, pageToken });
  return { items: data.connections, next: data.nextPageToken };
});
const { data: { labels = [] } } = await users.labels.list(me);

const messageId = `<${randomUUID()}@audit.test>`;
const raw = Buffer.from([`From: ${profile.emailAddress}`, `To: ${profile.emailAddress}`, 'Subject: Sent by the client', `Message-ID: ${messageId}`, '', 'Hello', ''].join('\r\n')).toString('base64url');
const { data: sent } = await users.messages.send({ ...me, requestBody: { raw } });
const again = await messages(`rfc822msgid:${messageId}`, 7);
const { data: changed } = await users.messages.modify({ ...me, id: sent.id ?? '', requestBody: { addLabelIds: ['STARRED'], removeLabelIds: ['UNREAD'] } });
// An upload goes to Google's own host unless the call itself names another one.
const { data: uploaded } = await users.messages.send({ ...me, media: { mimeType: 'message/rfc822', body: Buffer.from(raw, 'base64url').toString().replace(messageId, `<${randomUUID()}@audit.test>`) } }, { rootUrl: options.rootUrl });

const { data: contact } = await people.createContact({ personFields: 'names', requestBody: { names: [{ givenName: 'Ada', familyName: 'Byron' }] } });
const update = { resourceName: contact.resourceName ?? '', updatePersonFields: 'nicknames', requestBody: { etag: contact.etag, nicknames: [{ value: 'Countess' }] } };
await people.updateContact(update);
const stale = await refusal(people.updateContact(update));
await people.deleteContact({ resourceName: contact.resourceName ?? '' });

console.log(JSON.stringify({
  address: profile.emailAddress,
  messages: found.length,
  labels: labels.length,
  contacts: contacts.length,
  refused: await refusal(users.messages.get({ ...me, id: 'nonsense' })),
  found: again.length === 1 && again[0]?.id === sent.id,
  starred: changed.labelIds?.includes('STARRED'),
  uploaded: uploaded.labelIds?.includes('SENT'),
  stale,
}, null, 1));
