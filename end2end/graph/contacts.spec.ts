// Contacts of the stand-in for Graph, each rule as the facts about Graph have it: section 5, and 6 for changes.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';

const DOCUMENTED = [
  'assistantName', 'birthday', 'businessAddress', 'businessHomePage', 'businessPhones', 'categories', 'changeKey', 'children',
  'companyName', 'createdDateTime', 'department', 'displayName', 'emailAddresses', 'fileAs', 'generation', 'givenName',
  'homeAddress', 'homePhones', 'id', 'imAddresses', 'initials', 'jobTitle', 'lastModifiedDateTime', 'manager', 'middleName',
  'mobilePhone', 'nickName', 'officeLocation', 'otherAddress', 'parentFolderId', 'personalNotes', 'profession', 'spouseName',
  'surname', 'title', 'yomiCompanyName', 'yomiGivenName', 'yomiSurname',
];

const filtered = (filter: string): string => `/me/contacts?${new URLSearchParams({ $filter: filter, $select: 'displayName' }).toString()}`;

test('5: a list has 10 contacts of the default folder and an absolute link to the next page', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/contacts');
  expect(pages.map((page) => page.length)).toEqual([10, 2]);
  const { body } = await graph.get('/me/contacts');
  expect(body['@odata.nextLink']).toMatch(new RegExp(`^${provider.url}/v1\\.0/me/contacts\\?`));
  const names = pages.flat().map(({ displayName }) => displayName);
  expect(new Set(names).size).toBe(12);
  expect(names).not.toContain('Zora Supply');
});

test('5: the link of a page keeps $select, $top and $orderby', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages } = await graph.pages('/me/contacts?$top=5&$select=displayName&$orderby=displayName%20desc');
  expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
  const names = pages.flat().map(({ displayName }) => String(displayName));
  expect(names).toEqual([...names].sort((one, two) => (one.toLowerCase() < two.toLowerCase() ? 1 : -1)));
  expect(Object.keys(pages[0]?.[0] ?? {}).sort()).toEqual(['@odata.etag', 'displayName', 'id']);
});

test('5: a contact has every documented field, and no value is left out', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/contacts?$top=1');
  const [complete] = body.value ?? [];
  expect(Object.keys(complete ?? {}).filter((name) => !name.startsWith('@')).sort()).toEqual(DOCUMENTED);
  expect(Object.entries(complete ?? {}).filter(([, value]) => value === null || value === '')).toEqual([]);
  const { body: one } = await graph.get(`/me/contacts/${encodeURIComponent(String(complete?.id))}`);
  expect(one).toMatchObject(complete ?? {});
});

test('5: the settings choose the number of contacts, and $count and /$count say it', async ({ provider }) => {
  await provider.set({ contacts: 30 });
  const graph = await Graph.open(provider);
  expect((await graph.get('/me/contacts?$count=true&$top=1')).body['@odata.count']).toBe(30);
  const { text, headers } = await graph.get('/me/contacts/$count');
  expect(text).toBe('30');
  expect(headers.get('content-type')).toMatch(/^text\/plain/);
});

test('5: a filter by address takes only eq and only address', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const found = await graph.get(filtered("emailAddresses/any(a:a/address eq 'ADA.lovelace@fabrikam.test')"));
  expect(found.body.value).toMatchObject([{ displayName: 'Ada Lovelace' }]);
  // An apostrophe in a value is written twice.
  const quoted = await graph.get(filtered("emailAddresses/any(a:a/address eq 'dwayne.o''neil@adventure.test')"));
  expect(quoted.body.value).toMatchObject([{ displayName: "Dwayne O'Neil" }]);
  for (const filter of [
    "emailAddresses/any(a:a/address ne 'ada@home.test')",
    "emailAddresses/any(a:startswith(a/address,'ada'))",
    "emailAddresses/any(a:a/name eq 'Ada Lovelace')",
    "contains(displayName,'ovel')",
    "endswith(displayName,'lace')",
    "not startswith(displayName,'Ada')",
  ]) {
    expect(await graph.get(filtered(filter)), filter).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidUrlQueryFilter' } } });
  }
});

test('5: a filter by the beginning of a name, alone and beside an address', async ({ provider }) => {
  const graph = await Graph.open(provider);
  expect((await graph.get(filtered("startswith(displayName,'jÜrgen')"))).body.value).toMatchObject([{ displayName: 'Jürgen Groß' }]);
  const either = await graph.get(filtered("startswith(surname,'O''N') or emailAddresses/any(a:a/address eq 'ada@home.test')"));
  expect(either.body.value?.map(({ displayName }) => displayName)).toEqual(['Ada Lovelace', "Dwayne O'Neil"]);
});

test('5: unknown properties and unfit numbers are refused', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const query of ['$select=email', '$orderby=email', "$filter=email eq 'x'", '$top=0', '$top=1001', '$top=ten', '$expand=photo', '$format=xml']) {
    expect((await graph.get(`/me/contacts?${query}`)).status, query).toBe(400);
  }
});

test('2: an order that the filter does not begin with is inefficient', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const ordered = (order: string): string => `${filtered("startswith(displayName,'A')")}&$orderby=${order}`;
  expect((await graph.get(ordered('displayName'))).body.value).toMatchObject([{ displayName: 'Ada Lovelace' }]);
  expect(await graph.get(ordered('surname'))).toMatchObject({ status: 400, body: { error: { code: 'InefficientFilter' } } });
});

test('5: $search is not documented; the first page is answered and the second refused', async ({ provider }) => {
  await provider.set({ contacts: 60 });
  const graph = await Graph.open(provider);
  const first = await graph.get('/me/contacts?$search="love"&$top=2');
  expect(first.body.value?.map(({ surname }) => surname)).toEqual(['Lovelace', 'Lovelace 2']);
  expect(await graph.get(first.body['@odata.nextLink'] ?? '')).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidUrlQuery' } } });
});

test('5: the default folder is not in the list of folders; its name is "contacts" in each language', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/contactFolders');
  expect(body.value).toMatchObject([{ displayName: 'Lieferanten' }]);
  const { body: byName } = await graph.get('/me/contactFolders/contacts');
  expect(body.value?.[0]?.parentFolderId).toBe(byName.id);
  const below = `/me/contactFolders/${encodeURIComponent(String(body.value?.[0]?.id))}`;
  expect((await graph.get(below)).body).toMatchObject({ displayName: 'Lieferanten' });
  expect((await graph.get(`${below}/contacts`)).body.value).toHaveLength(3);
  expect((await graph.get(`${below}/childFolders`)).body.value).toEqual([]);
  expect((await graph.get('/me/contactFolders/contacts/childFolders')).body.value).toHaveLength(1);
  const [made] = await provider.changeContacts(graph.login, [{ do: 'make-contact-folder', name: 'A / B', parent: String(body.value?.[0]?.id) }]);
  expect((await graph.get(`${below}/childFolders`)).body.value).toMatchObject([{ id: made?.id, displayName: 'A / B' }]);
});

test('1: the id of a contact changes when it is moved, unless the immutable one is preferred', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [changeable, immutable] = [await graph.get('/me/contacts?$top=1'), await graph.get('/me/contacts?$top=1', IMMUTABLE)];
  expect(immutable.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  expect(changeable.headers.get('preference-applied')).toBeNull();
  const [id, lasting] = [changeable, immutable].map(({ body }) => String(body.value?.[0]?.id));
  expect(id).not.toBe(lasting);
  // Both fit into a path only with their `/` and `+` encoded.
  for (const one of [id, lasting]) expect(one).toMatch(/\/.*\+|\+.*\//);
  const { body } = await graph.get('/me/contactFolders');
  await provider.changeContacts(graph.login, [{ do: 'move-contact', id: id ?? '', to: String(body.value?.[0]?.id) }]);
  expect(await graph.get(`/me/contacts/${encodeURIComponent(id ?? '')}`)).toMatchObject({ status: 404, body: { error: { code: 'ErrorItemNotFound' } } });
  expect((await graph.get(`/me/contacts/${encodeURIComponent(lasting ?? '')}`, IMMUTABLE)).body).toMatchObject({ id: lasting, displayName: 'Ada Lovelace' });
});

test('5: an etag differs after each change, and an id that cannot be one is malformed', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/contacts?$top=1');
  const [before] = body.value ?? [];
  const id = String(before?.id);
  await provider.changeContacts(graph.login, [{ do: 'change-contact', id, contact: { jobTitle: 'Countess' } }]);
  const { body: after } = await graph.get(`/me/contacts/${encodeURIComponent(id)}`);
  expect(after).toMatchObject({ id, jobTitle: 'Countess' });
  expect(after['@odata.etag']).toMatch(/^W\/".+"$/);
  expect(after['@odata.etag']).not.toBe(before?.['@odata.etag']);
  expect(await graph.get('/me/contacts/not-an-id')).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidIdMalformed' } } });
  expect((await graph.get(`/me/contacts/${encodeURIComponent(id.toLowerCase())}`)).status).not.toBe(200);
});

test('8: contacts need Contacts.Read or Contacts.ReadWrite', async ({ provider }) => {
  const without = await Graph.open(provider, 'openid profile offline_access User.Read Mail.ReadWrite');
  for (const path of ['/me/contacts', '/me/contactFolders', '/me/contacts/delta']) {
    expect(await without.get(path), path).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
  }
  const writing = await Graph.open(provider, 'openid profile offline_access User.Read Contacts.ReadWrite');
  expect((await writing.get('/me/contacts')).status).toBe(200);
  // The same mailbox by its log-in.
  expect((await writing.get(`/users/${writing.login}/contacts`)).body.value).toHaveLength(10);
});

test('6: changes come in rounds: everything first, then what was changed, moved or removed', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const first = await graph.pages('/me/contacts/delta?$select=displayName');
  expect(first.pages.map((page) => page.length)).toEqual([10, 2]);
  expect(Object.keys(first.pages[0]?.[0] ?? {}).sort()).toEqual(['@odata.etag', 'displayName', 'id']);
  expect((await graph.pages(first.deltaLink)).pages).toEqual([[]]);

  const ids = first.pages.flat().map(({ id }) => String(id));
  const { body } = await graph.get('/me/contactFolders');
  const folder = String(body.value?.[0]?.id);
  const [added] = await provider.changeContacts(graph.login, [
    { do: 'add-contact', contact: { displayName: 'New One' } },
    { do: 'change-contact', id: ids[1] ?? '', contact: { displayName: 'Changed' } },
    { do: 'change-contact', id: ids[1] ?? '', contact: { displayName: 'Changed twice' } },
    { do: 'remove-contact', id: ids[2] ?? '' },
    { do: 'move-contact', id: ids[3] ?? '', to: folder },
  ]);
  const second = await graph.pages(first.deltaLink);
  expect(second.pages.flat()).toEqual([
    { '@odata.etag': expect.any(String), id: added?.id, displayName: 'New One' },
    { '@odata.etag': expect.any(String), id: ids[1], displayName: 'Changed twice' },
    { id: ids[2], '@removed': { reason: 'deleted' } },
    { id: ids[3], '@removed': { reason: 'deleted' } },
  ]);
  // A move is a removal in one folder and an addition in the other.
  const there = await graph.pages(`/me/contactFolders/${encodeURIComponent(folder)}/contacts/delta`);
  expect(there.pages.flat().map(({ displayName }) => displayName)).toContain("Dwayne O'Neil");
  expect((await graph.pages(second.deltaLink)).pages).toEqual([[]]);
});

test('6: changes with immutable ids name what was removed by them', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { pages, deltaLink } = await graph.pages('/me/contacts/delta', IMMUTABLE);
  const id = String(pages[0]?.[4]?.id);
  await provider.changeContacts(graph.login, [{ do: 'remove-contact', id }]);
  expect((await graph.pages(deltaLink, IMMUTABLE)).pages.flat()).toEqual([{ id, '@removed': { reason: 'deleted' } }]);
});

test('6: what changes while a client pages is in the next round', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const page = await graph.get('/me/contacts/delta', { prefer: 'odata.maxpagesize=7' });
  expect([page.body.value?.length, page.headers.get('preference-applied')]).toEqual([7, 'odata.maxpagesize=7']);
  await provider.changeContacts(graph.login, [{ do: 'add-contact', contact: { displayName: 'Late' } }]);
  const rest = await graph.pages(page.body['@odata.nextLink'] ?? '');
  expect(rest.pages.flat()).toHaveLength(5);
  expect((await graph.pages(rest.deltaLink)).pages.flat()).toMatchObject([{ displayName: 'Late' }]);
});

test('6: an expired token is gone, and one of another folder or text is not a token', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { deltaLink } = await graph.pages('/me/contacts/delta');
  const token = new URL(deltaLink).searchParams.get('$deltatoken') ?? '';
  const { body } = await graph.get('/me/contactFolders');
  const elsewhere = `/me/contactFolders/${encodeURIComponent(String(body.value?.[0]?.id))}/contacts/delta`;
  for (const target of [`${elsewhere}?$deltatoken=${token}`, '/me/contacts/delta?$deltatoken=nonsense']) {
    expect(await graph.get(target), target).toMatchObject({ status: 400, body: { error: { code: 'InvalidSyncStateData' } } });
  }
  await provider.changeContacts(graph.login, [{ do: 'expire-contacts' }]);
  expect(await graph.get(deltaLink)).toMatchObject({ status: 410, body: { error: { code: 'syncStateNotFound' } } });
});

test('6: changes take no $top, $filter, $orderby, $search or $expand', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const query of ['$top=5', "$filter=displayName eq 'x'", '$orderby=displayName', '$search="x"', '$expand=photo']) {
    expect(await graph.get(`/me/contacts/delta?${query}`), query).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidUrlQuery' } } });
  }
});

test('6: changes of contact folders', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const first = await graph.pages('/me/contactFolders/delta');
  expect(first.pages.flat().map(({ displayName }) => displayName)).toEqual(['Contacts', 'Lieferanten']);
  await provider.changeContacts(graph.login, [{ do: 'make-contact-folder', name: 'Press' }]);
  expect((await graph.pages(first.deltaLink)).pages.flat()).toMatchObject([{ displayName: 'Press' }]);
});

test('5: three addresses of a contact are kept', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const emailAddresses = [1, 2, 3, 4, 5].map((number) => ({ name: `Address ${number}`, address: `a${number}@many.test` }));
  const [made] = await provider.changeContacts(graph.login, [{ do: 'add-contact', contact: { displayName: 'Many', emailAddresses } }]);
  const path = `/me/contacts/${encodeURIComponent(made?.id ?? '')}?$select=emailAddresses`;
  expect((await graph.get(path)).body.emailAddresses).toEqual(emailAddresses.slice(0, 3));
  expect((await graph.get(filtered("emailAddresses/any(a:a/address eq 'a3@many.test')"))).body.value).toHaveLength(1);
  expect((await graph.get(filtered("emailAddresses/any(a:a/address eq 'a4@many.test')"))).body.value).toEqual([]);
  await provider.changeContacts(graph.login, [{ do: 'change-contact', id: made?.id ?? '', contact: { emailAddresses: emailAddresses.slice(1) } }]);
  expect((await graph.get(path)).body.emailAddresses).toEqual(emailAddresses.slice(1, 4));
});

test('5: the photo of a contact is at photo/$value, and is not found if there is none', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get('/me/contacts?$top=2');
  const [ada, bjorn] = (body.value ?? []).map(({ id }) => `/me/contacts/${encodeURIComponent(String(id))}`);
  const photo = await graph.get(`${ada}/photo/$value`);
  expect([photo.status, photo.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  expect(photo.bytes.subarray(0, 3).toString('hex')).toBe('ffd8ff');
  expect(body.value?.[0]).not.toHaveProperty('photo');
  const missing = { status: 404, body: { error: { code: 'ErrorItemNotFound' } } };
  expect(await graph.get(`${bjorn}/photo/$value`)).toMatchObject(missing);
  expect(await graph.get('/me/contacts/nonsense/photo/$value')).toMatchObject({ status: 400, body: { error: { code: 'ErrorInvalidIdMalformed' } } });
  expect((await graph.get(`${ada}/photo/colour`)).status).toBe(400);
  const without = await Graph.open(provider, 'openid profile offline_access User.Read Mail.Read');
  expect((await without.get(`${ada}/photo/$value`)).status).toBe(403);
});

test('5: a photo comes and goes, also in a folder, and its contact is reported as changed', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { deltaLink } = await graph.pages('/me/contacts/delta');
  const { body } = await graph.get('/me/contacts?$top=2');
  const [one, two] = (body.value ?? []).map(({ id }) => String(id));
  const base64 = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
  await provider.changeContacts(graph.login, [{ do: 'set-contact-photo', id: one ?? '', base64: null }, { do: 'set-contact-photo', id: two ?? '', base64 }]);
  const photoOf = (id = '') => graph.get(`/me/contactFolders/contacts/contacts/${encodeURIComponent(id)}/photo/$value`);
  expect((await photoOf(one)).status).toBe(404);
  const photo = await photoOf(two);
  expect([photo.headers.get('content-type'), photo.bytes.toString('base64')]).toEqual(['image/png', base64]);
  expect((await graph.pages(deltaLink)).pages.flat().map(({ id }) => id)).toEqual([one, two]);
});
