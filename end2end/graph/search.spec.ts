// `$search` over messages at the stand-in for Graph. Each test is named after the section of the facts about Graph that
// it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph } from './calls.ts';

const asked = (options: Record<string, string>, path = '/me/messages'): string => `${path}?${new URLSearchParams(options).toString()}`;
const subjectsOf = (value: Record<string, unknown>[] | undefined): unknown[] => (value ?? []).map(({ subject }) => subject);

/** The subjects of what a query in KQL finds, sorted. */
async function find(graph: Graph, query: string): Promise<unknown[]> {
  const { status, body } = await graph.get(asked({ $search: `"${query.replace(/["\\]/g, '\\$&')}"`, $top: '1000' }));
  expect(status, query).toBe(200);
  return subjectsOf(body.value).sort();
}

const MESSAGES = [
  { subject: 'Apple pie', at: '2026-10-01T10:00:00Z', from: { name: 'Mary Baker', address: 'mary@bakery.test' }, body: '<p>cinnamon</p>' },
  { subject: 'Apple juice', at: '2026-10-02T10:00:00Z', from: { name: 'John Cooper', address: 'john@barrels.test' }, cc: [{ name: 'Mary Baker', address: 'mary@bakery.test' }], importance: 'high' as const },
  { subject: 'Pear tart', at: '2026-10-03T10:00:00Z', from: { name: 'Mary Baker', address: 'mary@bakery.test' }, attachments: [{ name: 'recipe book.pdf', text: 'x' }] },
  { subject: 'Plum', at: '2026-10-04T10:00:00Z', from: { name: 'Zoe', address: 'zoe@barrels.test' }, body: '<p>the apple of my eye</p>' },
];

async function openWithFruit(provider: Parameters<typeof Graph.open>[0]): Promise<Graph> {
  await provider.set({ newestMessage: '' });
  const graph = await Graph.open(provider);
  await provider.changeMailbox(graph.login, MESSAGES.map((message) => ({ do: 'deliver' as const, message })));
  return graph;
}

test('2: $search is refused beside $filter, $orderby, $skip and $count', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const beside: [string, string][] = [
    ['$filter', 'isRead eq true'], ['$orderby', 'receivedDateTime desc'], ['$skip', '5'], ['$count', 'true'],
  ];
  for (const [name, value] of beside) {
    const answer = await graph.get(asked({ $search: '"report"', [name]: value }));
    expect(answer.status, name).toBe(400);
    expect(answer.body.error?.code, name).toMatch(/^SearchWith/);
  }
  expect((await graph.get(asked({ $search: '"report"', $top: '5', $select: 'subject' }))).status).toBe(200);
});

test('2: a search has at most 1,000 results, the last sent first, page by page', async ({ provider }) => {
  await provider.set({ newestMessage: '' });
  const graph = await Graph.open(provider);
  await provider.changeMailbox(graph.login, [{ do: 'deliver', count: 1_005, message: { subject: 'Flood', at: '2026-09-01T00:00:00Z' } }]);
  const { pages } = await graph.pages(asked({ $search: '"flood"', $top: '300', $select: 'sentDateTime' }));
  expect(pages.map((page) => page.length)).toEqual([300, 300, 300, 100]);
  const times = pages.flat().map(({ sentDateTime }) => String(sentDateTime));
  expect(times).toEqual([...times].sort().reverse());
  expect(new Set(pages.flat().map(({ id }) => id)).size).toBe(1_000);
});

test('2: a search is sorted by the time of sending, not of receiving', async ({ provider }) => {
  await provider.set({ newestMessage: '' });
  const graph = await Graph.open(provider);
  const deliver = (subject: string, sent: string, received: string) => ({ do: 'deliver' as const, message: { subject, sent, received } });
  await provider.changeMailbox(graph.login, [
    deliver('late quince', '2026-10-01T00:00:00Z', '2026-10-09T00:00:00Z'), deliver('quick quince', '2026-10-02T00:00:00Z', '2026-10-02T00:00:01Z'),
  ]);
  const { body } = await graph.get(asked({ $search: '"quince"' }));
  expect(subjectsOf(body.value)).toEqual(['quick quince', 'late quince']);
  expect(subjectsOf((await graph.get('/me/messages')).body.value)).toEqual(['late quince', 'quick quince']);
});

test('2: a page of 10 and an absolute link without $skip', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get(asked({ $search: '"about"' }));
  expect(body.value).toHaveLength(10);
  const link = new URL(body['@odata.nextLink'] ?? '');
  expect(link.href.startsWith(`${provider.url}/v1.0/me/messages?`)).toBe(true);
  expect([...link.searchParams.keys()].sort()).toEqual(['$search', '$skiptoken']);
});

test('2: the next page of a search can be stale', async ({ provider }) => {
  const graph = await Graph.open(provider);
  const { body } = await graph.get(asked({ $search: '"about"' }));
  await provider.set({ staleSearch: true });
  const stale = await graph.get(body['@odata.nextLink'] ?? '');
  expect(stale).toMatchObject({ status: 400, body: { error: { code: 'ErrorExecuteSearchStaleData' } } });
  expect((await graph.get(asked({ $search: '"about"' }))).status).toBe(200);
});

test('2: the properties of KQL', async ({ provider }) => {
  const graph = await openWithFruit(provider);
  const cases: [query: string, found: string[]][] = [
    ['apple', ['Apple juice', 'Apple pie', 'Plum']],
    ['app*', ['Apple juice', 'Apple pie', 'Plum']],
    ['app', []],
    ['subject:apple', ['Apple juice', 'Apple pie']],
    ['body:cinnamon', ['Apple pie']],
    ['from:mary', ['Apple pie', 'Pear tart']],
    ['from:mary@bakery.test', ['Apple pie', 'Pear tart']],
    ['from:"Mary Baker"', ['Apple pie', 'Pear tart']],
    ['cc:mary', ['Apple juice']],
    ['participants:mary', ['Apple juice', 'Apple pie', 'Pear tart']],
    ['attachment:recipe', ['Pear tart']],
    ['hasAttachments:true', ['Pear tart']],
    ['hasAttachment:false', ['Apple juice', 'Apple pie', 'Plum']],
    ['importance:high', ['Apple juice']],
    ['kind:email', ['Apple juice', 'Apple pie', 'Pear tart', 'Plum']],
    ['sent:2026-10-02', ['Apple juice']],
    ['received:2026-10-02..2026-10-03', ['Apple juice', 'Pear tart']],
    ['sent>=2026-10-03', ['Pear tart', 'Plum']],
    ['sent<2026-10-02', ['Apple pie']],
    ['size>1000000', []],
  ];
  for (const [query, found] of cases) expect(await find(graph, query), query).toEqual(found);
  const to = await find(graph, `to:${graph.login}`);
  expect(to).toHaveLength(4);
});

test('2: clauses of a search are joined by AND, OR and NOT', async ({ provider }) => {
  const graph = await openWithFruit(provider);
  const cases: [query: string, found: string[]][] = [
    ['subject:apple from:mary', ['Apple pie']],
    ['subject:apple AND from:mary', ['Apple pie']],
    ['subject:pear OR from:zoe', ['Pear tart', 'Plum']],
    // Two clauses of one property beside each other are alternatives.
    ['subject:pear subject:plum', ['Pear tart', 'Plum']],
    ['subject:pear AND subject:plum', []],
    ['subject:apple NOT from:mary', ['Apple juice']],
    ['subject:apple -from:mary', ['Apple juice']],
    ['(subject:pear OR subject:apple) AND from:mary', ['Apple pie', 'Pear tart']],
    // A phrase is whole: its words are no clauses.
    ['subject:"apple OR pear"', []],
    ['subject:"pie apple"', []],
  ];
  for (const [query, found] of cases) expect(await find(graph, query), query).toEqual(found);
});

test('2: a query that is more than one word is in quotation marks', async ({ provider }) => {
  const graph = await openWithFruit(provider);
  expect(subjectsOf((await graph.get(asked({ $search: 'cinnamon' }))).body.value)).toEqual(['Apple pie']);
  for (const query of ['from:mary', 'apple pie', '"apple', '', '""']) expect((await graph.get(asked({ $search: query }))).status, query).toBe(400);
});

test('2: a search in a folder finds what is in the folder', async ({ provider }) => {
  const graph = await openWithFruit(provider);
  await provider.changeMailbox(graph.login, [{ do: 'deliver', message: { folder: 'archive', subject: 'Apple cake' } }]);
  const { body } = await graph.get(asked({ $search: '"subject:apple"' }, '/me/mailFolders/archive/messages'));
  expect(subjectsOf(body.value)).toEqual(['Apple cake']);
});
