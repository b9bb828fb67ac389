// Changes of contacts at the stand-in for Graph, each rule as the facts about Graph have it: section 5, and 6 for changes.

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE, WRITING } from './calls.ts';

const at = (id: unknown): string => `/me/contacts/${encodeURIComponent(String(id))}`;

const refused = (status: number, code: string) => ({ status, body: { error: { code } } });
const notFound = refused(404, 'ErrorItemNotFound');

/** A value for each field that can be written. */
const COMPLETE = {
  displayName: 'Dr. Ada King Lovelace II', givenName: 'Ada', surname: 'Lovelace', middleName: 'King', initials: 'A. L.', nickName: 'Addie', title: 'Dr.',
  yomiGivenName: 'エイダ', yomiSurname: 'ラブレス', yomiCompanyName: 'ファブリカム', generation: 'II', fileAs: 'Lovelace, Ada',
  categories: ['Later'], imAddresses: ['sip:ada@fabrikam.test'], jobTitle: 'Analyst', companyName: 'Fabrikam', department: 'Engines',
  officeLocation: 'Tower 2', profession: 'Mathematician', businessHomePage: 'https://fabrikam.test/ada', assistantName: 'Mary', manager: 'Charles',
  homePhones: ['+44 1', '+44 2'], mobilePhone: '+44 3', businessPhones: ['+44 4', '+44 5'], spouseName: 'William', personalNotes: 'Line\r\nline',
  children: ['Byron'], emailAddresses: [{ name: 'Ada', address: 'ada@fabrikam.test' }, { name: 'Home', address: 'ada@home.test' }, { name: 'Old', address: 'old@home.test' }],
  homeAddress: { street: '12 Square', city: 'London', state: 'London', countryOrRegion: 'UK', postalCode: 'SW1Y' },
  businessAddress: { street: '1 Court', city: 'London' }, otherAddress: {},
};

/** The id of the folder below the default one. */
const folderId = async (graph: Graph): Promise<string> => encodeURIComponent(String((await graph.get('/me/contactFolders')).body.value?.[0]?.id));

test('5: a contact is made in the default folder with every field', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/contacts', { ...COMPLETE, birthday: '1815-12-10' });
  expect(made).toMatchObject({ status: 201, body: { ...COMPLETE, birthday: '1815-12-10T11:59:00Z', parentFolderId: (await graph.get('/me/contactFolders/contacts')).body.id } });
  expect(made.headers.get('location')).toContain(`/contacts('${encodeURIComponent(String(made.body.id))}')`);
  const { body } = await graph.get(at(made.body.id));
  expect(body).toEqual(made.body);
  expect(body).toMatchObject({ changeKey: expect.any(String), '@odata.etag': `W/"${String(body.changeKey)}"` });
  expect((await graph.get('/me/contacts/$count')).text).toBe('13');
});

test('5: a name and what it is filed as come from the parts of the name, unless they are given', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/contacts', { givenName: 'Pavel', surname: 'Bansky', emailAddresses: [{ address: 'pavel@contoso.test' }], businessPhones: ['+1 732'] });
  expect(made).toMatchObject({ status: 201, body: { displayName: 'Pavel Bansky', fileAs: 'Bansky, Pavel', emailAddresses: [{ name: 'pavel@contoso.test', address: 'pavel@contoso.test' }] } });
  expect(made.body).toMatchObject({ middleName: null, homePhones: [], homeAddress: {}, birthday: null, personalNotes: '' });
  // "Later updates to other properties may cause an automatically generated value to overwrite the displayName."
  await graph.write('PATCH', at(made.body.id), { displayName: 'Pasha' });
  expect((await graph.write('PATCH', at(made.body.id), { jobTitle: 'Cook' })).body.displayName).toBe('Pasha');
  expect((await graph.write('PATCH', at(made.body.id), { surname: 'Novák' })).body.displayName).toBe('Pavel Novák');
  expect((await graph.write('PATCH', at(made.body.id), { surname: 'Bansky', displayName: 'Pasha' })).body).toMatchObject({ surname: 'Bansky', displayName: 'Pasha' });
});

test('5: a contact is made, changed and deleted in a folder', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const folder = `/me/contactFolders/${await folderId(graph)}`;
  const made = await graph.write('POST', `${folder}/contacts`, { displayName: 'Here' }, IMMUTABLE);
  expect(made).toMatchObject({ status: 201, body: { parentFolderId: decodeURIComponent(await folderId(graph)) } });
  expect(made.headers.get('preference-applied')).toBe('IdType="ImmutableId"');
  const [below] = await provider.changeContacts(graph.login, [{ do: 'make-contact-folder', name: 'Below', parent: decodeURIComponent(await folderId(graph)) }]);
  const deep = await graph.write('POST', `${folder}/childFolders/${encodeURIComponent(below?.id ?? '')}/contacts`, { displayName: 'Deep' });
  expect(deep.body.parentFolderId).toBe(below?.id);
  const path = `${folder}/contacts/${encodeURIComponent(String(made.body.id))}`;
  expect((await graph.write('PATCH', path, { displayName: 'There' }, IMMUTABLE)).body).toMatchObject({ id: made.body.id, displayName: 'There' });
  expect(await graph.write('PATCH', `/me/contactFolders/contacts/contacts/${encodeURIComponent(String(made.body.id))}`, { displayName: 'x' })).toMatchObject(notFound);
  expect((await graph.write('DELETE', path)).status).toBe(204);
  expect(await graph.get(path)).toMatchObject(notFound);
  expect(await graph.write('POST', '/me/contactFolders/1/contacts', { displayName: 'x' })).toMatchObject(refused(400, 'ErrorInvalidIdMalformed'));
});

test('5: PATCH changes what it names, and empties what it names as null', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/contacts', { ...COMPLETE, birthday: '1815-12-10T00:00:00Z' });
  const change = { jobTitle: 'Countess', emailAddresses: [{ name: 'New', address: 'new@home.test' }], homeAddress: { city: 'Surrey' }, businessPhones: [] };
  const answer = await graph.write('PATCH', at(made.body.id), change);
  expect(answer).toMatchObject({ status: 200, body: { ...COMPLETE, ...change } });
  expect(answer.body.homeAddress).toEqual({ city: 'Surrey' });
  const emptied = await graph.write('PATCH', at(made.body.id), { jobTitle: null, birthday: null, emailAddresses: null, homeAddress: null, displayName: null, personalNotes: null });
  expect(emptied.body).toMatchObject({ jobTitle: null, birthday: null, emailAddresses: [], homeAddress: {}, displayName: '', personalNotes: '', surname: 'Lovelace' });
  expect((await graph.write('PATCH', at(made.body.id), {})).status).toBe(200);
});

test('5: each change gives a new etag and changeKey, and a stale If-Match is answered 412', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/contacts', { displayName: 'One' });
  const path = at(made.body.id);
  const first = String(made.body['@odata.etag']);
  const { body: second } = await graph.write('PATCH', path, { displayName: 'Two' }, { 'if-match': first });
  expect(second['@odata.etag']).not.toBe(first);
  expect(second.changeKey).not.toBe(made.body.changeKey);
  const missed = refused(412, 'ErrorIrresolvableConflict');
  expect(await graph.write('PATCH', path, { displayName: 'Three' }, { 'if-match': first })).toMatchObject(missed);
  expect(await graph.write('DELETE', path, undefined, { 'if-match': first })).toMatchObject(missed);
  expect((await graph.get(path)).body.displayName).toBe('Two');
  // A change from outside counts too.
  await provider.changeContacts(graph.login, [{ do: 'change-contact', id: String(made.body.id), contact: { jobTitle: 'Cook' } }]);
  expect(await graph.write('PATCH', path, { displayName: 'Three' }, { 'if-match': String(second['@odata.etag']) })).toMatchObject(missed);
  expect((await graph.write('PATCH', path, { displayName: 'Three' }, { 'if-match': '*' })).status).toBe(200);
  const last = String((await graph.get(path)).body['@odata.etag']);
  expect((await graph.write('DELETE', path, undefined, { 'if-match': last })).status).toBe(204);
});

test('5: a contact has at most three addresses and two phones of a kind', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const emailAddresses = [1, 2, 3, 4].map((number) => ({ name: `${number}`, address: `${number}@many.test` }));
  const made = await graph.write('POST', '/me/contacts', { displayName: 'Many', emailAddresses: emailAddresses.slice(1) });
  expect(made.body.emailAddresses).toEqual(emailAddresses.slice(1));
  // Others report the message (microsoft-graph-docs, issue 15276).
  for (const [name, value, most] of [['EmailAddresses', emailAddresses, 3], ['BusinessPhones', ['1', '2', '3'], 2], ['HomePhones', ['1', '2', '3'], 2]] as const) {
    const field = name.charAt(0).toLowerCase() + name.slice(1);
    const message = `The multi value property ${name} has ${most + 1} entries, that exceeds the max allowed value of ${most}`;
    for (const [method, target] of [['POST', '/me/contacts'], ['PATCH', at(made.body.id)]] as const) {
      expect(await graph.write(method, target, { displayName: 'Many', [field]: value }), name).toMatchObject({ status: 400, body: { error: { message } } });
    }
  }
});

test('5: DELETE answers 204, and the contact is gone by both sorts of ids', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const [changeable, immutable] = [await graph.get('/me/contacts?$top=1'), await graph.get('/me/contacts?$top=1', IMMUTABLE)];
  const ids = [changeable, immutable].map(({ body }) => body.value?.[0]?.id);
  const answer = await graph.write('DELETE', at(ids[1]));
  expect([answer.status, answer.text]).toEqual([204, '']);
  for (const id of ids) {
    expect(await graph.get(at(id), IMMUTABLE)).toMatchObject(notFound);
    expect(await graph.write('DELETE', at(id))).toMatchObject(notFound);
    expect(await graph.write('PATCH', at(id), { displayName: 'x' })).toMatchObject(notFound);
  }
});

test('5: other properties and values of another type are refused', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  const made = await graph.write('POST', '/me/contacts', { displayName: 'Sound' });
  const unread: object[] = [
    { colour: 'red' }, { displayName: 5 }, { emailAddresses: 'a@x.test' }, { emailAddresses: ['a@x.test'] }, { emailAddresses: [{ mail: 'a@x.test' }] },
    { businessPhones: '+1' }, { businessPhones: [1] }, { birthday: 'in May' }, { homeAddress: 'London' }, { homeAddress: { town: 'London' } }, { categories: [null] },
  ];
  for (const body of unread) {
    for (const [method, target] of [['POST', '/me/contacts'], ['PATCH', at(made.body.id)]] as const) {
      expect(await graph.write(method, target, body), `${method} ${JSON.stringify(body)}`).toMatchObject(refused(400, 'RequestBodyRead'));
    }
  }
  for (const body of [{ id: 'x' }, { changeKey: 'x' }, { createdDateTime: '2026-01-01T00:00:00Z' }, { parentFolderId: await folderId(graph) }]) {
    expect(await graph.write('PATCH', at(made.body.id), body), JSON.stringify(body)).toMatchObject(refused(400, 'ErrorInvalidPropertySet'));
  }
  expect(await graph.write('PATCH', at('not-an-id'), { displayName: 'x' })).toMatchObject(refused(400, 'ErrorInvalidIdMalformed'));
  for (const [method, target] of [['PUT', at(made.body.id)], ['DELETE', '/me/contacts'], ['PATCH', '/me/contacts'], ['POST', at(made.body.id)]] as const) {
    expect((await graph.write(method, target, {})).status, `${method} ${target}`).toBe(405);
  }
});

test('6: each change is in contacts/delta, and a deletion as @removed', async ({ provider }) => {
  const graph = await Graph.open(provider, WRITING);
  let link = (await graph.pages('/me/contacts/delta?$select=displayName', IMMUTABLE)).deltaLink;
  const changed = async (): Promise<Record<string, unknown>[]> => {
    const { pages, deltaLink } = await graph.pages(link, IMMUTABLE);
    link = deltaLink;
    return pages.flat();
  };
  const made = await graph.write('POST', '/me/contacts', { displayName: 'New' }, IMMUTABLE);
  expect(await changed()).toEqual([{ '@odata.etag': made.body['@odata.etag'], id: made.body.id, displayName: 'New' }]);
  const { body } = await graph.write('PATCH', at(made.body.id), { displayName: 'Newer' }, IMMUTABLE);
  expect(await changed()).toEqual([{ '@odata.etag': body['@odata.etag'], id: made.body.id, displayName: 'Newer' }]);
  // The folder below has changes of its own.
  await graph.write('POST', `/me/contactFolders/${await folderId(graph)}/contacts`, { displayName: 'Elsewhere' });
  expect(await changed()).toEqual([]);
  await graph.write('DELETE', at(made.body.id));
  expect(await changed()).toEqual([{ id: made.body.id, '@removed': { reason: 'deleted' } }]);
});

test('8: a change of a contact needs Contacts.ReadWrite', async ({ provider }) => {
  for (const scope of ['Contacts.Read', 'Mail.ReadWrite MailboxSettings.ReadWrite']) {
    const graph = await Graph.open(provider, `openid profile offline_access User.Read ${scope}`);
    const [made] = await provider.changeContacts(graph.login, [{ do: 'add-contact', contact: { displayName: 'Mine' } }]);
    for (const [method, target, body] of [
      ['POST', '/me/contacts', { displayName: 'A' }], ['PATCH', at(made?.id), { displayName: 'A' }], ['DELETE', at(made?.id), undefined],
      ['POST', '/me/contactFolders/contacts/contacts', { displayName: 'A' }],
    ] as const) {
      expect(await graph.write(method, target, body), `${scope}: ${method} ${target}`).toMatchObject(refused(403, 'ErrorAccessDenied'));
    }
  }
});
