// The limits of the stand-in for Graph and its faults, each rule as the facts about Graph have it: 1 (rule 7) and section 7.

import { expect, test } from '../provider-fixtures.ts';
import { type Answered, Graph } from './calls.ts';

const SLOW = { kind: 'slow', seconds: 1.5, times: 0 };

/** Sends `count` lists that are answered late, and waits until all are under way. */
async function occupy(graph: Graph, count: number): Promise<Promise<Answered>[]> {
  await graph.provider.gate({ faults: [{ ...SLOW, login: graph.login, path: '^/me/messages' }] });
  const answers = Array.from({ length: count }, () => graph.get('/me/messages?$top=1'));
  for (;;) {
    const load = (await graph.provider.gate())[graph.login];
    if (load?.underWay === count) return answers;
    await new Promise((done) => { setTimeout(done, 20); });
  }
}

test('1.7: four requests of a mailbox at a time, and a fifth is refused; another mailbox is not touched', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  const answers = await occupy(graph, 4);
  const fifth = await graph.get('/me/contacts');
  expect(fifth).toMatchObject({ status: 429, body: { error: { code: 'ApplicationThrottled' } } });
  expect(fifth.headers.get('retry-after')).toBe('1');
  expect((await other.get('/me/messages?$top=1')).status).toBe(200);
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect((await graph.get('/me/contacts')).status).toBe(200);
  const loads = await provider.gate();
  expect(loads[graph.login]).toEqual({ underWay: 0, most: 4, requests: 6, refused: 1 });
  expect(loads[other.login]).toMatchObject({ most: 1, refused: 0 });
});

test('1.7: a download is under way until its last byte was taken or its client has left', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ faults: [{ kind: 'stall', login: graph.login, path: '^/me/contacts' }] });
  const leaving = new AbortController();
  const answer = await graph.request('/me/contacts', { signal: leaving.signal });
  expect(answer.status).toBe(200);
  expect((await provider.gate())[graph.login]?.underWay).toBe(1);
  leaving.abort();
  await expect(answer.text()).rejects.toThrow();
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
});

test('1.7: 10,000 requests in ten minutes; refused ones count', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ limits: { requests: 3, window: 4 } });
  for (const status of [200, 200, 200, 429, 429]) expect((await graph.get('/me/contacts?$top=1')).status).toBe(status);
  const refused = await graph.get('/me/contacts?$top=1');
  expect(refused.body.error?.code).toBe('TooManyRequests');
  expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(4);
  await expect.poll(async () => (await graph.get('/me/contacts?$top=1')).status, { timeout: 10_000 }).toBe(200);
});

test('7: 429 comes with Retry-After and without it', async ({ provider }) => {
  const graph = await Graph.open(provider);
  await provider.gate({ faults: [{ kind: 'throttled', login: graph.login, seconds: 7 }, { kind: 'throttled', login: graph.login }] });
  const answers = [await graph.get('/me/contacts'), await graph.get('/me/contacts'), await graph.get('/me/contacts')];
  expect(answers.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual([[429, '7'], [429, null], [200, null]]);
});

test('a fault fits by mailbox, method and path, passes requests before it, and ends', async ({ provider }) => {
  const [graph, other] = [await Graph.open(provider), await Graph.open(provider)];
  await provider.gate({ faults: [{ kind: 'server-error', login: graph.login, path: '^/me/contacts', method: 'GET', after: 1, times: 2 }] });
  expect((await graph.get('/me/messages?$top=1')).status).toBe(200);
  expect((await other.get('/me/contacts')).status).toBe(200);
  const statuses = [];
  for (let count = 0; count < 4; count += 1) statuses.push((await graph.get('/me/contacts')).status);
  expect(statuses).toEqual([200, 500, 500, 200]);
  await expect(provider.gate({ faults: [{ kind: 'misspelt' }] })).rejects.toThrow('no fault is called misspelt');
});

test('slow, cut and broken answers', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const sound = await graph.get('/me/contacts');
  const failing = async (kind: string, more: object = {}): Promise<Answered> => {
    await provider.gate({ faults: [{ kind, login: graph.login, ...more }] });
    return graph.get('/me/contacts');
  };

  let start = Date.now();
  expect((await failing('slow', { seconds: 1 })).status).toBe(200);
  expect(Date.now() - start).toBeGreaterThanOrEqual(950);
  start = Date.now();
  const dripped = await failing('drip', { bytesPerSecond: sound.bytes.length });
  expect(dripped.text).toBe(sound.text);
  expect(Date.now() - start).toBeGreaterThanOrEqual(800);

  await expect(failing('cut')).rejects.toThrow();
  expect(await failing('html')).toMatchObject({ status: 200, text: expect.stringContaining('<!doctype html>') });
  expect(await failing('html-error')).toMatchObject({ status: 502, body: {} });
  await expect(failing('half-json')).rejects.toThrow(SyntaxError);
  await expect(failing('empty-body')).rejects.toThrow(SyntaxError);
  await expect(failing('deep')).rejects.toThrow();
  expect((await failing('wrong-types')).body.value).toMatchObject([{ id: 7 }]);
  expect((await failing('link-elsewhere')).body['@odata.nextLink']).toBe('https://192.0.2.1/v1.0/me/messages?$skip=10');

  await provider.gate({ faults: [{ kind: 'redirect', login: graph.login }] });
  expect((await graph.request('/me/contacts', { redirect: 'manual' })).headers.get('location')).toBe('http://192.0.2.1/stolen');
  await provider.gate({ faults: [{ kind: 'huge', login: graph.login }] });
  const endless = await graph.request('/me/contacts');
  const reader = endless.body?.getReader();
  for (let bytes = 0; bytes < 10_000_000;) bytes += (await reader?.read())?.value?.length ?? 0;
  await reader?.cancel();
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
});
