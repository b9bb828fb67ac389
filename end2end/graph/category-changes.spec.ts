// Changes of the owner's list of categories at the stand-in for Graph. Each test is named after the section of the facts
// about Graph that it shows.

import { expect, test } from '../provider-fixtures.ts';
import { Graph } from './calls.ts';

const BASE = 'openid profile offline_access User.Read';
const LIST = '/me/outlook/masterCategories';

const at = (id: unknown): string => `${LIST}/${String(id)}`;
const refused = (status: number, code: string) => ({ status, body: { error: { code } } });

const open = (provider: Parameters<typeof Graph.open>[0]): Promise<Graph> => Graph.open(provider, `${BASE} MailboxSettings.ReadWrite Mail.ReadWrite`);

async function named(graph: Graph, displayName: string): Promise<Record<string, unknown> | undefined> {
  return (await graph.get(LIST)).body.value?.find((category) => category.displayName === displayName);
}

test('3: a category is made with a name and a colour, or with none', async ({ provider }) => {
  const graph = await open(provider);
  const made = await graph.write('POST', LIST, { displayName: 'Project expenses', color: 'preset9' });
  expect(made).toMatchObject({ status: 201, body: { displayName: 'Project expenses', color: 'preset9', id: expect.stringMatching(/^[0-9a-f-]{36}$/) } });
  expect(made.headers.get('location')).toContain(`/masterCategories('${String(made.body.id)}')`);
  expect(await graph.get(at(made.body.id))).toMatchObject({ status: 200, body: { id: made.body.id, color: 'preset9' } });
  expect((await graph.write('POST', LIST, { displayName: 'Plain' })).body.color).toBe('none');
  expect((await graph.get(LIST)).body.value).toHaveLength(5);
});

test('3: a name is in the list once, in whatever case', async ({ provider }) => {
  const graph = await open(provider);
  for (const displayName of ['Later', 'LATER']) {
    const answer = await graph.write('POST', LIST, { displayName });
    expect(answer.status).toBe(409);
    expect(answer.body.error?.code).toBeTruthy();
  }
  expect((await graph.get(LIST)).body.value).toHaveLength(3);
});

test('3: PATCH changes the colour, and the name stays', async ({ provider }) => {
  const graph = await open(provider);
  const id = (await named(graph, 'Later'))?.id;
  expect(await graph.write('PATCH', at(id), { color: 'preset15' })).toMatchObject({ status: 200, body: { id, displayName: 'Later', color: 'preset15' } });
  expect(await named(graph, 'Later')).toMatchObject({ color: 'preset15' });
  for (const change of [{ displayName: 'Sooner' }, { displayName: 'Later', color: 'preset1' }, { id: 'x' }]) {
    expect(await graph.write('PATCH', at(id), change)).toMatchObject(refused(400, 'ErrorInvalidPropertySet'));
  }
  expect(await named(graph, 'Later')).toMatchObject({ color: 'preset15' });
});

test('3: DELETE takes a category off the list, and messages keep its name', async ({ provider }) => {
  const graph = await open(provider);
  const path = `/me/messages/${await graph.messageId('For follow-up')}`;
  const id = (await named(graph, 'Red category'))?.id;
  const answer = await graph.write('DELETE', at(id));
  expect([answer.status, answer.text]).toEqual([204, '']);
  expect(await named(graph, 'Red category')).toBeUndefined();
  for (const call of [graph.get(at(id)), graph.write('DELETE', at(id)), graph.write('PATCH', at(id), { color: 'preset1' })]) {
    expect(await call).toMatchObject(refused(404, 'ErrorItemNotFound'));
  }
  expect((await graph.get(path)).body.categories).toContain('Red category');
  // Nor must a category be in the list to be at a message.
  expect((await graph.write('PATCH', path, { categories: ['Unlisted'] })).body.categories).toEqual(['Unlisted']);
  expect(await named(graph, 'Unlisted')).toBeUndefined();
});

test('3: a category without a name, of another colour, or with other properties is refused', async ({ provider }) => {
  const graph = await open(provider);
  for (const body of [{}, { displayName: '' }, { displayName: 5 }, { displayName: 'A', color: 'red' }, { displayName: 'A', color: 'preset25' }, { displayName: 'A', colour: 'preset1' }]) {
    expect((await graph.write('POST', LIST, body)).status, JSON.stringify(body)).toBe(400);
  }
  expect((await graph.write('PATCH', at((await named(graph, 'Later'))?.id), { color: null })).status).toBe(400);
  for (const [method, target] of [['PUT', LIST], ['DELETE', LIST], ['PATCH', LIST]] as const) expect((await graph.write(method, target, { color: 'none' })).status).toBe(405);
});

test('8: a change of the categories needs MailboxSettings.ReadWrite', async ({ provider }) => {
  for (const scope of ['MailboxSettings.Read', 'Mail.ReadWrite']) {
    const graph = await Graph.open(provider, `${BASE} ${scope}`);
    for (const [method, target, body] of [['POST', LIST, { displayName: 'A' }], ['PATCH', at('1'), { color: 'none' }], ['DELETE', at('1'), undefined]] as const) {
      expect(await graph.write(method, target, body), `${scope}: ${method}`).toMatchObject(refused(403, 'ErrorAccessDenied'));
    }
  }
});
