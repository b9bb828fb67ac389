// Upload sessions: a file of up to 150 MB comes in pieces, one after the other, to an address on another host that needs no
// token besides its own. When the last piece has come, the file is at its draft. A session ends then, when it is cancelled,
// or at its time; its bytes go with it.

import { randomBytes } from 'node:crypto';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../settings.mjs';
import { guidOf } from '../pages.mjs';
import { type Answer, type GraphContext, type GraphRequest, itemNotFound, refusal, Refused } from './context.ts';
import { type Content, inFile, inMemory } from './content.ts';
import { attach, draftAt } from './drafts.ts';
import { isObject, parametersOf, textOf, unread } from './json-body.ts';
import type { Mailbox, StoredFolder, StoredMessage } from './mailbox.ts';
import { jsonOf } from './message-input.ts';
import { contextOf } from './query.ts';
import { checkSize, MAX_FILE, MAX_REQUEST, tooLarge } from './sizes.ts';

interface File {
  name: string;
  size: number;
  contentType: string;
  isInline: boolean;
  contentId: string | null;
}

/** What has come of a file. */
interface Store {
  add: (piece: Buffer) => void;
  content: () => Content;
  drop: () => void;
}

export interface Session {
  id: string;
  token: string;
  mailbox: Mailbox;
  /** The id of the message as the program named it. */
  messageId: string;
  draft: StoredMessage;
  /** Whether the message was a draft when the session began. */
  isDraft: boolean;
  file: File;
  received: number;
  store: Store;
  expires: Date;
  timer: NodeJS.Timeout;
}

/** All but the last piece are multiples of this, as Microsoft's clients send them. */
const UNIT = 320 * 1024;

const sessions = new Map<string, Session>();

/** The number of sessions and their bytes, of one mailbox or of all. */
export function countUploads(login?: string): { sessions: number; bytes: number } {
  const found = [...sessions.values()].filter(({ mailbox }) => login === undefined || mailbox.login === login.toLowerCase());
  return { sessions: found.length, bytes: found.reduce((sum, { received }) => sum + received, 0) };
}

function memoryStore(): Store {
  let pieces: Buffer[] = [];
  return {
    add: (piece) => pieces.push(piece),
    content: () => inMemory(Buffer.concat(pieces)),
    drop: () => { pieces = []; },
  };
}

function fileStore(path: string, size: number): Store {
  writeFileSync(path, '');
  return {
    add: (piece) => { appendFileSync(path, piece); },
    content: () => inFile(path, size),
    drop: () => { rmSync(path, { force: true }); },
  };
}

function end(session: Session): void {
  clearTimeout(session.timer);
  sessions.delete(session.id);
}

function fileOf(request: GraphRequest): File {
  const { AttachmentItem: item } = parametersOf(jsonOf(request), ['AttachmentItem']);
  if (!isObject(item)) throw unread("The parameter 'AttachmentItem' is missing.");
  const { attachmentType, name, size, contentType = 'application/octet-stream', isInline = false, contentId = null } = item;
  if (textOf(attachmentType, 'attachmentType').toLowerCase() !== 'file') throw new Refused(400, 'ErrorInvalidRequest', 'The stand-in takes only files.');
  if (!Number.isInteger(size) || Number(size) <= 0) throw unread("Cannot convert the value of the property 'size' to the expected type 'Edm.Int64'.");
  return {
    name: textOf(name, 'name'),
    size: Number(size),
    contentType: textOf(contentType, 'contentType'),
    isInline: isInline === true,
    contentId: contentId === null ? null : textOf(contentId, 'contentId'),
  };
}

/** The place of a message on the host for uploads. Its version differs from that of Graph. */
const addressOf = (uploadUrl: string, login: string, messageId: string): string =>
  `${uploadUrl}/api/v2.0/Users('${guidOf(login)}')/Messages('${encodeURIComponent(messageId)}')`;

const stateOf = ({ expires, received }: Session): object => ({ ExpirationDateTime: expires.toISOString(), nextExpectedRanges: [String(received)] });

/** Answers what creates a session; nothing for other requests. @param folder The folder of the path. */
export function handleUploadSessions(request: GraphRequest, mailbox: Mailbox, context: GraphContext, folder?: StoredFolder): Answer | undefined {
  const [kind, messageId = '', part, action, ...rest] = request.segments;
  if (kind !== 'messages' || part !== 'attachments' || action !== 'createUploadSession' || rest.length) return undefined;
  if (request.method !== 'POST') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const { settings, now } = context;
  const draft = draftAt(mailbox, messageId, context, folder);
  const file = fileOf(request);
  if (file.size > MAX_FILE) throw tooLarge();
  if (file.size < settings.leastUploadBytes) {
    throw new Refused(400, 'ErrorAttachmentSizeShouldNotBeLessThanMinimumSize', 'The attachment is too small for an upload session.');
  }
  const [id, token] = [randomBytes(16).toString('hex'), randomBytes(40).toString('base64url')];
  const expires = new Date(now().getTime() + settings.uploadSeconds * 1000);
  const store = settings.contentFolder ? fileStore(join(settings.contentFolder, id), file.size) : memoryStore();
  const expire = (): void => {
    store.drop();
    sessions.delete(id);
  };
  sessions.set(id, { id, token, mailbox, messageId, draft, isDraft: draft.isDraft, file, received: 0, store, expires, timer: setTimeout(expire, settings.uploadSeconds * 1000) });
  context.keepSecret(token);
  return {
    status: 201,
    json: {
      '@odata.context': contextOf(request, 'microsoft.graph.uploadSession'),
      uploadUrl: `${addressOf(settings.uploadUrl, mailbox.login, messageId)}/AttachmentSessions('${id}')?authtoken=${token}`,
      expirationDateTime: expires.toISOString(),
      nextExpectedRanges: ['0-'],
    },
  };
}

/** The session of an address, if its token is right. */
export function sessionAt(url: URL): Session | undefined {
  const id = /\/AttachmentSessions\('([0-9a-f]{32})'\)$/.exec(url.pathname)?.[1];
  const session = sessions.get(id ?? '');
  return session?.token === url.searchParams.get('authtoken') ? session : undefined;
}

const wrongRange = (status: number, message: string): Refused => new Refused(status, 'ErrorInvalidContentRange', message);

/** The first and the last byte of a piece. */
function rangeOf({ headers, body }: GraphRequest, { file, received }: Session, { uploadPieces }: Settings): [number, number] {
  const [, from, to, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(String(headers['content-range'] ?? '')) ?? [];
  if (from === undefined) throw wrongRange(400, 'The header Content-Range is missing or malformed.');
  const [first, last] = [Number(from), Number(to)];
  if (Number(total) !== file.size || last >= file.size) throw wrongRange(400, 'The range does not fit the size of the file.');
  if (last - first + 1 !== body.length) throw wrongRange(400, 'The range does not fit the length of the body.');
  if (first !== received) throw wrongRange(416, `The next byte that is expected is ${received}.`);
  if (uploadPieces === 'multiples' && last < file.size - 1 && body.length % UNIT !== 0) throw wrongRange(400, `A piece must be a multiple of ${UNIT} bytes.`);
  return [first, last];
}

function put(request: GraphRequest, session: Session, context: GraphContext): Answer {
  const { settings } = context;
  const { mailbox, draft, file, store, messageId } = session;
  // A draft that was sent is another item.
  if (!mailbox.messages.has(draft.key) || draft.isDraft !== session.isDraft) return itemNotFound();
  if (request.body.length >= MAX_REQUEST) throw new Refused(413, 'RequestEntityTooLarge', 'The request is larger than the server takes.');
  const [, last] = rangeOf(request, session, settings);
  // Exchange notices only now that the message gets too large.
  checkSize(draft, settings, last + 1);
  store.add(request.body);
  session.received = last + 1;
  if (session.received < file.size) return { status: 200, json: { '@odata.context': `${settings.uploadUrl}/api/v2.0/$metadata#Users`, ...stateOf(session) } };
  end(session);
  const { name, contentType, isInline, contentId } = file;
  const key = attach(mailbox, draft, { kind: 'file', name, contentType, isInline, contentId, content: store.content() }, context);
  const attachmentId = mailbox.ids.idOf('attachment', key, draft.moves, false);
  return {
    status: 201,
    headers: { location: `${addressOf(settings.uploadUrl, mailbox.login, messageId)}/Attachments('${encodeURIComponent(attachmentId)}')`, 'content-length': '0' },
  };
}

/** Answers a request at the address of a session. */
export function handleUpload(request: GraphRequest, session: Session, context: GraphContext): Answer {
  // It may have ended while the request waited.
  if (!sessions.has(session.id)) return itemNotFound();
  if (request.method === 'PUT') return put(request, session, context);
  if (request.method === 'GET') return { status: 200, json: stateOf(session) };
  if (request.method !== 'DELETE') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  end(session);
  session.store.drop();
  return { status: 204 };
}
