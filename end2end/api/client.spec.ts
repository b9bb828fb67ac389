// Microsoft's own client reads and pages through the raw passage of a real process, with no change but the base URL. The
// same against the stand-in alone: graph/client.spec.ts.

import { type PageCollection, ResponseType } from '@microsoft/microsoft-graph-client';
import { expect } from '@playwright/test';
import { IMMUTABLE } from '../graph/calls.ts';
import { all, clientAt, type Item, refusal } from '../graph/sdk.ts';
import { test } from '../soak/scene.ts';
import { TlsFront } from '../support/tls.ts';
import { connectAll } from './mailboxes.ts';

const READER = 'reader@contoso.test';

interface Part {
  id: string;
  status: number;
  body: PageCollection;
}

test('Microsoft\'s client reads and pages through the raw passage, with no change but the base URL', async ({ open, ending }) => {
  // The client follows the address of a next page only if it is encrypted.
  const front = await TlsFront.listen();
  ending(() => front.stop());
  const scene = await open('SQLite', { url: front.url, log: 'trace' }, (app) => {
    front.lead(`http://127.0.0.1:${app.port}`);
    return Promise.resolve();
  });
  const { seen } = scene;
  const { key, accounts: [account = ''] } = await connectAll(scene, [READER]);
  const base = `${front.url}/api/accounts/${account}/proxy`;
  const client = clientAt(base, key);

  await test.step('messages, page by page, each once', async () => {
    const count = Number(await client.api('/me/messages/$count').get());
    expect(count).toBeGreaterThan(7);
    const first = (await client.api('/me/messages').top(7).get()) as PageCollection;
    expect(first['@odata.nextLink']).toContain(`${base}/v1.0/me/messages?`);
    const { items } = await all(client, '/me/messages?$select=subject&$top=7');
    expect(new Set(items.map(({ id }) => id)).size).toBe(count);
    expect(items).toHaveLength(count);
    const [newest] = items;
    const message = (await client.api(`/me/messages/${encodeURIComponent(newest?.id ?? '')}`).select(['subject', 'body']).get()) as Item;
    expect(message.subject).toBe(newest?.subject);
  });

  await test.step('folders, and contacts with a filter', async () => {
    expect((await all(client, '/me/mailFolders')).items.length).toBeGreaterThan(5);
    expect((await all(client, '/me/contacts', IMMUTABLE)).items).toHaveLength(12);
    const found = (await client.api('/me/contacts').filter("emailAddresses/any(a:a/address eq 'ada@home.test')").get()) as PageCollection;
    expect(found.value).toMatchObject([{ displayName: 'Ada Lovelace' }]);
  });

  await test.step('changes of contacts, round after round', async () => {
    const first = await all(client, '/me/contacts/delta');
    expect(first.deltaLink).toContain(`${base}/v1.0/`);
    await seen.changeContacts(READER, [{ do: 'remove-contact', id: first.items[0]?.id ?? '' }]);
    const { items } = await all(client, first.deltaLink ?? '');
    expect(items).toEqual([{ id: first.items[0]?.id, '@removed': { reason: 'deleted' } }]);
  });

  await test.step('an attachment, byte by byte', async () => {
    const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7) % 251));
    const attachments = [{ name: 'numbers.bin', base64: content.toString('base64') }];
    await seen.changeMailbox(READER, [{ do: 'deliver', message: { subject: 'Numbers', attachments } }]);
    const [message] = ((await client.api('/me/messages').filter("subject eq 'Numbers'").get()) as { value: Item[] }).value;
    const list = `/me/messages/${encodeURIComponent(message?.id ?? '')}/attachments`;
    const { items: [file] } = await all(client, `${list}?$select=id,name`);
    const path = `${list}/${encodeURIComponent(file?.id ?? '')}/$value`;
    const bytes = (await client.api(path).responseType(ResponseType.ARRAYBUFFER).get()) as ArrayBuffer;
    expect(Buffer.from(bytes).equals(content)).toBe(true);
  });

  await test.step('a batch, whose parts lead to further pages', async () => {
    const requests = ['/me/contacts?$top=1', '/me/messages?$top=1'].map((url, number) => ({ id: String(number), method: 'GET', url }));
    const { responses } = (await client.api('/$batch').post({ requests })) as { responses: Part[] };
    expect(responses.map(({ id, status }) => [id, status]).sort()).toEqual([['0', 200], ['1', 200]]);
    for (const { body } of responses) {
      const next = body['@odata.nextLink'] ?? '';
      expect(next).toContain(`${base}/v1.0/me/`);
      expect(((await client.api(next).get()) as PageCollection).value).toHaveLength(1);
    }
  });

  await test.step('errors, and a wait as Retry-After says', async () => {
    const malformed = await refusal(client.api('/me/contacts/nonsense').get());
    expect(malformed).toMatchObject({ statusCode: 400, code: 'ErrorInvalidIdMalformed', requestId: expect.any(String) });
    await seen.gate({ faults: [{ kind: 'throttled', login: READER, seconds: 1 }] });
    const before = (await seen.gate())[READER]?.requests ?? 0;
    const start = Date.now();
    expect(((await client.api('/me/contacts').get()) as PageCollection).value).toHaveLength(10);
    expect(Date.now() - start).toBeGreaterThanOrEqual(950);
    expect((await seen.gate())[READER]?.requests).toBe(before + 2);
  });

  const secrets = [key, ...(await seen.secrets()).map(({ value }) => value)];
  expect(secrets.filter((secret) => scene.app.logText().includes(secret))).toEqual([]);
});
