// Upload sessions of the stand-in for Graph, each rule as the facts about Graph have it: section 4.

import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, type Provider, test } from '../provider-fixtures.ts';
import { type Answered, Graph, IMMUTABLE, read } from './calls.ts';
import { draft, mail, mime, openSender, post, SENDING, settle } from './letters.ts';

const UNIT = 320 * 1024;

interface Session {
  url: string;
  expires: string;
}

const item = (size: number, more: object = {}): object => ({ AttachmentItem: { attachmentType: 'file', name: 'Film – März.bin', size, ...more } });

async function open(graph: Graph, path: string, size: number, more: object = {}): Promise<Session> {
  const { status, text, body } = await post(graph, `${path}/attachments/createUploadSession`, item(size, more));
  if (status !== 201) throw new Error(`${status}: ${text}`);
  expect(body.nextExpectedRanges).toEqual(['0-']);
  return { url: String(body.uploadUrl), expires: String(body.expirationDateTime) };
}

/** Puts the bytes from `start` on. The range says what is put, unless it is given. */
async function put(url: string, bytes: Buffer, start: number, total: number, headers: Record<string, string> = {}): Promise<Answered> {
  const range = { 'content-range': `bytes ${start}-${start + bytes.length - 1}/${total}`, 'content-type': 'application/octet-stream' };
  return read(await fetch(url, { method: 'PUT', headers: { ...range, ...headers }, body: new Uint8Array(bytes) }));
}

/** Puts a whole file, piece by piece. @returns The last answer. */
async function putAll(url: string, bytes: Buffer, piece = 10 * UNIT): Promise<Answered> {
  for (let start = 0; ; start += piece) {
    const answer = await put(url, bytes.subarray(start, start + piece), start, bytes.length);
    if (answer.status !== 200) return answer;
    expect(answer.body.nextExpectedRanges).toEqual([String(start + piece)]);
  }
}

async function openDraft(provider: Provider): Promise<{ graph: Graph; path: string }> {
  const graph = await Graph.open(provider, SENDING);
  const { path } = await draft(graph, mail('With a file', ['ada@contoso.test']));
  return { graph, path };
}

test('4: a large file comes in pieces to another host, and the last answer names the attachment', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const bytes = randomBytes(7_000_001);
  const { url, expires } = await open(graph, path, bytes.length, { contentType: 'video/x-own', isInline: true, contentId: 'film' });
  expect(new URL(url).host).not.toBe(new URL(provider.url).host);
  expect(Date.parse(expires)).toBeGreaterThan(Date.now());
  const last = await putAll(url, bytes);
  expect([last.status, last.text]).toEqual([201, '']);
  const location = new URL(last.headers.get('location') ?? '');
  expect(location.host).toBe(new URL(url).host);
  const id = /\/Attachments\('([^']+)'\)$/.exec(location.pathname)?.[1] ?? '';
  const one = await graph.get(`${path}/attachments/${id}?$select=name,size,contentType,isInline,microsoft.graph.fileAttachment/contentId`);
  expect(one.body).toMatchObject({ name: 'Film – März.bin', contentType: 'video/x-own', isInline: true, contentId: 'film' });
  expect((await graph.get(`${path}/attachments/${id}/$value`)).bytes.equals(bytes)).toBe(true);
  // The session has ended.
  expect((await put(url, Buffer.alloc(1), 0, bytes.length)).status).toBe(404);
  expect((await provider.sent({ login: graph.login })).uploads).toEqual({ sessions: 0, bytes: 0 });
});

test('4: the address is all that a piece needs: a token of Graph is refused, and so is another address', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 4 * UNIT);
  const piece = Buffer.alloc(UNIT);
  expect(await put(url, piece, 0, 4 * UNIT, { authorization: `Bearer ${graph.token}` })).toMatchObject({ status: 401, body: { error: { code: 'InvalidAuthenticationToken' } } });
  expect((await put(url.replace(/authtoken=.{10}/, 'authtoken=0123456789'), piece, 0, 4 * UNIT)).status).toBe(404);
  expect((await put(url.replace(/\('[0-9a-f]{32}'\)/, `('${'0'.repeat(32)}')`), piece, 0, 4 * UNIT)).status).toBe(404);
  expect((await put(url, piece, 0, 4 * UNIT)).status).toBe(200);
  const events = await provider.requests('upload');
  expect(events.map(({ method, status }) => [method, status])).toEqual([['PUT', 401], ['PUT', 404], ['PUT', 404], ['PUT', 200]]);
  const token = new URL(url).searchParams.get('authtoken') ?? '';
  expect(JSON.stringify(events)).not.toContain(token);
  expect(await provider.secrets()).toContainEqual({ what: 'token', value: token });
});

test('4: pieces come in order, and a wrong range leaves everything as it was', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const total = 3 * UNIT + 5;
  const { url } = await open(graph, path, total);
  const piece = Buffer.alloc(UNIT, 1);
  expect((await put(url, piece, 0, total)).status).toBe(200);
  const wrong: [bytes: Buffer, start: number, total: number, headers: Record<string, string>, status: number][] = [
    [piece, 0, total, {}, 416], [piece, 2 * UNIT, total, {}, 416], [piece, UNIT, total + 1, {}, 400], [Buffer.alloc(1000), UNIT, total, {}, 400],
    [piece, UNIT, total, { 'content-range': `bytes ${UNIT}-${UNIT + 5}/${total}` }, 400], [piece, UNIT, total, { 'content-range': 'all' }, 400],
    [Buffer.alloc(3 * UNIT), UNIT, total, {}, 400],
  ];
  for (const [bytes, start, size, headers, status] of wrong) {
    const answer = await put(url, bytes, start, size, headers);
    expect([answer.status, answer.body.error?.code], JSON.stringify([bytes.length, start, size, headers])).toEqual([status, 'ErrorInvalidContentRange']);
  }
  const state = await read(await fetch(url));
  expect(state).toMatchObject({ status: 200, body: { nextExpectedRanges: [String(UNIT)], ExpirationDateTime: expect.any(String) } });
  expect((await put(url, Buffer.alloc(2 * UNIT, 2), UNIT, total)).status).toBe(200);
  expect((await put(url, Buffer.alloc(5, 3), 3 * UNIT, total)).status).toBe(201);
  const [file] = (await graph.get(`${path}/attachments`)).body.value ?? [];
  expect(Buffer.from(String(file?.contentBytes), 'base64').equals(Buffer.concat([piece, Buffer.alloc(2 * UNIT, 2), Buffer.alloc(5, 3)]))).toBe(true);
});

test('4: a piece has less than 4 MB, and any size where that is allowed', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const total = 9_000_000;
  const { url } = await open(graph, path, total);
  for (const size of [4 * 1024 * 1024, 13 * UNIT]) {
    expect(await put(url, Buffer.alloc(size), 0, total), String(size)).toMatchObject({ status: 413, body: { error: { code: 'RequestEntityTooLarge' } } });
  }
  await provider.set({ uploadPieces: 'any' });
  // The piece of Microsoft's own example.
  expect((await put(url, Buffer.alloc(2_097_152), 0, total)).body.nextExpectedRanges).toEqual(['2097152']);
});

test('4: a piece whose client stops is not kept', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 4 * UNIT);
  const slow = new ReadableStream<Uint8Array>({
    start: (controller) => { controller.enqueue(new Uint8Array(UNIT / 2)); },
  });
  const stopping = new AbortController();
  const range = { 'content-range': `bytes 0-${UNIT - 1}/${4 * UNIT}` };
  const sending = fetch(url, { method: 'PUT', headers: range, body: slow, duplex: 'half', signal: stopping.signal } as RequestInit);
  setTimeout(() => { stopping.abort(); }, 300);
  await expect(sending).rejects.toThrow();
  expect((await read(await fetch(url))).body.nextExpectedRanges).toEqual(['0']);
  await expect.poll(async () => (await provider.gate())[graph.login]?.underWay).toBe(0);
});

test('4: a session ends when it is cancelled, and at its time; its bytes go with it', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 4 * UNIT);
  await put(url, Buffer.alloc(UNIT), 0, 4 * UNIT);
  expect((await provider.sent({ login: graph.login })).uploads).toEqual({ sessions: 1, bytes: UNIT });
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(204);
  for (const method of ['GET', 'DELETE']) expect((await fetch(url, { method })).status, method).toBe(404);
  await provider.set({ uploadSeconds: 1 });
  const brief = await open(graph, path, 4 * UNIT);
  await put(brief.url, Buffer.alloc(UNIT), 0, 4 * UNIT);
  await expect.poll(async () => (await provider.sent({ login: graph.login })).uploads).toEqual({ sessions: 0, bytes: 0 });
  expect((await put(brief.url, Buffer.alloc(UNIT), UNIT, 4 * UNIT)).status).toBe(404);
  expect((await graph.get(`${path}/attachments`)).body.value).toEqual([]);
});

test('4: small files are taken too, unless the mailbox refuses them; none has more than 150 MB', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 10);
  expect((await put(url, Buffer.alloc(10), 0, 10)).status).toBe(201);
  const refused = async (body: object): Promise<unknown[]> => {
    const answer = await post(graph, `${path}/attachments/createUploadSession`, body);
    return [answer.status, answer.body.error?.code];
  };
  expect(await refused(item(150 * 1024 * 1024 + 1))).toEqual([413, 'ErrorMessageSizeExceeded']);
  expect(await refused({})).toEqual([400, 'RequestBodyRead']);
  for (const size of [0, -1, 1.5, '7']) expect((await refused(item(size as number)))[0], String(size)).toBe(400);
  expect((await refused(item(10, { attachmentType: 'item' })))[0]).toBe(400);
  await provider.set({ leastUploadBytes: 3_000_000 });
  expect(await refused(item(2_999_999))).toEqual([400, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize']);
  expect((await graph.get(`${path}/attachments/createUploadSession`)).status).toBe(405);
});

test('7: a message that gets too large is refused while its file comes', async ({ provider }) => {
  await provider.set({ maxMessageBytes: 2 * UNIT });
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 3 * UNIT);
  expect((await put(url, Buffer.alloc(UNIT), 0, 3 * UNIT)).status).toBe(200);
  expect(await put(url, Buffer.alloc(2 * UNIT), UNIT, 3 * UNIT)).toMatchObject({ status: 413, body: { error: { code: 'ErrorMessageSizeExceeded' } } });
});

test('4: a session belongs to a draft: what is no draft has none, and a draft that is sent ends it', async ({ provider }) => {
  const graph = await openSender(provider);
  const id = await graph.messageId('Report with a file');
  expect((await post(graph, `/me/messages/${id}/attachments/createUploadSession`, item(10))).status).toBe(400);
  const { path } = await draft(graph, mail('Sent before', ['ada@contoso.test']));
  const { url } = await open(graph, path, 4 * UNIT);
  await put(url, Buffer.alloc(UNIT), 0, 4 * UNIT);
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  expect((await put(url, Buffer.alloc(UNIT), UNIT, 4 * UNIT)).status).toBe(404);
});

test('1.7: 150 MB of uploads in five minutes, of one mailbox', async ({ provider }) => {
  const [{ graph, path }, other] = [await openDraft(provider), await openDraft(provider)];
  const { url } = await open(graph, path, 8 * UNIT);
  await provider.gate({ reset: true, limits: { uploadBytes: 4 * UNIT, uploadWindow: 60 } });
  expect((await put(url, Buffer.alloc(3 * UNIT), 0, 8 * UNIT)).status).toBe(200);
  const refused = await put(url, Buffer.alloc(2 * UNIT), 3 * UNIT, 8 * UNIT);
  expect(refused).toMatchObject({ status: 429, body: { error: { code: 'ApplicationThrottled' } } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  // What creates drafts is an upload too; what reads is not.
  expect((await post(graph, '/me/messages', { body: { contentType: 'text', content: 'x'.repeat(2 * UNIT) } })).status).toBe(429);
  expect((await graph.get(path, IMMUTABLE)).status).toBe(200);
  const theirs = await open(other.graph, other.path, 8 * UNIT);
  expect((await put(theirs.url, Buffer.alloc(3 * UNIT), 0, 8 * UNIT)).status).toBe(200);
});

test('7: faults and the limit of four hold for the other host too', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { url } = await open(graph, path, 4 * UNIT);
  const fault = { login: graph.login, path: 'AttachmentSessions' };
  await provider.gate({ faults: [{ kind: 'throttled', seconds: 3, ...fault }, { kind: 'gateway-timeout', ...fault }, { kind: 'lost-after', ...fault }] });
  const piece = Buffer.alloc(UNIT);
  expect((await put(url, piece, 0, 4 * UNIT)).headers.get('retry-after')).toBe('3');
  expect((await put(url, piece, 0, 4 * UNIT)).status).toBe(504);
  await expect(put(url, piece, 0, 4 * UNIT)).rejects.toThrow();
  // That one was kept.
  expect((await read(await fetch(url))).body.nextExpectedRanges).toEqual([String(UNIT)]);
  await provider.gate({ limits: { concurrency: 0 } });
  expect((await put(url, piece, UNIT, 4 * UNIT)).status).toBe(429);
});

test('4: a session is created in a batch', async ({ provider }) => {
  const { graph, path } = await openDraft(provider);
  const { body } = await graph.batch([{ id: '1', method: 'POST', url: `${path}/attachments/createUploadSession`, headers: { 'Content-Type': 'application/json' }, body: item(10) }]);
  const [answer] = body.responses ?? [];
  expect(answer).toMatchObject({ status: 201, body: { uploadUrl: expect.any(String) } });
  expect((await put(String((answer?.body as { uploadUrl: string }).uploadUrl), Buffer.alloc(10), 0, 10)).status).toBe(201);
});

test('files are kept in a folder where one is given, and sent from it', async ({ provider }) => {
  const contentFolder = await mkdtemp(join(tmpdir(), 'mail360-content-'));
  await provider.set({ contentFolder });
  const [graph, other] = [await openSender(provider), await openSender(provider)];
  await provider.set({ contentFolder });
  const { path } = await draft(graph, mail('From a folder', [other.login]));
  const bytes = randomBytes(3 * UNIT + 17);
  const cancelled = await open(graph, path, 4 * UNIT);
  await put(cancelled.url, Buffer.alloc(UNIT), 0, 4 * UNIT);
  expect(await readdir(contentFolder)).toHaveLength(1);
  await fetch(cancelled.url, { method: 'DELETE' });
  expect(await readdir(contentFolder)).toEqual([]);
  expect((await putAll((await open(graph, path, bytes.length)).url, bytes, UNIT)).status).toBe(201);
  expect(await readdir(contentFolder)).toHaveLength(1);
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  const [delivery] = await settle(graph);
  const source = await graph.get(`${path}/$value`, IMMUTABLE);
  expect(source.bytes.length).toBe(delivery?.size);
  const encoded = /filename="[^"]*"\r\n[^]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n\r\n--/.exec(source.text)?.[1] ?? '';
  expect(encoded.split('\r\n').every((line, at, all) => (at === all.length - 1 ? line.length <= 76 : line.length === 76))).toBe(true);
  expect(Buffer.from(encoded, 'base64').equals(bytes)).toBe(true);
  const query = new URLSearchParams({ $filter: "subject eq 'From a folder'", $expand: 'attachments' });
  const { body } = await other.get(`/me/mailFolders/inbox/messages?${query.toString()}`);
  expect((body.value?.[0]?.attachments as { contentBytes: string }[])[0]?.contentBytes).toBe(bytes.toString('base64'));
  await rm(contentFolder, { recursive: true });
});

test('4: MIME drafts take files too', async ({ provider }) => {
  const graph = await openSender(provider);
  const { path } = await draft(graph, mime('To: ada@contoso.test', 'Subject: MIME and a file', '', 'Text'));
  const { url } = await open(graph, path, 10);
  expect((await put(url, Buffer.alloc(10, 9), 0, 10)).status).toBe(201);
  await post(graph, `${path}/send`, undefined, IMMUTABLE);
  await settle(graph);
  const source = await graph.get(`${path}/$value`, IMMUTABLE);
  expect(source.text).toMatch(/Content-Type: multipart\/mixed[^]*Content-Type: text\/plain[^]*filename="=\?utf-8\?B\?[^]*CQkJCQkJCQkJCQ==\r\n/);
});
