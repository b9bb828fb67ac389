// The translation of ids at the stand-in for Graph, as the facts about Graph have it: rule 1 of section 1.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph, IMMUTABLE, read } from './calls.ts';

const at = (id: string): string => `/me/messages/${encodeURIComponent(id)}`;

async function translate(graph: Graph, inputIds: unknown, more: object = {}): Promise<Answered> {
  const body = JSON.stringify({ inputIds, sourceIdType: 'restId', targetIdType: 'restImmutableEntryId', ...more });
  return read(await graph.request('/me/translateExchangeIds', { method: 'POST', headers: { 'content-type': 'application/json' }, body }));
}

test('1.1: translateExchangeIds answers the immutable ids of messages, attachments and contacts, in the same order', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const message = { attachments: [{ name: 'a.txt', text: 'a' }] };
  const [one, two] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message }, { do: 'deliver' }]);
  const idsAt = async (path: string): Promise<unknown[]> => {
    const answers = [await graph.get(path), await graph.get(path, IMMUTABLE)];
    return answers.map(({ body }) => body.value?.[0]?.id);
  };
  const attachment = await idsAt(`${at(one?.id ?? '')}/attachments`);
  const contact = await idsAt('/me/contacts?$top=1');
  const answer = await translate(graph, [two?.id, contact[0], one?.id, attachment[0]]);
  expect(answer.status).toBe(200);
  expect(answer.body.value).toEqual([
    { sourceId: two?.id, targetId: two?.immutableId },
    { sourceId: contact[0], targetId: contact[1] },
    { sourceId: one?.id, targetId: one?.immutableId },
    { sourceId: attachment[0], targetId: attachment[1] },
  ]);
});

test('1.1: an id of a search is translated, so that it survives a move', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { subject: 'Rhubarb' } }]);
  const { body } = await graph.get('/me/messages?$search="subject:rhubarb"', IMMUTABLE);
  const { body: translated } = await translate(graph, [body.value?.[0]?.id]);
  await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'archive' }]);
  expect((await graph.get(at(String(translated.value?.[0]?.targetId)), IMMUTABLE)).body).toMatchObject({ subject: 'Rhubarb' });
});

test('1.1: translateExchangeIds translates immutable ids back, and ids of folders stay', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const [moved] = await provider.changeMailbox(graph.login, [{ do: 'move', id: made?.id ?? '', to: 'archive' }]);
  const back = { sourceIdType: 'restImmutableEntryId', targetIdType: 'restId' };
  expect((await translate(graph, [made?.immutableId], back)).body.value).toEqual([{ sourceId: made?.immutableId, targetId: moved?.id }]);
  const { id } = (await graph.get('/me/mailFolders/inbox')).body;
  expect((await translate(graph, [id])).body.value).toEqual([{ sourceId: id, targetId: id }]);
});

test('1.1: an id that cannot be translated has an error of its own beside the others', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const [stranger] = await provider.changeMailbox(other.login, [{ do: 'deliver' }]);
  const error = (code: string) => ({ code, message: expect.any(String) });
  const { status, body } = await translate(graph, ['nonsense', stranger?.id, made?.immutableId, made?.id]);
  expect(status).toBe(200);
  expect(body.value).toEqual([
    { sourceId: 'nonsense', errorDetails: error('ErrorInvalidIdMalformed') },
    { sourceId: stranger?.id, errorDetails: error('ErrorItemNotFound') },
    // It is of the other sort than the request says.
    { sourceId: made?.immutableId, errorDetails: error('ErrorInvalidIdMalformed') },
    { sourceId: made?.id, targetId: made?.immutableId },
  ]);
});

test('1.1: translateExchangeIds takes at most 1,000 ids', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const [made] = await provider.changeMailbox(graph.login, [{ do: 'deliver' }]);
  const ids = Array.from({ length: 1_000 }, () => made?.id);
  expect((await translate(graph, ids)).body.value).toHaveLength(1_000);
  expect(await translate(graph, [...ids, made?.id])).toMatchObject({ status: 400, body: { error: { code: 'BadRequest' } } });
});

test('1.1: translateExchangeIds is refused for personal accounts', async ({ provider }) => {
  const personal = await Graph.open(provider, undefined, 'consumers');
  const { body } = await personal.get('/me/messages?$top=1');
  expect(await translate(personal, [body.value?.[0]?.id])).toMatchObject({ status: 403, body: { error: { code: 'ErrorAccessDenied' } } });
  // Their ids of both sorts come as those of other accounts.
  const lasting = await personal.get('/me/messages?$top=1', IMMUTABLE);
  expect(lasting.body.value?.[0]?.id).not.toBe(body.value?.[0]?.id);
});

test('1.1: a request of translateExchangeIds that is not well-formed is refused', async ({ provider }) => {
  const graph = await Graph.open(provider);
  for (const ids of [undefined, 'AAMk', [7]]) expect((await translate(graph, ids)).status, JSON.stringify(ids)).toBe(400);
  expect((await translate(graph, [], { targetIdType: 'colour' })).status).toBe(400);
  expect((await translate(graph, [], { sourceIdType: undefined })).status).toBe(400);
  expect((await graph.get('/me/translateExchangeIds')).status).toBe(405);
  const without = await Graph.open(provider, 'openid profile offline_access Mail.Read');
  expect(await translate(without, [])).toMatchObject({ status: 403, body: { error: { code: 'Authorization_RequestDenied' } } });
});
