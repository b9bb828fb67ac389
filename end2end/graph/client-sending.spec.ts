// The judge of the stand-in where it sends: Microsoft's own client creates drafts, sends and uploads, with no change but
// the base URL. It sends the token only to hosts that it was told, so that the host for uploads gets none.

import { randomBytes } from 'node:crypto';
import { BatchRequestContent, type Client, FileUpload, LargeFileUploadTask } from '@microsoft/microsoft-graph-client';
import type { Message } from '@microsoft/microsoft-graph-types';
import { expect, test as base } from '../provider-fixtures.ts';
import { TlsFront } from '../support/tls.ts';
import { Graph, IMMUTABLE } from './calls.ts';
import { clientAt, refusal } from './sdk.ts';
import { mail, mime, newest, openSender, settle } from './letters.ts';

/** Fronts with TLS: the client takes only an https address as a whole one. Their names differ, because ports make no other host for it. */
interface Hosts {
  graph: TlsFront;
  uploads: TlsFront;
}

const test = base.extend<{ graph: Graph; client: Client }, { hosts: Hosts }>({
  hosts: [async ({ providerProcess }, use) => {
    const { uploadUrl } = await (await providerProcess.forOneTest()).settings();
    const graph = await TlsFront.start(providerProcess.url);
    const uploads = await TlsFront.start(uploadUrl, { host: '127.0.0.1' });
    await use({ graph, uploads });
    await uploads.stop();
    await graph.stop();
  }, { scope: 'worker' }],

  graph: async ({ provider, hosts }, use) => {
    await provider.set({ uploadUrl: hosts.uploads.url });
    await use(await openSender(provider));
  },

  client: async ({ hosts, graph }, use) => { await use(clientAt(hosts.graph.url, graph.token)); },
});

/** Creates a draft. @returns Its path by its immutable id. */
async function create(client: Client, message: object): Promise<string> {
  const { id = '' } = (await client.api('/me/messages').headers(IMMUTABLE).post(message)) as Message;
  return `/me/messages/${encodeURIComponent(id)}`;
}

test('Microsoft\'s client creates a draft, sends it, and finds it in Sent Items under the same id', async ({ client, graph }) => {
  const path = await create(client, mail('By the client', ['ada@contoso.test']));
  await client.api(`${path}/send`).headers(IMMUTABLE).post({});
  expect(await settle(graph)).toMatchObject([{ subject: 'By the client', way: 'send' }]);
  expect(await client.api(path).headers(IMMUTABLE).select(['isDraft', 'subject']).get()).toMatchObject({ isDraft: false, subject: 'By the client' });
});

test('Microsoft\'s client sends at once, in JSON and in MIME, and answers', async ({ client, graph }) => {
  await client.api('/me/sendMail').post({ message: mail('JSON', ['ada@contoso.test']), saveToSentItems: false });
  await client.api('/me/sendMail').header('Content-Type', 'text/plain').post(mime('To: ada@contoso.test', 'Subject: MIME', '', 'Hello'));
  const id = await graph.messageId('Report with a file');
  await client.api(`/me/messages/${id}/reply`).post({ comment: 'Thanks' });
  const reply = (await client.api(`/me/messages/${id}/createReplyAll`).headers(IMMUTABLE).post({ message: { body: { contentType: 'text', content: 'Later' } } })) as Message;
  expect(reply).toMatchObject({ isDraft: true, subject: 'RE: Report with a file' });
  expect((await settle(graph)).map(({ subject, way }) => [way, subject]).sort()).toEqual([['reply', 'RE: Report with a file'], ['sendMail', 'JSON'], ['sendMail', 'MIME']]);
});

test('Microsoft\'s client uploads a large file, piece by piece, without its token', async ({ client, graph, provider }) => {
  const path = await create(client, mail('With a film', ['ada@contoso.test']));
  const bytes = randomBytes(20_000_000);
  const session = await LargeFileUploadTask.createUploadSession(client, `${path}/attachments/createUploadSession`, {
    AttachmentItem: { attachmentType: 'file', name: 'film.bin', size: bytes.length },
  });
  const file = new FileUpload(new Uint8Array(bytes), 'film.bin', bytes.length);
  const task = new LargeFileUploadTask(client, file, session, { rangeSize: 10 * 320 * 1024 });
  const { location } = await task.upload();
  const id = /\/Attachments\('([^']+)'\)$/.exec(location)?.[1] ?? '';
  expect((await graph.get(`${path}/attachments/${id}/$value`, IMMUTABLE)).bytes.equals(bytes)).toBe(true);
  expect((await provider.requests('upload')).map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200, 201]);
  await client.api(`${path}/send`).headers(IMMUTABLE).post({});
  expect((await settle(graph))[0]?.size).toBeGreaterThan(bytes.length * 1.36);
  expect(await newest(graph, 'sentitems', 'With a film')).toMatchObject({ hasAttachments: true });
});

test('Microsoft\'s client resumes an upload and cancels one', async ({ client, graph, provider }) => {
  const path = await create(client, mail('Resumed', []));
  const bytes = randomBytes(2_000_000);
  const start = async (): Promise<LargeFileUploadTask<unknown>> => {
    const session = await LargeFileUploadTask.createUploadSession(client, `${path}/attachments/createUploadSession`, {
      AttachmentItem: { attachmentType: 'file', name: 'a.bin', size: bytes.length },
    });
    return new LargeFileUploadTask(client, new FileUpload(new Uint8Array(bytes), 'a.bin', bytes.length), session, { rangeSize: 320 * 1024 });
  };
  const broken = await start();
  await provider.gate({ faults: [{ kind: 'server-error', login: graph.login, path: 'AttachmentSessions', after: 2, times: 1 }] });
  await expect(broken.upload()).rejects.toMatchObject({ error: { code: 'generalException' } });
  expect(await broken.getStatus()).toMatchObject({ nextExpectedRanges: [String(2 * 320 * 1024)] });
  await broken.resume();
  expect((await graph.get(`${path}/attachments?$select=name`, IMMUTABLE)).body.value).toMatchObject([{ name: 'a.bin' }]);
  const cancelled = await start();
  await cancelled.cancel();
  expect(await refusal(cancelled.getStatus())).toMatchObject({ statusCode: 404 });
});

test('Microsoft\'s client understands why a draft and a message are refused', async ({ client }) => {
  const headers = [{ name: 'In-Reply-To', value: '<a@b.test>' }];
  expect(await refusal(create(client, mail('x', [], { internetMessageHeaders: headers })))).toMatchObject({ statusCode: 400, code: 'InvalidInternetMessageHeader' });
  const path = await create(client, mail('x', []));
  expect(await refusal(client.api(`${path}/send`).post({}))).toMatchObject({ statusCode: 400, code: 'ErrorInvalidRecipients' });
});

test('Microsoft\'s client sends in a batch', async ({ client, graph }) => {
  const path = await create(client, mail('In a batch', ['ada@contoso.test']));
  const request = new Request(`https://graph.test${path}/send`, { method: 'POST', headers: IMMUTABLE });
  const content = await new BatchRequestContent([{ id: '1', request }]).getContent();
  expect(await client.api('/$batch').post(content)).toMatchObject({ responses: [{ id: '1', status: 202 }] });
  expect(await settle(graph)).toHaveLength(1);
});
