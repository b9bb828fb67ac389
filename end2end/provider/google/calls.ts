// The calls of the two APIs: their names, the scopes of which a token needs one, and their quota units. The units are those
// of May 2026 where a page names them, and older ones otherwise (Gmail API, *Usage limits*).

import { SCOPE } from './scopes.ts';

export interface Call {
  /** The name in Google's discovery documents. */
  name: string;
  host: 'gmail.googleapis.com' | 'people.googleapis.com';
  units: number;
  scopes: readonly string[];
  /** The ids in the path. */
  ids: string[];
}

const READ = [SCOPE.metadata, SCOPE.read, SCOPE.modify, SCOPE.full];
const CONTENT = [SCOPE.read, SCOPE.modify, SCOPE.full];
const MODIFY = [SCOPE.modify, SCOPE.full];
const DRAFTS = [SCOPE.compose, SCOPE.modify, SCOPE.full];
const LABELS = [SCOPE.labels, SCOPE.modify, SCOPE.full];

/** Method, path below the user, name, units, scopes. `*` in a path is an id. */
const GMAIL: [method: string, path: string, name: string, units: number, scopes: readonly string[]][] = [
  ['GET', '/profile', 'getProfile', 1, [...READ, SCOPE.compose]],
  ['GET', '/messages', 'messages.list', 5, READ],
  ['POST', '/messages', 'messages.insert', 25, [SCOPE.insert, ...MODIFY]],
  ['POST', '/messages/import', 'messages.import', 25, [SCOPE.insert, ...MODIFY]],
  ['POST', '/messages/send', 'messages.send', 100, [SCOPE.send, ...DRAFTS]],
  ['POST', '/messages/batchModify', 'messages.batchModify', 50, MODIFY],
  ['POST', '/messages/batchDelete', 'messages.batchDelete', 50, [SCOPE.full]],
  ['GET', '/messages/*', 'messages.get', 20, READ],
  ['DELETE', '/messages/*', 'messages.delete', 10, [SCOPE.full]],
  ['POST', '/messages/*/modify', 'messages.modify', 5, MODIFY],
  ['POST', '/messages/*/trash', 'messages.trash', 5, MODIFY],
  ['POST', '/messages/*/untrash', 'messages.untrash', 5, MODIFY],
  ['GET', '/messages/*/attachments/*', 'messages.attachments.get', 5, CONTENT],
  ['GET', '/threads', 'threads.list', 10, READ],
  ['GET', '/threads/*', 'threads.get', 40, READ],
  ['DELETE', '/threads/*', 'threads.delete', 20, [SCOPE.full]],
  ['POST', '/threads/*/modify', 'threads.modify', 10, MODIFY],
  ['POST', '/threads/*/trash', 'threads.trash', 10, MODIFY],
  ['POST', '/threads/*/untrash', 'threads.untrash', 10, MODIFY],
  ['GET', '/drafts', 'drafts.list', 5, [SCOPE.read, ...DRAFTS]],
  ['POST', '/drafts', 'drafts.create', 10, DRAFTS],
  ['POST', '/drafts/send', 'drafts.send', 100, DRAFTS],
  ['GET', '/drafts/*', 'drafts.get', 20, [SCOPE.read, ...DRAFTS]],
  ['PUT', '/drafts/*', 'drafts.update', 15, DRAFTS],
  ['DELETE', '/drafts/*', 'drafts.delete', 10, DRAFTS],
  ['GET', '/labels', 'labels.list', 1, [SCOPE.metadata, SCOPE.read, ...LABELS]],
  ['POST', '/labels', 'labels.create', 5, LABELS],
  ['GET', '/labels/*', 'labels.get', 1, [SCOPE.metadata, SCOPE.read, ...LABELS]],
  ['PATCH', '/labels/*', 'labels.patch', 5, LABELS],
  ['PUT', '/labels/*', 'labels.update', 5, LABELS],
  ['DELETE', '/labels/*', 'labels.delete', 5, LABELS],
  ['GET', '/history', 'history.list', 2, READ],
  ['GET', '/settings/sendAs', 'settings.sendAs.list', 1, [SCOPE.settings, ...CONTENT]],
  ['GET', '/settings/sendAs/*', 'settings.sendAs.get', 1, [SCOPE.settings, ...CONTENT]],
];

const CONTACTS = [SCOPE.contacts];
const CONTACTS_READ = [SCOPE.contactsRead, SCOPE.contacts];

/** The People API counts requests, not units. */
const PEOPLE: [method: string, path: RegExp, name: string, scopes: readonly string[]][] = [
  ['GET', /^\/v1\/people\/me\/connections$/, 'people.connections.list', CONTACTS_READ],
  ['GET', /^\/v1\/people:searchContacts$/, 'people.searchContacts', CONTACTS_READ],
  ['POST', /^\/v1\/people:createContact$/, 'people.createContact', CONTACTS],
  ['PATCH', /^\/v1\/(people\/[^/:]+):updateContact$/, 'people.updateContact', CONTACTS],
  ['DELETE', /^\/v1\/(people\/[^/:]+):deleteContact$/, 'people.deleteContact', CONTACTS],
  ['GET', /^\/v1\/(people\/[^/:]+)$/, 'people.get', CONTACTS_READ],
  ['GET', /^\/v1\/contactGroups$/, 'contactGroups.list', CONTACTS_READ],
  ['POST', /^\/v1\/contactGroups$/, 'contactGroups.create', CONTACTS],
  ['GET', /^\/v1\/(contactGroups\/[^/:]+)$/, 'contactGroups.get', CONTACTS_READ],
  ['POST', /^\/v1\/(contactGroups\/[^/:]+)\/members:modify$/, 'contactGroups.members.modify', CONTACTS],
  ['GET', /^\/v1\/otherContacts$/, 'otherContacts.list', [SCOPE.otherContacts]],
];

const BELOW_USER = /^(?:\/upload)?\/gmail\/v1\/users\/([^/]+)(\/.*)$/;

const gmail = GMAIL.map(([method, path, name, units, scopes]) =>
  ({ method, name: `users.${name}`, units, scopes, pattern: new RegExp(`^${path.replaceAll('*', '([^/]+)')}$`) }));

/** Whether a path is one of the two APIs. */
export const isApi = (path: string): boolean => /^\/(gmail|upload|batch|v1)\//.test(path);

/** The call of a request; undefined if there is none. The first of `ids` is the user of a call of Gmail. */
export function callOf(method: string, path: string): Call | undefined {
  const below = BELOW_USER.exec(path);
  if (below) {
    const [, user = '', rest = ''] = below;
    for (const { pattern, ...call } of gmail) {
      const found = call.method === method ? pattern.exec(rest) : null;
      if (found) return { name: call.name, units: call.units, scopes: call.scopes, host: 'gmail.googleapis.com', ids: [user, ...found.slice(1)].map(decodeURIComponent) };
    }
    return undefined;
  }
  for (const [wanted, pattern, name, scopes] of PEOPLE) {
    const found = wanted === method ? pattern.exec(path) : null;
    if (found) return { name, scopes, units: 0, host: 'people.googleapis.com', ids: found.slice(1) };
  }
  return undefined;
}
