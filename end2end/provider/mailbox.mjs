// The part of Graph that a test of access reads: the inbox, the newest message and the number of contacts. A call needs
// a valid access token with the permission for it.

import { randomUUID } from 'node:crypto';

const MAIL = ['Mail.Read', 'Mail.ReadWrite'];
const CONTACTS = ['Contacts.Read', 'Contacts.ReadWrite'];

/** @param {string} code @param {string} message */
const failed = (code, message) => ({ error: { code, message, innerError: { 'request-id': randomUUID(), date: new Date().toISOString() } } });

/** Whether this module answers the path. @param {string} path */
export const isMailbox = (path) => /^\/v1\.0\/me\/(mailFolders|messages|contacts)(\/|$)/.test(path);

/**
 * The answer: a status and a JSON value, or the text of a number.
 * @param {URL} url
 * @param {string[]} scopes The permissions of the access token.
 * @param {import('./settings.mjs').Settings} settings
 * @returns {[number, unknown]}
 */
export function answer(url, scopes, settings) {
  const [, , , kind, id] = url.pathname.split('/');
  const needed = kind === 'contacts' ? CONTACTS : MAIL;
  if (!needed.some((scope) => scopes.includes(scope))) {
    return [403, failed('ErrorAccessDenied', 'Access is denied. Check credentials and try again.')];
  }
  if (!settings.mailbox) {
    return [404, failed('MailboxNotEnabledForRESTAPI', 'The mailbox is either inactive, soft-deleted, or is hosted on-premise.')];
  }
  const top = Number(url.searchParams.get('$top') ?? 10);
  if (kind === 'mailFolders' && id) {
    return [200, { id: `AAMk-${id}`, displayName: 'Inbox', totalItemCount: settings.newestMessage ? 1 : 0 }];
  }
  if (kind === 'messages' && !id) {
    const messages = settings.newestMessage ? [{ id: 'AAMk-newest', receivedDateTime: settings.newestMessage }] : [];
    return [200, { value: messages.slice(0, top) }];
  }
  if (kind === 'contacts' && id === '$count') return [200, settings.contacts];
  if (kind === 'contacts' && !id) {
    const value = Array.from({ length: Math.min(top, settings.contacts) }, (_, n) => ({ id: `contact-${n}` }));
    const counted = url.searchParams.get('$count') === 'true' ? { '@odata.count': settings.contacts } : {};
    return [200, { ...counted, value }];
  }
  return [404, failed('ErrorItemNotFound', 'The specified object was not found in the store.')];
}
