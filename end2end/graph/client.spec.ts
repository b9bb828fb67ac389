// The judge of the stand-in: Microsoft's own client reads and pages. It follows `@odata.nextLink` only as an absolute https
// address.

import { type PageCollection, ResponseType } from '@microsoft/microsoft-graph-client';
import { IMMUTABLE } from './calls.ts';
import { expect, test } from './judge.ts';
import { all, type Item, refusal } from './sdk.ts';

test('Microsoft\'s client reads every message page by page, each once', async ({ client }) => {
  const count = Number(await client.api('/me/messages/$count').get());
  const { items } = await all(client, '/me/messages?$select=subject&$top=7');
  expect(items).toHaveLength(count);
  expect(new Set(items.map(({ id }) => id)).size).toBe(count);
  const [first] = items;
  const message = (await client.api(`/me/messages/${encodeURIComponent(first?.id ?? '')}`).select(['subject', 'body']).get()) as Item;
  expect(message.subject).toBe(first?.subject);
});

test('Microsoft\'s client reads folders and contacts', async ({ client }) => {
  const { items: folders } = await all(client, '/me/mailFolders');
  expect(folders.length).toBeGreaterThan(5);
  const { items: contacts } = await all(client, '/me/contacts', IMMUTABLE);
  expect(contacts).toHaveLength(12);
  const found = (await client.api('/me/contacts').filter("emailAddresses/any(a:a/address eq 'ada@home.test')").get()) as PageCollection;
  expect(found.value).toMatchObject([{ displayName: 'Ada Lovelace' }]);
});

test('Microsoft\'s client follows the changes of contacts', async ({ client, graph }) => {
  const first = await all(client, '/me/contacts/delta');
  expect(first.items).toHaveLength(12);
  await graph.provider.changeContacts(graph.login, [{ do: 'remove-contact', id: first.items[0]?.id ?? '' }]);
  const { items } = await all(client, first.deltaLink ?? '');
  expect(items).toEqual([{ id: first.items[0]?.id, '@removed': { reason: 'deleted' } }]);
});

test('Microsoft\'s client downloads an attachment', async ({ client, graph }) => {
  const list = `/me/messages/${await graph.messageId('Report with a file')}/attachments`;
  const { items: [file] } = await all(client, `${list}?$select=id,name`);
  const path = `${list}/${encodeURIComponent(file?.id ?? '')}/$value`;
  const bytes = (await client.api(path).responseType(ResponseType.ARRAYBUFFER).get()) as ArrayBuffer;
  expect(bytes.byteLength).toBe((await graph.get(path)).bytes.length);
});

test('Microsoft\'s client understands errors, and waits as Retry-After says', async ({ client, graph, provider }) => {
  const malformed = await refusal(client.api('/me/contacts/nonsense').get());
  expect(malformed).toMatchObject({ statusCode: 400, code: 'ErrorInvalidIdMalformed', requestId: expect.any(String) });
  expect(await refusal(client.api('/me/contacts').query({ $select: 'colour' }).get())).toMatchObject({ statusCode: 400 });

  await provider.gate({ faults: [{ kind: 'throttled', login: graph.login, seconds: 1 }] });
  const before = (await provider.gate())[graph.login]?.requests ?? 0;
  const start = Date.now();
  const answer = (await client.api('/me/contacts').get()) as PageCollection;
  expect(answer.value).toHaveLength(10);
  expect(Date.now() - start).toBeGreaterThanOrEqual(950);
  expect((await provider.gate())[graph.login]?.requests).toBe(before + 2);
});

test('Microsoft\'s client sends a batch', async ({ client }) => {
  const requests = ['/me/contacts?$top=1', '/me/messages?$top=1'].map((url, number) => ({ id: String(number), method: 'GET', url }));
  const { responses } = (await client.api('/$batch').post({ requests })) as { responses: { id: string; status: number }[] };
  expect(responses.map(({ id, status }) => [id, status]).sort()).toEqual([['0', 200], ['1', 200]]);
});
