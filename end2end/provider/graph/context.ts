// What the parts of the stand-in for Graph share: a request, what its token allows, and an answer. Node strips the types
// of these files, so they have no syntax of TypeScript that exists at run time.

import type { IncomingHttpHeaders } from 'node:http';
import type { Content } from './content.ts';
import type { Settings } from '../settings.mjs';

/** A request below `/v1.0/me` or `/v1.0/users/{id}`, alone or as a part of a `$batch`. */
export interface GraphRequest {
  method: string;
  /** The path below the mailbox's owner, each segment decoded: `['messages', 'AAMk…', 'attachments']`. Empty for the owner. */
  segments: string[];
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** Scheme, host and version as the client called them, without a slash at the end: `http://127.0.0.1:4220/v1.0`. */
  base: string;
  /** The path and query below `base`, undecoded, as the client sent them: `/me/messages?$top=2`. Absolute links have it. */
  target: string;
}

export interface GraphContext {
  /** The log-in of the account to which the token belongs. */
  login: string;
  /** The permissions of the token, without the address of Graph before them. */
  scopes: string[];
  /** Whether the account is a personal Microsoft account. */
  isPersonal: boolean;
  settings: Settings;
  now: () => Date;
  /** Aborted when the client has disconnected. */
  signal: AbortSignal;
  record: (event: Record<string, unknown>) => void;
  /** Remembers a value that only the client may see, so that tests look for it elsewhere. */
  keepSecret: (value: string) => void;
  /** Answers another request with the same token, as `$batch` needs it. It does not pass the limit or the faults. */
  dispatch: (request: GraphRequest) => Promise<Answer>;
}

/** An answer has at most one of `json`, `bytes` and `chunks`. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  json?: unknown;
  /** Sent as they are; `headers` has their `content-type`. */
  bytes?: Buffer;
  /** Sent one after the other, no faster than the client takes them. */
  chunks?: AsyncIterable<Uint8Array>;
  /** Whether the connection is closed after the last chunk, as if the rest were lost. */
  cut?: boolean;
  /** Whether the connection is closed before the first byte of the answer. A batch shows the answer that has this. */
  lost?: boolean;
}

/** A file, message or link at a message. `content` is the file, or the item as MIME, vCard or iCalendar; a link has none. */
export interface StoredAttachment {
  key: number;
  kind: 'file' | 'item' | 'reference';
  name: string;
  /** Null for an item. */
  contentType: string | null;
  content: Content;
  isInline: boolean;
  contentId: string | null;
  lastModified: string;
  /** The address of a link. */
  sourceUrl?: string;
}

/** The permissions with which a call of the kind may read. */
export const READ = {
  basic: ['Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite'],
  mail: ['Mail.Read', 'Mail.ReadWrite'],
  contacts: ['Contacts.Read', 'Contacts.ReadWrite'],
  settings: ['MailboxSettings.Read', 'MailboxSettings.ReadWrite'],
  user: ['User.Read'],
} as const;

/** The permissions with which a call of the kind may write. */
export const WRITE = {
  mail: ['Mail.ReadWrite'],
  contacts: ['Contacts.ReadWrite'],
  settings: ['MailboxSettings.ReadWrite'],
  /** Changes the content of messages that are not drafts (Microsoft, updates to sensitive email properties). */
  content: ['Mail-Advanced.ReadWrite'],
} as const;

/** @returns Whether the token has one of the permissions. */
export function allows(context: GraphContext, permissions: readonly string[]): boolean {
  return permissions.some((permission) => context.scopes.includes(permission));
}

/** An error in Graph's envelope. The server adds the ids of the request. */
export function refusal(status: number, code: string, message: string, headers: Record<string, string> = {}): Answer {
  return { status, headers, json: { error: { code, message } } };
}

export const accessDenied = (): Answer => refusal(403, 'ErrorAccessDenied', 'Access is denied. Check credentials and try again.');

export const requestDenied = (): Answer => refusal(403, 'Authorization_RequestDenied', 'Insufficient privileges to complete the operation.');

export const gatewayTimeout = (): Answer => refusal(504, 'UnknownError', 'The server did not receive a timely response from an upstream server.');

export const itemNotFound = (): Answer => refusal(404, 'ErrorItemNotFound', 'The specified object was not found in the store., The process failed to get the correct properties.');

export const malformedId = (): Answer => refusal(400, 'ErrorInvalidIdMalformed', 'Id is malformed.');

/** The preferences of a request: `Prefer: IdType="ImmutableId", odata.maxpagesize=5`, names in small letters. */
export function preferences(request: GraphRequest): Map<string, string> {
  const sent = [request.headers.prefer ?? ''].flat().join(',');
  const parts = [...sent.matchAll(/\s*([^=,\s]+)\s*(?:=\s*("[^"]*"|[^,]*))?\s*(?:,|$)/g)];
  return new Map(parts.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim().replace(/^"(.*)"$/, '$1')]));
}

/** Whether the request asks for ids that survive a move. */
export function wantsImmutableIds(request: GraphRequest): boolean {
  return preferences(request).get('idtype')?.toLowerCase() === 'immutableid';
}

/** Thrown anywhere while a request is answered; the server sends its answer. */
export class Refused extends Error {
  answer: Answer;

  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(`${status} ${code}: ${message}`);
    this.answer = refusal(status, code, message, headers);
  }

  /** The refusal that has this answer. */
  static by(answer: Answer): Refused {
    const refused = new Refused(answer.status, 'Refused', 'see the answer');
    refused.answer = answer;
    return refused;
  }
}

/** A number as `/$count` answers it. */
export const countOf = (count: number): Answer => ({ status: 200, headers: { 'content-type': 'text/plain' }, bytes: Buffer.from(String(count)) });
