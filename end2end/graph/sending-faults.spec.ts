// Faults of calls that write at the stand-in for Graph: answers that do not say what happened. Rule 2 of section 1 of the
// facts about Graph: "a 504 may still have sent it".

import { expect, test } from '../provider-fixtures.ts';
import { Graph, IMMUTABLE } from './calls.ts';
import { draft, mail, newest, openSender, post, SENDING, settle } from './letters.ts';

/** Sends a draft beside a fault. @returns The status, or what the client met, and where the message is at that moment. */
async function sendBeside(graph: Graph, kind: string, more: object = {}): Promise<[outcome: unknown, place: string, deliveries: number]> {
  const { path } = await draft(graph, mail(kind, ['ada@contoso.test']));
  await graph.provider.gate({ faults: [{ kind, login: graph.login, method: 'POST', path: '/send$', ...more }] });
  const outcome = await post(graph, `${path}/send`, undefined, IMMUTABLE).then(({ status }) => status, () => 'no answer');
  const { status, body } = await graph.get(path, IMMUTABLE);
  const place = status === 404 ? 'gone' : body.isDraft ? 'draft' : 'sent';
  const { deliveries } = await graph.provider.sent({ login: graph.login });
  return [outcome, place, deliveries.filter(({ subject }) => subject === kind).length];
}

test('1.2: a 504 says nothing: before, during and after having sent', async ({ provider }) => {
  await provider.set({ draftSeconds: 2, goneSeconds: 0 });
  const graph = await Graph.open(provider, SENDING);
  expect(await sendBeside(graph, 'gateway-timeout')).toEqual([504, 'draft', 0]);
  expect(await sendBeside(graph, 'gateway-timeout-after')).toEqual([504, 'draft', 0]);
  expect(await sendBeside(graph, 'gateway-timeout-sent')).toEqual([504, 'sent', 1]);
  expect((await settle(graph)).map(({ subject }) => subject).sort()).toEqual(['gateway-timeout-after', 'gateway-timeout-sent']);
});

test('1.2: the connection is cut: before, during and after having sent', async ({ provider }) => {
  await provider.set({ draftSeconds: 2, goneSeconds: 0 });
  const graph = await Graph.open(provider, SENDING);
  expect(await sendBeside(graph, 'lost-before')).toEqual(['no answer', 'draft', 0]);
  expect(await sendBeside(graph, 'lost-after')).toEqual(['no answer', 'draft', 0]);
  expect(await sendBeside(graph, 'lost-sent')).toEqual(['no answer', 'sent', 1]);
  expect((await settle(graph)).map(({ subject }) => subject).sort()).toEqual(['lost-after', 'lost-sent']);
});

test('1.2: the answer 202 is lost, or says what is not done', async ({ provider }) => {
  const graph = await openSender(provider);
  expect(await sendBeside(graph, 'silent-before', { seconds: 0.2 })).toEqual(['no answer', 'draft', 0]);
  expect(await sendBeside(graph, 'silent-after', { seconds: 0.5 })).toEqual(['no answer', 'sent', 1]);
  expect(await sendBeside(graph, 'forgotten')).toEqual([202, 'draft', 0]);
  expect((await settle(graph)).map(({ subject }) => subject)).toEqual(['silent-after']);
});

test('1.2: a client that stops waiting for a silent answer frees its place', async ({ provider }) => {
  const graph = await openSender(provider);
  await provider.gate({ faults: [{ kind: 'silent-after', login: graph.login, path: '^/me/sendMail' }] });
  const signal = AbortSignal.timeout(300);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ message: mail('Left', ['ada@contoso.test']) });
  await expect(graph.request('/me/sendMail', { method: 'POST', headers, body, signal })).rejects.toThrow();
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
  expect(await settle(graph)).toHaveLength(1);
});

test('1.3: the answer to a new draft is lost, and the draft is found by its message id', async ({ provider }) => {
  const graph = await openSender(provider);
  await provider.gate({ faults: [{ kind: 'lost-after', login: graph.login, path: '^/me/messages$' }] });
  const internetMessageId = '<lost-1@mail360.test>';
  await expect(post(graph, '/me/messages', mail('Lost', [], { internetMessageId }))).rejects.toThrow();
  const found = await graph.get(`/me/messages?${new URLSearchParams({ $filter: `internetMessageId eq '${internetMessageId}'` }).toString()}`);
  expect(found.body.value).toMatchObject([{ subject: 'Lost', isDraft: true }]);
});

test('1.2: a send at once beside a 504 that had sent', async ({ provider }) => {
  const graph = await openSender(provider);
  await provider.gate({ faults: [{ kind: 'gateway-timeout-sent', login: graph.login, path: '^/me/sendMail' }] });
  expect((await post(graph, '/me/sendMail', { message: mail('Sent', ['ada@contoso.test']) })).status).toBe(504);
  expect(await newest(graph, 'sentitems', 'Sent')).toBeDefined();
  expect(await settle(graph)).toHaveLength(1);
});

test('a share of the calls fails, always the same ones for a seed', async ({ provider }) => {
  const graph = await openSender(provider);
  const run = async (seed: string): Promise<string> => {
    await provider.gate({ reset: true, faults: [{ kind: 'server-error', login: graph.login, share: 40, times: 0, seed }] });
    const statuses: number[] = [];
    for (let count = 0; count < 40; count += 1) statuses.push((await graph.get('/me/messages?$top=1&$select=id')).status);
    return statuses.join();
  };
  const first = await run('one');
  const failed = first.split(',').filter((status) => status === '500').length;
  expect(failed).toBeGreaterThan(6);
  expect(failed).toBeLessThan(28);
  expect(await run('one')).toBe(first);
  expect(await run('two')).not.toBe(first);
});
