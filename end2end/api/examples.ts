// An example for each call of the API, with things of a real mailbox. Most of it is the same with every provider. What a
// provider's mailboxes have of their own is in `Own`, and the reasons are under "Outlook and Gmail" in docs/api.md.

import { SCOPE } from '../provider/google/scopes.ts';
import { CONNECTOR, type Connected, EVERYTHING, RETURN_ADDRESS } from './scene.ts';

/** How a call of the table is sent. */
export interface Example {
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

/** The subject of the message with a file, with every provider. */
const SUBJECT = 'Report with a file';

/** What the examples with one provider have of their own. */
export interface Own {
  /** The sender of the message with a file, a part of its text, and a part of the file's name. */
  sender: string;
  text: string;
  file: string;
  /** A part of the path of a folder within another one. */
  folder: string;
  /** The name of a label. */
  label: string;
  /** The email of Ada Lovelace among the contacts, and a part of the list of contact folders. */
  contact: string;
  contactFolder: string;
  /** A permission that the account has granted. */
  permission: string;
  /** Whether a message keeps the id of the draft that it was. */
  keepsDraftIds: boolean;
  /** What the draft that is changed has besides, made from the Message-ID of the message with a file. */
  answering: (messageId: string) => object;
  /** The recipient of the answer to the message with a file, if it is not its sender. */
  answerTo: { toAddress?: string };
  /** Calls of the raw passage, with the ids of that message and of a label that they may change. */
  raw: (email: string, messageId: string, labelId: string) => [string, Example][];
}

export const OUTLOOK_OWN: Own = {
  sender: 'grace@fabrikam.test',
  answerTo: {},
  text: '<p>',
  file: '.pdf',
  folder: '2026%2FQ1',
  label: 'Red category',
  contact: 'ada@home.test',
  contactFolder: 'Lieferanten',
  permission: 'Mail.Read',
  keepsDraftIds: true,
  answering: () => ({}),
  raw: (email) => [
    ['proxy', { path: { path: 'v1.0/me/messages' }, query: { $top: '1', $select: 'subject' }, says: '@odata.nextLink' }],
    ['proxyPost', { path: { path: 'v1.0/$batch' }, body: { requests: [{ id: '1', method: 'GET', url: '/me' }] }, says: email }],
    ['proxyPut', { path: { path: 'v1.0/me/messages' }, body: {}, passed: 405 }],
    ['proxyPatch', { path: { path: 'v1.0/me/messages' }, body: {}, passed: 405 }],
    ['proxyDelete', { path: { path: 'v1.0/me/messages' }, passed: 405 }],
  ],
};

const USER = 'gmail/v1/users/me';

export const GMAIL_OWN: Own = {
  sender: 'j.doe@northwind.test',
  // The stand-in cannot read the name of the sender, which has a comma and quotation marks, among the recipients.
  answerTo: { toAddress: 'j.doe@northwind.test' },
  text: 'A message about',
  file: 'report.csv',
  folder: '/Projects/2026',
  label: 'Projects/2026',
  contact: 'contact0@fabrikam.test',
  contactFolder: 'myContacts',
  permission: SCOPE.full,
  keepsDraftIds: false,
  // myworld refuses a change of a draft that is alone in its thread.
  answering: (messageId) => ({ subject: `Re: ${SUBJECT}`, inReplyTo: messageId }),
  raw: (_, messageId, labelId) => [
    ['proxy', { path: { path: `${USER}/messages` }, query: { maxResults: '1' }, says: 'nextPageToken' }],
    ['proxyPost', { path: { path: `${USER}/messages/${messageId}/modify` }, body: { addLabelIds: [labelId] }, says: labelId }],
    ['proxyPut', { path: { path: `${USER}/labels/${labelId}` }, body: { name: 'Put' }, says: 'Put' }],
    ['proxyPatch', { path: { path: `${USER}/labels/${labelId}` }, body: { name: 'Patched' }, says: 'Patched' }],
    ['proxyDelete', { path: { path: `${USER}/labels/none` }, passed: 404 }],
  ],
};

/** A time of tomorrow in UTC, as Mail360 writes it: MM/DD/YYYY HH:MM:SS. */
function tomorrow(): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(Date.now() + 86_400_000).toISOString()) ?? [];
  return `${month}/${day}/${year} ${time}`;
}

/** Examples for the calls that send and change, with things that they may change. `answered` is the Message-ID of a message. */
async function writing({ email, program }: Connected, { answering, keepsDraftIds }: Own, answered: string): Promise<[string, Example][]> {
  const mail = { fromAddress: email, toAddress: email, subject: 'Written', content: '<p>Hello</p>' };
  const upload = async (): Promise<string> => (await program.change<Item>('POST', '/attachments?fileName=a.txt', Buffer.from('hello'))).fileId;
  const draft = async (more: object = {}): Promise<string> => (await program.change<Item>('POST', '/drafts', { ...mail, ...more })).draftId;
  const [sentFile, deletedFile] = [await upload(), await upload()];
  const [changed, deleted, sent] = [await draft(answering(answered)), await draft(), await draft()];
  const schedule = { isSchedule: true, scheduleType: 6, timeZone: 'GMT 0:00 (Coordinated Universal Time - Etc/UTC)', scheduleTime: tomorrow() };
  const { messageId: scheduleId } = await program.change<Item>('POST', '/messages', { ...mail, ...schedule });
  const { folderId } = await program.change<Item>('POST', '/folders', { folderName: 'Made before' });
  const { jobId } = await program.change<Item>('PUT', `/folders/${encodeURIComponent(folderId)}`, { mode: 'emptyFolder' });
  const { labelId } = await program.change<Item>('POST', '/labels', { displayName: 'A label made before' });
  const { contactId, etag } = await program.change<Item>('POST', '/contacts', { displayName: 'Made before' });
  return [
    ['sendMessage', { headers: { 'idempotency-key': 'calls' }, body: { ...mail, attachments: JSON.stringify([{ fileId: sentFile }]) }, says: 'internetMessageId' }],
    ['createDraft', { body: { ...mail, toAddress: '' }, says: 'draftId' }],
    ['updateDraft', { path: { draftId: changed }, body: { subject: 'Changed', ccAddress: email } }],
    ['sendDraft', { path: { draftId: sent }, headers: { 'idempotency-key': 'calls' }, says: keepsDraftIds ? sent : 'internetMessageId' }],
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
export async function examples(connected: Connected, own: Own): Promise<Map<string, Example>> {
  const { administrator, client, email, program } = connected;
  const one = async (target: string): Promise<Item> => {
    const [item] = await program.read<Item[]>(target);
    if (!item) throw new Error(`the list is empty: ${target}`);
    return item;
  };
  const { messageId, threadId } = await one(`/messages/search?${new URLSearchParams({ mailQry: `subject:${SUBJECT}` }).toString()}`);
  const { attachments: [file] } = await program.read<Item>(`/messages/${encodeURIComponent(messageId)}/attachments`);
  const { headerContent } = await program.read<{ headerContent: string }>(`/messages/${encodeURIComponent(messageId)}/header`);
  const answered = /^message-id:\s*(<[^>]+>)/im.exec(headerContent)?.[1] ?? '';
  await program.change('POST', '/drafts', { fromAddress: email, toAddress: email, subject: 'Not sent yet', content: '<p>Hello</p>' });
  const { draftId } = await one('/drafts');
  const { folderId } = await one('/folders');
  const { labelId } = await one('/labels');
  const { contactId } = await one('/contacts');
  const { labelId: rawLabel } = await program.change<Item>('POST', '/labels', { displayName: 'For raw calls' });
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
    ['listMessages', { query: { limit: '50', includesent: 'true' }, says: SUBJECT }],
    ['searchMessages', { query: { mailQry: `sender:${own.sender}::subject:${SUBJECT}` }, says: SUBJECT }],
    ['getMessage', { ...message, says: SUBJECT }],
    ['getContent', { ...message, query: { includeBlockContent: 'true' }, says: own.text }],
    ['getHeader', { ...message, says: `Subject: ${SUBJECT}` }],
    ['getRaw', { ...message, says: 'Content-Type: multipart/mixed' }],
    ['listAttachments', { ...message, query: { includeInline: 'true' }, says: own.file }],
    ['downloadAttachment', { path: { messageId, attachmentId: file?.attachmentId ?? '' } }],
    ['listThreads', { says: threadId }],
    ['getThread', { path: { threadId }, says: messageId }],
    ['listDrafts', { says: 'Not sent yet' }],
    ['getDraft', { path: { draftId }, says: draftId }],
    ['listTemplates', { refused: 'NOT_SUPPORTED' }],
    ['addTemplate', { refused: 'NOT_SUPPORTED' }],
    ['listFolders', { says: own.folder }],
    ['getFolder', { path: { folderId }, says: folderId }],
    ['listLabels', { says: own.label }],
    ['getLabel', { path: { labelId }, says: labelId }],
    ['listContacts', { says: 'Ada Lovelace' }],
    ['searchContacts', { query: { email: own.contact }, says: 'Ada Lovelace' }],
    ['contactChanges', { says: 'Ada Lovelace' }],
    ['getContact', { path: { contactId }, says: contactId }],
    ['listContactFolders', { says: own.contactFolder }],
    ['getToken', { says: own.permission }],
    ...own.raw(email, messageId, rawLabel),
    ...(await writing(connected, own, answered)),
    ['answerMessage', { ...message, body: { action: 'reply', fromAddress: email, content: '<p>Yes</p>', ...own.answerTo }, says: 'internetMessageId' }],
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
