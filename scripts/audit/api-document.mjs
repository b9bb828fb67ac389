// Prints the API's own description with values that exist in a real mailbox, so that a tool reaches the mailbox behind the
// calls: ids that the tool makes up find nothing. Each call has an example that succeeds.
//
//   node api-document.mjs URL KEY ACCOUNT RETURN_ADDRESS

import { makeItems } from './api-items.mjs';

const [url = '', key = '', account = '', returnAddress = ''] = process.argv.slice(2);

/** @typedef {Record<string, any>} Schema */
/** @typedef {{ name: string, in: string, required?: boolean, schema: Schema, example?: unknown }} Parameter */
/** @typedef {{ operationId: string, parameters?: Parameter[], requestBody?: { required?: boolean, content: Record<string, { schema: Schema, example?: unknown }> }, responses: Schema }} Operation */
/** @typedef {{ path?: Record<string, string>, query?: Schema, header?: Schema, body?: unknown }} Example */

const document = await (await fetch(`${url}/api/openapi.json`)).json();
const items = await makeItems(url, key, account);
const { email, mail, later, mark, contact } = items;
const others = ['ada@contoso.test', '"Doe, J" <ada@contoso.test>, bob@contoso.test', ''];
const letter = { subject: 'Scanned', body: { contentType: 'text', content: 'Hello' }, toRecipients: [{ emailAddress: { address: 'ada@contoso.test' } }] };
const link = { hintEmail: email, mailProvider: 'Scanned', rUrl: returnAddress };

/** What parameters may be, wherever they are. @type {Record<string, unknown[]>} */
const only = {
  account_key: [account],
  messageId: items.messages,
  threadId: items.threads,
  folderId: items.folders,
  destfolderId: items.folders,
  parentFolderId: items.folders,
  labelId: items.labels,
  draftId: items.drafts,
  contactId: items.contacts,
  scheduleId: items.scheduled,
  jobId: [items.job],
  attachmentId: [items.attachment],
  fileId: items.uploads,
  fromAddress: [email, `"Alice" <${email}>`],
  hintEmail: [email],
  mailProvider: ['Scanned'],
  rUrl: [returnAddress],
  scheduleType: [later.scheduleType],
};
/** What values may be besides any. @type {Record<string, unknown[]>} */
const also = {
  // The first message that is sent takes the upload.
  attachments: [[], ...items.uploads.map((/** @type {string} */ fileId) => [{ fileId }])],
  toAddress: others,
  ccAddress: others,
  bccAddress: others,
  replyTo: others,
  inReplyTo: ['<1@contoso.test>'],
  refHeader: ['<1@contoso.test> <2@contoso.test>'],
  timeZone: [later.timeZone],
  scheduleTime: [later.scheduleTime],
  color: ['#e74856'],
  birthday: ['1815-12-10'],
  mailQry: ['subject:Report', 'sender:grace@fabrikam.test::hasattach:true'],
  dateRange: ['2026-01-01:2026-12-31'],
};
/** What parameters of single calls may be: what one call changes must be there for the others. @type {Record<string, Record<string, unknown[]>>} */
const onlyIn = {
  getConnector: { name: ['Scanned'] },
  downloadAttachment: { messageId: [items.withFile] },
  listAttachments: { messageId: [items.withFile] },
  sendDraft: { draftId: items.draftsToSend },
  changeFolder: { folderId: items.newFolders },
  updateLabel: { labelId: items.newLabels },
  listContacts: { folderId: items.contactFolders },
  createContact: { folderId: items.contactFolders },
  updateContact: { contactId: [contact.contactId], 'If-Match': [contact.etag] },
  deleteThreads: { threadId: [items.threads.slice(-2).join(',')] },
};

/** A request of each call that succeeds. Values in the path are the first ones of above. @type {Record<string, Example>} */
const examples = {
  listMessages: { query: { limit: 50, includesent: true } },
  searchMessages: { query: { mailQry: also.mailQry?.[0] } },
  searchContacts: { query: { name: 'Scanned' } },
  addAccountByOAuth: { body: link },
  updateAccountByOAuth: { body: link },
  changeAccount: { body: { mode: 'enableAccount' } },
  changeMessages: { body: { mode: 'setFlag', messageId: items.messages.slice(0, 2), flagid: 'important' } },
  changeThreads: { body: { mode: 'markAsRead', threadId: items.threads.slice(0, 2) } },
  uploadAttachment: { query: { fileName: 'scanned.txt' }, body: 'A file' },
  sendMessage: { body: mail },
  answerMessage: { body: { action: 'reply', fromAddress: email, content: '<p>Thanks</p>' } },
  createDraft: { body: mail },
  updateDraft: { body: { subject: 'Changed' } },
  createFolder: { body: { folderName: `Example ${mark}` } },
  changeFolder: { body: { mode: 'rename', folderName: `Renamed ${mark}` } },
  createLabel: { body: { displayName: `Example ${mark}` } },
  updateLabel: { body: { color: '#e74856' } },
  createContact: { body: { displayName: 'Ada Byron', emails: [{ address: 'byron@contoso.test' }] } },
  updateContact: { body: { jobTitle: 'Analyst' } },
};

/**
 * Calls of the raw passage: the method, the path at the provider, its parameters or the body. The tool encodes slashes in
 * values, so that a path with slashes is a path of the document.
 * @type {[method: string, path: string, values: Schema][]}
 */
const raw = [
  ['get', 'v1.0/me/messages', { $top: 5, $select: 'subject', $filter: undefined, $orderby: undefined, $search: undefined }],
  ['post', 'v1.0/me/messages', letter],
  ['post', 'v1.0/me/sendMail', { message: letter, saveToSentItems: true }],
  ['post', 'v1.0/$batch', { requests: [{ id: '1', method: 'PATCH', url: `/me/messages/${encodeURIComponent(items.messages[0])}`, headers: { 'Content-Type': 'application/json' }, body: { isRead: true } }] }],
  ['patch', 'v1.0/me/messages/{messageId}', { isRead: true, categories: ['Scanned'] }],
  ['delete', 'v1.0/me/messages/{messageId}', {}],
];

/** Limits a schema to values that exist, or adds some to it. @param {Schema} schema @param {string} name @param {string} call @returns {Schema} */
function withKnown(schema, name, call) {
  if (also[name]) return { anyOf: [{ ...schema, enum: also[name] }, schema] };
  if (schema.type === 'array' && schema.items) return { ...schema, items: withKnown(schema.items, name, call) };
  if (schema.type === 'object') {
    const properties = Object.entries(schema.properties ?? {}).map(([inner, its]) => [inner, withKnown(its, inner, call)]);
    // A member that the call does not have would hide what the call does with the others.
    return { additionalProperties: false, ...schema, properties: Object.fromEntries(properties) };
  }
  const known = onlyIn[call]?.[name] ?? only[name];
  return known ? { ...schema, enum: known } : schema;
}

/** @param {Operation} operation */
function complete(operation) {
  const { operationId: call, parameters = [], requestBody } = operation;
  const example = examples[call] ?? {};
  for (const parameter of parameters) {
    parameter.schema = withKnown(parameter.schema, parameter.name, call);
    const place = /** @type {Record<string, Record<string, unknown> | undefined>} */ (example)[parameter.in];
    const value = place?.[parameter.name] ?? (parameter.required ? parameter.schema.enum?.[0] : undefined);
    if (value !== undefined) parameter.example = value;
  }
  if (!requestBody) return;
  if (call === 'uploadAttachment') {
    const file = { type: 'string', format: 'binary', maxLength: 4096 };
    requestBody.content = {
      'application/octet-stream': { schema: file },
      'text/plain': { schema: { type: 'string', maxLength: 4096 } },
      'multipart/form-data': { schema: { type: 'object', properties: { file } } },
    };
  }
  for (const [type, content] of Object.entries(requestBody.content)) {
    content.schema = withKnown(content.schema, '', call);
    if (example.body !== undefined && (type === 'application/json' || type === 'text/plain')) content.example = example.body;
  }
}

/** A call of the raw passage. Its answers are the provider's. @param {string} method @param {string} path @param {Schema} values @returns {Operation} */
function rawCall(method, path, values) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const parameters = ['account_key', ...names].map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const given = Object.entries(values).map(([name, example]) => ({
    name, in: 'query', schema: { type: typeof example === 'number' ? 'integer' : 'string' }, example,
  }));
  const properties = Object.fromEntries(Object.keys(values).map((name) => [name, {}]));
  const body = { content: { 'application/json': { schema: { type: 'object', properties, additionalProperties: true }, example: values } } };
  return {
    operationId: `${method} ${path}`,
    parameters: method === 'get' ? [...parameters, ...given] : parameters,
    ...(method === 'get' || method === 'delete' ? {} : { requestBody: body }),
    responses: { default: { description: 'What the provider answers.' } },
  };
}

for (const [method, path, values] of raw) {
  const whole = `/api/accounts/{account_key}/proxy/${path}`;
  document.paths[whole] = { ...document.paths[whole], [method]: rawCall(method, path, values) };
}
for (const operations of Object.values(document.paths)) Object.values(operations).forEach(complete);
console.log(JSON.stringify(document));
