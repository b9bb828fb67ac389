// The judge of the stand-in changes things: Microsoft's own client patches, moves, deletes and sends batches.

import type { Contact, MailFolder, Message, OutlookCategory } from '@microsoft/microsoft-graph-types';
import { IMMUTABLE, WRITING } from './calls.ts';
import { expect, test } from './judge.ts';
import { all, refusal } from './sdk.ts';

test.use({ scopes: WRITING });

const at = (id: string | null | undefined): string => `/me/messages/${encodeURIComponent(id ?? '')}`;

test('Microsoft\'s client changes, moves, copies and deletes a message', async ({ client, graph }) => {
  const [made] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const changed = (await client.api(at(made?.id)).patch({ isRead: true, categories: ['A'], flag: { flagStatus: 'flagged' } })) as Message;
  expect(changed).toMatchObject({ id: made?.id, isRead: true, categories: ['A'], flag: { flagStatus: 'flagged' } });
  const moved = (await client.api(`${at(made?.id)}/move`).headers(IMMUTABLE).post({ destinationId: 'archive' })) as Message;
  expect(moved.id).toBe(made?.immutableId);
  expect(await refusal(client.api(at(made?.id)).get())).toMatchObject({ statusCode: 404, code: 'ErrorItemNotFound' });
  const copy = (await client.api(`${at(moved.id)}/copy`).post({ destinationId: 'inbox' })) as Message;
  await client.api(at(copy.id)).delete();
  await client.api(`${at(moved.id)}/permanentDelete`).post({});
  expect(await refusal(client.api(at(moved.id)).headers(IMMUTABLE).get())).toMatchObject({ statusCode: 404 });
  expect(await refusal(client.api(`/me/messages/${await graph.messageId('Contract')}`).patch({ subject: 'Mine' }))).toMatchObject({
    statusCode: 400, code: 'ErrorInvalidPropertySet',
  });
});

test('Microsoft\'s client makes and ends folders, categories and contacts', async ({ client }) => {
  const folder = (await client.api('/me/mailFolders').post({ displayName: 'Mine' })) as MailFolder;
  const path = `/me/mailFolders/${encodeURIComponent(folder.id ?? '')}`;
  expect(await refusal(client.api('/me/mailFolders').post({ displayName: 'mine' }))).toMatchObject({ statusCode: 409, code: 'ErrorFolderExists' });
  expect(await client.api(path).patch({ displayName: 'Yours' })).toMatchObject({ displayName: 'Yours' });
  expect(await client.api(`${path}/move`).post({ destinationId: 'inbox' })).toMatchObject({ id: folder.id });
  for (const status of [204, 204, 404]) {
    if (status === 204) await client.api(path).delete();
    else expect(await refusal(client.api(path).delete())).toMatchObject({ statusCode: status });
  }

  const category = (await client.api('/me/outlook/masterCategories').post({ displayName: 'Mine', color: 'preset9' })) as OutlookCategory;
  expect(await client.api(`/me/outlook/masterCategories/${category.id}`).patch({ color: 'preset1' })).toMatchObject({ displayName: 'Mine', color: 'preset1' });
  await client.api(`/me/outlook/masterCategories/${category.id}`).delete();

  const { deltaLink } = await all(client, '/me/contacts/delta');
  const contact = (await client.api('/me/contacts').post({ givenName: 'Pavel', surname: 'Bansky' })) as Contact & { '@odata.etag': string };
  const one = `/me/contacts/${encodeURIComponent(contact.id ?? '')}`;
  await client.api(one).header('If-Match', contact['@odata.etag']).patch({ jobTitle: 'Cook' });
  expect(await refusal(client.api(one).header('If-Match', contact['@odata.etag']).delete())).toMatchObject({ statusCode: 412 });
  expect((await all(client, deltaLink ?? '')).items).toMatchObject([{ id: contact.id, jobTitle: 'Cook' }]);
  await client.api(one).delete();
});

test('Microsoft\'s client sends a batch of changes', async ({ client, graph }) => {
  const [one, two] = await graph.provider.changeMailbox(graph.login, [{ do: 'deliver', count: 2 }]);
  const headers = { 'Content-Type': 'application/json' };
  const requests = [
    { id: '1', method: 'PATCH', url: at(one?.id), headers, body: { isRead: true } },
    { id: '2', method: 'POST', url: `${at(one?.id)}/move`, headers, body: { destinationId: 'archive' }, dependsOn: ['1'] },
    { id: '3', method: 'DELETE', url: at(two?.id) },
    { id: '4', method: 'DELETE', url: at('1'), dependsOn: ['3'] },
    { id: '5', method: 'GET', url: '/me/contacts', dependsOn: ['4'] },
  ];
  const { responses } = (await client.api('/$batch').post({ requests })) as { responses: { id: string; status: number }[] };
  expect(responses.map(({ id, status }) => [id, status]).sort()).toEqual([['1', 200], ['2', 201], ['3', 204], ['4', 400], ['5', 424]]);
});

test('Microsoft\'s client repeats a change after a 504, also one that was done', async ({ client, graph, provider }) => {
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const copies = async (): Promise<number> => Number((await graph.get('/me/mailFolders/archive')).body.totalItemCount);
  const before = await copies();
  await provider.gate({ faults: [{ kind: 'gateway-timeout-after', login: graph.login }] });
  expect(await client.api(`${at(made?.id)}/copy`).post({ destinationId: 'archive' })).toMatchObject({ subject: expect.any(String) });
  expect(await copies()).toBe(before + 2);
  // It does not repeat a conflict.
  await provider.gate({ faults: [{ kind: 'conflict', login: graph.login }] });
  expect(await refusal(client.api(at(made?.id)).patch({ isRead: true }))).toMatchObject({ statusCode: 409, code: 'ErrorIrresolvableConflict' });
});
