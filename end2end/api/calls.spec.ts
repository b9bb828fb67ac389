// Every call of the API once, through real sockets and with each provider: the list of calls is that of the program's own
// OpenAPI document, and each answer has the shape that the document promises. A new call without an example fails.

import { SCOPE } from '../provider/google/scopes.ts';
import { type Example, examples, GMAIL_OWN, OUTLOOK_OWN, type Own } from './examples.ts';
import { test as gmailTest } from './gmail-scene.ts';
import { type Answered, type Connected, expect, test } from './scene.ts';
import { type Document, type Operation, type Schema, Shapes } from './shapes.ts';

/** The address of a call. The path at the provider keeps its slashes. */
function addressOf(path: string, accountKey: string, { path: values = {}, query }: Example): string {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = name === 'account_key' ? accountKey : values[name];
    if (!value) throw new Error(`the example of ${path} has no ${name}`);
    return name === 'path' ? value : encodeURIComponent(value);
  });
  return query ? `${address}?${new URLSearchParams(query).toString()}` : address;
}

/** The parameters of an example that the document does not name. */
function unknownParameters({ parameters = [], requestBody }: Operation, { path = {}, query = {}, body = {}, refused }: Example): string[] {
  const known = [...parameters.map(({ name }) => name), ...Object.keys(requestBody?.content['application/json']?.schema.properties ?? {})];
  // The provider's own parameters pass, and a refused call may have any of Mail360's.
  const given = refused || 'path' in path ? Object.keys(path) : Object.keys({ ...path, ...query, ...body });
  return given.filter((name) => !known.includes(name));
}

/** What is wrong with an answer. */
function judge(shapes: Shapes, { responses }: Operation, { refused, passed, says = '' }: Example, { status, headers, bytes, json }: Answered): string[] {
  // A call that creates something has 201 in place of 200.
  const success = responses['201'] ? '201' : '200';
  const wanted = responses[refused ? 'default' : success];
  const [kind = '', { schema }] = Object.entries(wanted?.content ?? {})[0] ?? ['', { schema: {} as Schema }];
  const type = headers.get('content-type') ?? '';
  const text = bytes.toString();
  const code = refused ? (json as { data: { errorCode: string } } | undefined)?.data.errorCode : undefined;
  return [
    ...((passed ? status === passed && headers.get('x-answered-by') === 'provider' : (status === Number(success)) === (refused === undefined)) ? [] : [`has the status ${status}: ${text.slice(0, 500)}`]),
    ...(code === refused ? [] : [`is refused with ${code}`]),
    ...(kind === '*/*' || type.startsWith(kind) ? [] : [`has the type ${type} and not ${kind}`]),
    ...(json === undefined || kind === '*/*' ? [] : shapes.problems(json, schema)),
    ...(bytes.length > 0 && text.includes(says) ? [] : [`lacks ${says}: ${text.slice(0, 500)}`]),
    ...(headers.get('x-request-id') && headers.get('cache-control')?.includes('no-store') ? [] : ['lacks a request id or no-store']),
    ...(headers.has('set-cookie') ? ['sets a cookie'] : []),
  ];
}

/** Sends each call with its example, and judges the answers. */
async function callEach(connected: Connected, own: Own): Promise<void> {
  const { accountKey, program } = connected;
  const document = (await program.send('GET', '/api/openapi.json')).json as Document;
  const shapes = new Shapes(document);
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  const prepared = await examples(connected, own);
  expect(calls.map(({ operation }) => operation.operationId).sort(), 'each call has an example').toEqual([...prepared.keys()].sort());
  for (const [id, example] of prepared) {
    const call = calls.find(({ operation }) => operation.operationId === id);
    if (!call) continue;
    expect.soft(unknownParameters(call.operation, example), `parameters of ${id}`).toEqual([]);
    const body = example.file === undefined ? example.body : Buffer.from(example.file);
    const answer = await program.send(call.method, addressOf(call.path, accountKey, example), body, example.headers);
    expect.soft(judge(shapes, call.operation, example, answer), id).toEqual([]);
  }
}

const EACH_CALL = 'each call of the OpenAPI document answers with the shape that the document promises';

test(`with Outlook, ${EACH_CALL}`, async ({ connect, provider }) => {
  await provider.set({ draftSeconds: 0, goneSeconds: 0 });
  await callEach(await connect(), OUTLOOK_OWN);
});

gmailTest.describe('with the permission to delete for good', () => {
  gmailTest.use({ scopes: [SCOPE.full, SCOPE.contacts] });

  gmailTest(`with Gmail, ${EACH_CALL}`, async ({ gmail }) => {
    await callEach(gmail, GMAIL_OWN);
  });
});

test('HEAD answers as GET without the body, and a call without a credential is refused in the envelope', async ({ connect }) => {
  const { accountKey, program } = await connect();
  const target = `/api/accounts/${accountKey}/folders`;
  const [head, get] = [await program.send('HEAD', target), await program.send('GET', target)];
  expect([head.status, head.bytes.length, get.status]).toEqual([200, 0, 200]);
  expect(head.headers.get('content-type')).toBe(get.headers.get('content-type'));
  const refused = await fetch(program.url + target);
  expect(refused.status).toBe(401);
  const envelope = await refused.json() as unknown;
  expect(envelope).toMatchObject({ status: { code: 401 }, data: { errorCode: 'INVALID_OAUTHTOKEN' } });
});

test('the token of an Outlook account reads at Microsoft itself', async ({ connect }) => {
  const { program } = await connect();
  const { apiBase, token } = await program.read<{ apiBase: string; token: string }>('/token');
  const answer = await fetch(`${apiBase}/me/messages?$top=1`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
});

gmailTest('the token of a Gmail account reads at both of Google’s APIs', async ({ gmail, google }) => {
  const { apiBase, token } = await gmail.program.read<{ apiBase: string; token: string }>('/token');
  // Both of Google's hosts are one here.
  for (const address of [`${apiBase}/gmail/v1/users/me/profile`, `${google.url}/v1/people/me/connections?personFields=names`]) {
    const answer = await fetch(address, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status, address).toBe(200);
  }
});
