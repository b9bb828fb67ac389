// The path of a request: whose mailbox it names, and which item in it.

import { Refused } from './context.ts';

/** Whose mailbox a path names, and the segments below, decoded. */
export interface Place {
  /** `me`, or the id or log-in of a user. */
  owner: string;
  segments: string[];
  /** The folder of `/mailFolders/{id}/messages…`; its segments begin at `messages`. */
  folder: string | undefined;
}

/** Names of resources, which a path may have in any case. Ids differ in case. */
const NAMES = [
  'messages', 'mailFolders', 'childFolders', 'attachments', 'contacts', 'contactFolders', 'outlook', 'masterCategories', 'delta',
  'translateExchangeIds', 'photo', '$value', '$count', 'sendMail', 'send', 'reply', 'replyAll', 'forward', 'createReply', 'createReplyAll',
  'createForward', 'createUploadSession',
];

/** Whether the stand-in answers this path. The owner alone, `/v1.0/me`, belongs to the strict server. */
export const isGraph = (path: string): boolean => /^\/(v1\.0|beta)\/(me\/.|users(\/|$)|(\$|%24)batch$)/i.test(path);

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new Refused(400, 'BadRequest', 'The path is not well-formed.');
  }
}

/** `mailFolders('inbox')` is `mailFolders/inbox`, and `delta()` is `delta`. */
function parts(segment: string): string[] {
  const called = /^([A-Za-z]+)\((?:'(.*)')?\)$/s.exec(segment);
  const [name, key] = [called?.[1] ?? segment, called?.[2]];
  const known = NAMES.find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
  return key === undefined ? [known] : [known, key.replaceAll("''", "'")];
}

/** @param target The path and query below the version: `/me/messages/AAMk…?$select=subject`. */
export function placeOf(target: string): Place {
  const [path = ''] = target.split('?');
  const raw = path.replace(/^\//, '').replace(/\/$/, '').split('/');
  if (raw.includes('')) throw new Refused(400, 'BadRequest', 'The path has an empty segment.');
  const [first = '', ...others] = raw.flatMap((segment) => parts(decode(segment)));
  const [owner, ...below] = first.toLowerCase() === 'users' ? [others[0] ?? '', ...others.slice(1)] : [first.toLowerCase(), ...others];
  if (owner !== 'me' && first.toLowerCase() !== 'users') throw new Refused(400, 'BadRequest', `Resource not found for the segment '${first}'.`);
  let segments = below;
  // A folder below a folder is found by its own id.
  while (segments[0] === 'mailFolders' && segments[2] === 'childFolders' && segments[3] !== undefined && !segments[3].startsWith('$')) {
    segments = ['mailFolders', ...segments.slice(3)];
  }
  const isInFolder = segments[0] === 'mailFolders' && segments[2] === 'messages';
  return { owner: owner ?? '', segments: isInFolder ? segments.slice(2) : segments, folder: isInFolder ? segments[1] : undefined };
}
