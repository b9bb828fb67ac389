// The Gmail API: myworld has the mailboxes. Added here: Message-IDs of programs, attachment ids that change, base64 without
// padding, and what the inbox loses when a message goes to the trash.

import { randomBytes } from 'node:crypto';
import type { Call } from './calls.ts';
import { type Answer, refusal } from './errors.ts';
import { messageIdOf } from './message-ids.ts';
import type { Settings } from './settings.ts';
import type { Mailbox, World } from './world.ts';

const HOST = 'gmail.googleapis.com';
const USER = '/gmail/v1/users/me';
/** What makes the id of an attachment another one at each reading. */
const SUFFIX = /~[0-9a-f]{8}$/;

export interface GmailRequest {
  call: Call;
  method: string;
  url: URL;
  body: Buffer;
  type: string | undefined;
  mailbox: Mailbox;
  world: World;
  settings: Settings;
}

interface Message {
  id: string;
  threadId: string;
  labelIds?: string[];
  payload?: { headers?: { name: string; value: string }[] };
}

/** A message of a mailbox, as tests count it. */
export interface SentMessage {
  id: string;
  messageId: string;
  subject: string;
  to: string;
}

/** The calls whose body is a message, and whether it then is a draft. */
const WRITES: Record<string, 'SENT' | 'DRAFT' | 'INBOX'> = {
  'users.messages.send': 'SENT', 'users.drafts.send': 'SENT', 'users.drafts.create': 'DRAFT', 'users.drafts.update': 'DRAFT', 'users.messages.insert': 'INBOX',
};

/** The part of a message in MIME that a request sends, in whichever form. */
function mimeIn({ body, type = '' }: GmailRequest): Buffer | undefined {
  if (!type.includes('json')) {
    // After the JSON part of two, the head of the message begins.
    const start = type.startsWith('multipart/') ? body.indexOf('message/rfc822') : 0;
    const head = start > 0 ? body.indexOf('\r\n\r\n', start) + 4 : 0;
    return body.length ? body.subarray(head) : undefined;
  }
  try {
    const sent = JSON.parse(body.toString()) as { raw?: string; message?: { raw?: string } };
    const raw = sent.raw ?? sent.message?.raw;
    return raw === undefined ? undefined : Buffer.from(raw, 'base64url');
  } catch {
    return undefined;
  }
}

const get = (world: World, mailbox: Mailbox, target: string): Promise<Answer> => world.send(mailbox, { method: 'GET', host: HOST, target: USER + target });

const headerOf = ({ payload }: Message, name: string): string => payload?.headers?.find((header) => header.name.toLowerCase() === name)?.value ?? '';

async function messageOf(world: World, mailbox: Mailbox, id: string): Promise<Message | undefined> {
  const { status, json } = await get(world, mailbox, `/messages/${id}?format=metadata`);
  return status === 200 ? (json as Message) : undefined;
}

/** The newest messages with a label. */
async function newest(world: World, mailbox: Mailbox, label: string, count: number): Promise<Message[]> {
  const { json } = await get(world, mailbox, `/messages?labelIds=${label}&maxResults=${count}`);
  const found = await Promise.all(((json as { messages?: Message[] }).messages ?? []).map(({ id }) => messageOf(world, mailbox, id)));
  return found.flatMap((message) => message ?? []);
}

/** The id of the newest message with the label that the call gives. */
async function newestId({ world, mailbox, call }: GmailRequest): Promise<string | undefined> {
  const { json } = await get(world, mailbox, `/messages?labelIds=${WRITES[call.name] ?? 'SENT'}&maxResults=1`);
  return (json as { messages?: Message[] }).messages?.[0]?.id;
}

/**
 * Remembers which message now has the program's Message-ID, also if the answer said that there is none.
 * @param before The newest message before the call.
 */
async function learn(request: GmailRequest, ours: string, answer: Answer, before: string | undefined): Promise<void> {
  const { world, mailbox } = request;
  const made = answer.status === 200 ? (answer.json as Message & { message?: Message }) : undefined;
  const id = made?.message?.id ?? made?.id ?? (await newestId(request));
  const message = id === undefined || id === before ? undefined : await messageOf(world, mailbox, id);
  const theirs = message && headerOf(message, 'message-id');
  if (theirs) mailbox.ids.keep(theirs, ours);
}

/** The program's Message-ID of the draft that a request sends by its id. */
async function messageIdOfDraft({ world, mailbox, body }: GmailRequest): Promise<string | undefined> {
  const { id } = JSON.parse(body.toString() || '{}') as { id?: string };
  const { status, json } = await get(world, mailbox, `/drafts/${id ?? ''}?format=metadata`);
  const theirs = status === 200 ? headerOf((json as { message: Message }).message, 'message-id') : '';
  return mailbox.ids.has(theirs) ? mailbox.ids.shown(theirs) : undefined;
}

/** The target of a request at myworld: searches by its own Message-IDs, and attachments by their lasting ids. */
function targetOf({ url, call, mailbox }: GmailRequest): string {
  const query = new URLSearchParams(url.search);
  const q = query.get('q');
  if (q !== null) query.set('q', mailbox.ids.search(q));
  query.delete('upload_id');
  const path = call.name === 'users.messages.attachments.get' ? decodeURIComponent(url.pathname).replace(SUFFIX, '') : url.pathname;
  const rest = query.toString();
  return path + (rest && `?${rest}`);
}

/** Answers a call of the Gmail API. */
export async function handleGmail(request: GmailRequest): Promise<Answer> {
  const { call, method, body, type, url, mailbox, world, settings } = request;
  const isWriting = call.name in WRITES;
  const mime = isWriting ? mimeIn(request) : undefined;
  let ours: string | undefined;
  if (settings.messageIds === 'kept' && isWriting) ours = mime ? messageIdOf(mime) : call.name === 'users.drafts.send' ? await messageIdOfDraft(request) : undefined;

  const before = ours === undefined ? undefined : await newestId(request);
  const answer = await world.send(mailbox, { method, host: HOST, target: targetOf(request), body, ...(type !== undefined && { type }) });
  if (ours !== undefined && (answer.status === 200 || answer.status >= 500)) await learn(request, ours, answer, before);
  if (/\.trash$/.test(call.name) && answer.status === 200) {
    await world.send(mailbox, { method: 'POST', host: HOST, target: url.pathname.replace(/trash$/, 'modify'), type: 'application/json', body: Buffer.from('{"removeLabelIds":["INBOX"]}') });
    const { labelIds } = answer.json as Message;
    if (labelIds) answer.json = { ...(answer.json as Message), labelIds: labelIds.filter((label) => label !== 'INBOX') };
  }
  if (answer.json === undefined) return answer;
  const suffix = settings.changingAttachmentIds ? `~${randomBytes(4).toString('hex')}` : '';
  return { ...answer, json: mailbox.ids.shownIn(answer.json, suffix) };
}

/** Whether a request asks a token for headers alone for more than these. */
export function beyondMetadata(url: URL, call: Call): Answer | undefined {
  if (url.searchParams.has('q')) return refusal(403, 'Metadata scope does not support \'q\' parameter', { reason: 'forbidden' });
  const format = url.searchParams.get('format') ?? 'full';
  const isContent = ['users.messages.get', 'users.threads.get'].includes(call.name) && ['full', 'raw'].includes(format);
  return isContent ? refusal(403, `Metadata scope doesn't allow format ${format.toUpperCase()}`, { reason: 'forbidden' }) : undefined;
}

/** What a mailbox has sent, the newest first. */
export async function sentBy(world: World, mailbox: Mailbox): Promise<SentMessage[]> {
  const all = await newest(world, mailbox, 'SENT', 500);
  return all.map((message) => ({
    id: message.id, messageId: mailbox.ids.shown(headerOf(message, 'message-id')), subject: headerOf(message, 'subject'), to: headerOf(message, 'to'),
  }));
}
