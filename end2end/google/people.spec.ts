// The People API of the stand-in: fields that a contact keeps, groups, and sync tokens with their end.

import { expect, test } from '../google-fixtures.ts';
import { Gmail } from './calls.ts';

const FIELDS = 'addresses,biographies,birthdays,emailAddresses,memberships,metadata,names,nicknames,organizations,phoneNumbers,urls';
const LIST = `/v1/people/me/connections?personFields=${FIELDS}&requestSyncToken=true`;

const ADA = {
  names: [{ givenName: 'Ada', middleName: 'Augusta', familyName: 'Byron' }],
  nicknames: [{ value: 'Countess' }],
  emailAddresses: [{ value: 'ada@analytical.test', type: 'home' }],
  birthdays: [{ date: { year: 1815, month: 12, day: 10 } }],
  biographies: [{ value: 'Wrote note G.', contentType: 'TEXT_PLAIN' }],
  addresses: [{ type: 'home', city: 'London' }],
  urls: [{ value: 'https://analytical.test' }],
};

test('a contact keeps every field that it was given, until another version replaces it', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const made = await gmail.call('POST', `/v1/people:createContact?personFields=${FIELDS}`, ADA);
  expect(made.status).toBe(200);
  const { resourceName, etag } = made.body as { resourceName: string; etag: string };
  const read = await gmail.get(`/v1/${resourceName}?personFields=${FIELDS}`);
  expect(read.body).toMatchObject({ ...ADA, resourceName, names: [{ displayName: 'Ada Augusta Byron', middleName: 'Augusta' }] });
  expect(read.body.metadata.sources[0]).toMatchObject({ type: 'CONTACT', etag: read.body.etag, updateTime: expect.stringMatching(/^\d{4}-/) });
  expect(read.body.memberships[0].contactGroupMembership.contactGroupId).toBe('myContacts');
  expect((await gmail.get(`/v1/${resourceName}?personFields=names`)).body.urls).toBeUndefined();

  const update = (body: object): ReturnType<Gmail['call']> =>
    gmail.call('PATCH', `/v1/${resourceName}:updateContact?updatePersonFields=urls,organizations&personFields=${FIELDS}`, body);
  const changed = await update({ etag, urls: [], organizations: [{ name: 'Engines' }] });
  expect(changed.status).toBe(200);
  expect(changed.body).toMatchObject({ organizations: [{ name: 'Engines' }], nicknames: [{ value: 'Countess' }] });
  expect(changed.body.urls).toBeUndefined();
  const stale = await update({ etag, urls: [] });
  expect([stale.status, stale.body.error.status]).toEqual([400, 'FAILED_PRECONDITION']);
  const two = await gmail.call('POST', '/v1/people:createContact', { names: [{ givenName: 'A' }, { givenName: 'B' }] });
  expect(two.status).toBe(400);
});

test('a sync token gives the changes since, each contact once, in pages', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const pages = [await gmail.get(`${LIST}&pageSize=7`)];
  expect(pages[0]?.body.nextSyncToken).toBeUndefined();
  pages.push(await gmail.get(`${LIST}&pageSize=7&pageToken=${String(pages[0]?.body.nextPageToken)}`));
  const all = pages.flatMap(({ body }) => body.connections as { resourceName: string; etag: string }[]);
  expect(new Set(all.map(({ resourceName }) => resourceName)).size).toBe(12);
  const token = String(pages[1]?.body.nextSyncToken);
  const since = (of: string, more = ''): ReturnType<Gmail['get']> => gmail.get(`${LIST}&syncToken=${of}${more}`);
  expect((await since(token)).body.connections).toBeUndefined();

  const [first, second] = all;
  await gmail.call('DELETE', `/v1/${first?.resourceName}:deleteContact`);
  for (const nickname of ['A', 'B']) {
    const { body } = await gmail.get(`/v1/${second?.resourceName}?personFields=nicknames`);
    await gmail.call('PATCH', `/v1/${second?.resourceName}:updateContact?updatePersonFields=nicknames`, { etag: body.etag, nicknames: [{ value: nickname }] });
  }
  const page = await since(token, '&pageSize=1');
  expect(page.body.connections).toMatchObject([{ resourceName: first?.resourceName, metadata: { deleted: true } }]);
  const last = await since(token, `&pageSize=1&pageToken=${String(page.body.nextPageToken)}`);
  expect(last.body.connections).toMatchObject([{ resourceName: second?.resourceName, nicknames: [{ value: 'B' }] }]);
  expect((await since(String(last.body.nextSyncToken))).body.connections).toBeUndefined();
  expect((await gmail.get(`/v1/people/me/connections?personFields=names&syncToken=${token}`)).status, 'with other parameters').toBe(400);
  expect((await since('nonsense')).status).toBe(400);
});

test('an expired sync token is refused by its reason, with either status', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const token = String((await gmail.get(LIST)).body.nextSyncToken);
  await google.expireSyncTokens(gmail.login);
  for (const status of [400, 410]) {
    await google.set({ expiredSyncStatus: status });
    const expired = await gmail.get(`${LIST}&syncToken=${token}`);
    expect([expired.status, expired.body.error.details[0].reason]).toEqual([status, 'EXPIRED_SYNC_TOKEN']);
  }
  const next = String((await gmail.get(LIST)).body.nextSyncToken);
  expect((await gmail.get(`${LIST}&syncToken=${next}`)).status).toBe(200);
});

test('a contact is put into a group of its owner', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const group = await gmail.call('POST', '/v1/contactGroups', { contactGroup: { name: 'Customers' } });
  expect(group.status).toBe(200);
  expect((await gmail.call('POST', '/v1/contactGroups', { contactGroup: { name: 'Customers' } })).status).toBe(409);
  const name = String(group.body.resourceName);
  const { body } = await gmail.get('/v1/people/me/connections?personFields=names&pageSize=1');
  const contact = String(body.connections[0].resourceName);
  expect((await gmail.call('POST', `/v1/${name}/members:modify`, { resourceNamesToAdd: [contact] })).status).toBe(200);
  const read = await gmail.get(`/v1/${contact}?personFields=memberships`);
  expect((read.body.memberships as { contactGroupMembership: { contactGroupResourceName: string } }[]).map(({ contactGroupMembership }) => contactGroupMembership.contactGroupResourceName)).toEqual(['contactGroups/myContacts', name]);
  const { body: { contactGroups } } = await gmail.get('/v1/contactGroups');
  expect((contactGroups as { name: string }[]).map((one) => one.name)).toEqual(expect.arrayContaining(['myContacts', 'Customers']));
});

test('a search finds a new contact only after a call with an empty question', async ({ google }) => {
  const gmail = await Gmail.open(google);
  const find = async (query: string): Promise<unknown[]> =>
    ((await gmail.get(`/v1/people:searchContacts?query=${query}&readMask=names,emailAddresses`)).body.results as unknown[] | undefined) ?? [];
  await find('Grace');
  await gmail.call('POST', '/v1/people:createContact', ADA);
  expect(await find('ada@analytical.test')).toEqual([]);
  await find('');
  expect(await find('ada@analytical.test')).toHaveLength(1);
});
