// Every call of the API once, through real sockets: the list of calls is that of the program's own OpenAPI document, and each
// answer has the shape that the document promises. A new call without an example here fails.

import { type Answered, CONNECTOR, type Connected, EVERYTHING, expect, RETURN_ADDRESS, test } from './scene.ts';
import { type Document, type Operation, type Schema, Shapes } from './shapes.ts';

/** How a call of the table is sent. */
interface Example {
  /** The values of the parameters in the path; the account is added. */
  path?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: object;
  /** A body that is a file. */
  file?: string;
  /** The code with which it is refused; without it the call succeeds. */
  refused?: string;
  /** The status of a raw call that the provider itself refuses. */
  passed?: number;
  /** What the answer must contain: the example must not only fit because a list is empty. */
  says?: string;
}

interface Item {
  messageId: string;
  fileId: string;
  jobId: string;
  etag: string;
  threadId: string;
  draftId: string;
  folderId: string;
  labelId: string;
  contactId: string;
  attachments: { attachmentId: string }[];
}

/** A time of tomorrow in UTC, as Mail360 writes it: MM/DD/YYYY HH:MM:SS. */
function tomorrow(): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(Date.now() + 86_400_000).toISOString()) ?? [];
  return `${month}/${day}/${year} ${time}`;
}

/** Examples for the calls that send and change, with things that they may change. */
async function writing({ email, program }: Connected): Promise<[string, Example][]> {
  const mail = { fromAddress: email, toAddress: email, subject: 'Written', content: '<p>Hello</p>' };
  const upload = async (): Promise<string> => (await program.change<Item>('POST', '/attachments?fileName=a.txt', Buffer.from('hello'))).fileId;
  const draft = async (): Promise<string> => (await program.change<Item>('POST', '/drafts', mail)).draftId;
  const [sentFile, deletedFile] = [await upload(), await upload()];
  const [changed, deleted, sent] = [await draft(), await draft(), await draft()];
  const schedule = { isSchedule: true, scheduleType: 6, timeZone: 'GMT 0:00 (Coordinated Universal Time - Etc/UTC)', scheduleTime: tomorrow() };
  const { messageId: scheduleId } = await program.change<Item>('POST', '/messages', { ...mail, ...schedule });
  const { folderId } = await program.change<Item>('POST', '/folders', { folderName: 'Made before' });
  const { jobId } = await program.change<Item>('PUT', `/folders/${encodeURIComponent(folderId)}`, { mode: 'emptyFolder' });
  const { labelId } = await program.change<Item>('POST', '/labels', { displayName: 'Made before' });
  const { contactId, etag } = await program.change<Item>('POST', '/contacts', { displayName: 'Made before' });
  return [
    ['sendMessage', { headers: { 'idempotency-key': 'calls' }, body: { ...mail, attachments: JSON.stringify([{ fileId: sentFile }]) }, says: 'internetMessageId' }],
    ['createDraft', { body: { ...mail, toAddress: '' }, says: 'draftId' }],
    ['updateDraft', { path: { draftId: changed }, body: { subject: 'Changed', ccAddress: email } }],
    ['sendDraft', { path: { draftId: sent }, headers: { 'idempotency-key': 'calls' }, says: sent }],
    ['deleteDraft', { path: { draftId: deleted } }],
    ['uploadAttachment', { query: { fileName: 'b.txt' }, file: 'hello', says: '/b.txt' }],
    ['deleteUpload', { query: { fileId: deletedFile } }],
    ['listSchedules', { query: { state: 'waiting' }, says: scheduleId }],
    ['getSchedule', { path: { scheduleId }, says: 'Written' }],
    ['cancelSchedule', { path: { scheduleId } }],
    ['createFolder', { body: { folderName: 'Invoices', parentFolderId: folderId }, says: '/Made before/Invoices' }],
    ['changeFolder', { path: { folderId }, body: { mode: 'emptyFolder' }, says: 'jobId' }],
    ['getJob', { path: { jobId }, says: jobId }],
    ['deleteFolder', { path: { folderId } }],
    ['createLabel', { body: { displayName: 'Paid', color: '#e74856' }, says: 'Paid' }],
    ['updateLabel', { path: { labelId }, body: { color: '#0078d7' } }],
    ['deleteLabel', { path: { labelId } }],
    ['createContact', { headers: { 'idempotency-key': 'calls' }, body: { displayName: 'Mary', emails: [{ address: 'mary@astronomy.test' }] }, says: 'Mary' }],
    ['updateContact', { path: { contactId }, headers: { 'if-match': etag }, body: { company: 'Royal Society' }, says: 'Royal Society' }],
    ['deleteContact', { path: { contactId } }],
  ];
}

/** An example for each call, with ids of this mailbox. */
async function examples(connected: Connected): Promise<Map<string, Example>> {
  const { administrator, client, email, program } = connected;
  const one = async (target: string): Promise<Item> => {
    const [item] = await program.read<Item[]>(target);
    if (!item) throw new Error(`the list is empty: ${target}`);
    return item;
  };
  const { messageId, threadId } = await one(`/messages/search?${new URLSearchParams({ mailQry: 'subject:Report with a file' }).toString()}`);
  const { attachments: [file] } = await program.read<Item>(`/messages/${encodeURIComponent(messageId)}/attachments`);
  const { draftId } = await one('/drafts');
  const { folderId } = await one('/folders');
  const { labelId } = await one('/labels');
  const { contactId } = await one('/contacts');
  const message = { path: { messageId } };
  const link = { hintEmail: email, mailProvider: CONNECTOR, rUrl: RETURN_ADDRESS, state: 'session-42', saveSentCopy: '1' };
  const credentials = {
    client_id: client,
    client_secret: await administrator.makeCredential(client, 'client_secret'),
    refresh_token: await administrator.makeCredential(client, 'refresh_token', EVERYTHING),
  };
  return new Map<string, Example>([
    ['getAccessToken', { body: credentials }],
    ['getOpenApi', { says: '3.1.0' }],
    ['listAccounts', { query: { limit: '200' }, says: email }],
    ['getAccount', { says: email }],
    ['addAccount', { body: { emailid: email, accountType: '2' }, refused: 'NOT_SUPPORTED' }],
    ['addAccountByOAuth', { body: link, says: '/connect/' }],
    ['updateAccountByOAuth', { body: link, says: '/connect/' }],
    ['changeAccount', { body: { mode: 'enableAccount' } }],
    ['confirmAccount', { body: { link: '018f0000-7e57-7000-8000-000000000001', confirm: 'A'.repeat(43) }, refused: 'CONFIRMATION_UNKNOWN' }],
    ['getConnector', { path: { name: CONNECTOR }, says: CONNECTOR }],
    ['listMessages', { query: { limit: '50', includesent: 'true' }, says: 'Report with a file' }],
    ['searchMessages', { query: { mailQry: 'sender:grace@fabrikam.test::subject:Report with a file' }, says: 'Report with a file' }],
    ['getMessage', { ...message, says: 'Report with a file' }],
    ['getContent', { ...message, query: { includeBlockContent: 'true' }, says: '<p>' }],
    ['getHeader', { ...message, says: 'Subject: Report with a file' }],
    ['getRaw', { ...message, says: 'Content-Type: multipart/mixed' }],
    ['listAttachments', { ...message, query: { includeInline: 'true' }, says: '.pdf' }],
    ['downloadAttachment', { path: { messageId, attachmentId: file?.attachmentId ?? '' } }],
    ['listThreads', { says: threadId }],
    ['getThread', { path: { threadId }, says: messageId }],
    ['listDrafts', { says: 'Not sent yet' }],
    ['getDraft', { path: { draftId }, says: draftId }],
    ['listTemplates', { refused: 'NOT_SUPPORTED' }],
    ['addTemplate', { refused: 'NOT_SUPPORTED' }],
    ['listFolders', { says: '2026%2FQ1' }],
    ['getFolder', { path: { folderId }, says: folderId }],
    ['listLabels', { says: 'Red category' }],
    ['getLabel', { path: { labelId }, says: labelId }],
    ['listContacts', { says: 'Ada Lovelace' }],
    ['searchContacts', { query: { email: 'ada@home.test' }, says: 'Ada Lovelace' }],
    ['contactChanges', { says: 'Ada Lovelace' }],
    ['getContact', { path: { contactId }, says: contactId }],
    ['listContactFolders', { says: 'Lieferanten' }],
    ['getToken', { says: 'Mail.Read' }],
    ['proxy', { path: { path: 'v1.0/me/messages' }, query: { $top: '1', $select: 'subject' }, says: '@odata.nextLink' }],
    ['proxyPost', { path: { path: 'v1.0/$batch' }, body: { requests: [{ id: '1', method: 'GET', url: '/me' }] }, says: email }],
    ['proxyPut', { path: { path: 'v1.0/me/messages' }, body: {}, passed: 405 }],
    ['proxyPatch', { path: { path: 'v1.0/me/messages' }, body: {}, passed: 405 }],
    ['proxyDelete', { path: { path: 'v1.0/me/messages' }, passed: 405 }],
    ...(await writing(connected)),
    ['answerMessage', { ...message, body: { action: 'reply', fromAddress: email, content: '<p>Yes</p>' }, says: 'internetMessageId' }],
    // These change the message that the calls before read.
    ['changeMessages', { body: { mode: 'setFlag', messageId: [messageId], flagid: 'important' } }],
    ['changeThreads', { body: { mode: 'markAsRead', threadId: `["${threadId}"]` } }],
    ['deleteMessage', { ...message, query: { expunge: 'false' } }],
    ['deleteThread', { path: { threadId } }],
    ['deleteThreads', { query: { threadId: `["${threadId}"]`, expunge: 'true' } }],
    // The last one, because the account is gone then.
    ['deleteAccount', {}],
  ]);
}

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

test('each call of the OpenAPI document answers with the shape that the document promises', async ({ connect, provider }) => {
  await provider.set({ draftSeconds: 0, goneSeconds: 0 });
  const connected = await connect();
  const { accountKey, program } = connected;
  const document = (await program.send('GET', '/api/openapi.json')).json as Document;
  const shapes = new Shapes(document);
  const calls = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })));
  const prepared = await examples(connected);
  expect(calls.map(({ operation }) => operation.operationId).sort(), 'each call has an example').toEqual([...prepared.keys()].sort());
  for (const [id, example] of prepared) {
    const call = calls.find(({ operation }) => operation.operationId === id);
    if (!call) continue;
    expect.soft(unknownParameters(call.operation, example), `parameters of ${id}`).toEqual([]);
    const body = example.file === undefined ? example.body : Buffer.from(example.file);
    const answer = await program.send(call.method, addressOf(call.path, accountKey, example), body, example.headers);
    expect.soft(judge(shapes, call.operation, example, answer), id).toEqual([]);
  }
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

test('the provider’s token reads at the provider itself', async ({ connect }) => {
  const { program } = await connect();
  const { apiBase, token } = await program.read<{ apiBase: string; token: string }>('/token');
  const answer = await fetch(`${apiBase}/me/messages?$top=1`, { headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
});
