// The People API: myworld has the contacts. Added here: the fields that it drops, groups of the owner, and sync tokens.

import type { Call } from './calls.ts';
import { ContactBook, type Person } from './contact-book.ts';
import { type Answer, notFound, refusal } from './errors.ts';
import type { Settings } from './settings.ts';
import type { Mailbox, World } from './world.ts';

const HOST = 'people.googleapis.com';

export interface PeopleRequest {
  call: Call;
  url: URL;
  body: Buffer;
  mailbox: Mailbox;
  world: World;
  settings: Settings;
}

interface List {
  connections?: Person[];
  results?: { person: Person }[];
  contactGroups?: object[];
  nextPageToken?: string;
  nextSyncToken?: string;
  totalItems?: number;
}

const invalid = (message: string): Answer => refusal(400, message);
const maskOf = (url: URL, name = 'personFields'): string[] => (url.searchParams.get(name) ?? '').split(',').map((field) => field.trim()).filter(Boolean);

const expired = (status: number): Answer => refusal(status, 'Sync token is expired. Clear local cache and retry call without the sync token.', {
  status: 'FAILED_PRECONDITION', info: { reason: 'EXPIRED_SYNC_TOKEN', domain: 'people.googleapis.com' },
});

/** The parameters that must be the same at each call with a sync token. */
const keyOf = (url: URL): string => JSON.stringify(['personFields', 'sources', 'sortOrder'].map((name) => url.searchParams.getAll(name).sort()));

const isFine = ({ status }: Answer): boolean => status === 200;

function read<T>(body: Buffer): T | undefined {
  try {
    return JSON.parse(body.toString()) as T;
  } catch {
    return undefined;
  }
}

/** Sends the request to myworld, without the parameters that it does not have. */
function pass({ world, mailbox, url, body }: PeopleRequest, method: string): Promise<Answer> {
  const query = new URLSearchParams(url.search);
  for (const name of ['requestSyncToken', 'syncToken', 'sources']) query.delete(name);
  return world.send(mailbox, { method, host: HOST, target: `${url.pathname}?${query.toString()}`, body, ...(body.length && { type: 'application/json' }) });
}

/** One contact with everything that it has; undefined if there is none. */
async function contactOf({ world, mailbox }: PeopleRequest, resource: string, mask: string[]): Promise<Person | undefined> {
  // A mask of what myworld drops alone is fine with it.
  const answer = await world.send(mailbox, { method: 'GET', host: HOST, target: `/v1/${resource}?personFields=${mask.join(',') || 'names'}` });
  return isFine(answer) ? mailbox.book.complete(answer.json as Person, mask) : undefined;
}

async function list(request: PeopleRequest): Promise<Answer> {
  const { url, mailbox: { book } } = request;
  const get = (name: string): string => url.searchParams.get(name) ?? '';
  const mask = maskOf(url);
  const wantsToken = get('requestSyncToken') === 'true';
  const key = keyOf(url);
  if (get('syncToken')) return changes(request, mask, key);
  if (!get('pageToken')) book.begin();
  const answer = await pass(request, 'GET');
  if (!isFine(answer)) return answer;
  const page = answer.json as List;
  const connections = page.connections?.map((person) => book.complete(person, mask));
  const token = wantsToken && !page.nextPageToken ? { nextSyncToken: book.token(key, Date.now()) } : {};
  return { status: 200, json: { ...page, ...(connections && { connections }), ...token } };
}

/** The contacts that have changed since a sync token, by pages. */
async function changes(request: PeopleRequest, mask: string[], key: string): Promise<Answer> {
  const { url, mailbox: { book }, settings } = request;
  const found = book.since(url.searchParams.get('syncToken') ?? '', key, Date.now(), settings.syncTokenSeconds);
  if (found === 'expired') return expired(settings.expiredSyncStatus);
  if (found === 'other') return invalid('Sync token is invalid: all other parameters must be those of the request that gave it.');
  if (found === 'invalid') return invalid('Sync token is invalid.');
  if (!mask.length) return invalid('personFields mask is required. Please specify one or more valid paths.');
  const size = Math.min(Number(url.searchParams.get('pageSize') || 100), 1000);
  const page = url.searchParams.get('pageToken');
  const [from, until] = page ? Buffer.from(page, 'base64url').toString().split(' ').map(Number) as [number, number] : [0, found.until];
  if (!Number.isInteger(from) || !Number.isInteger(until)) return invalid('Page token is invalid.');
  const connections: Person[] = [];
  for (const [resource, isDeleted] of found.changed.slice(from, from + size)) {
    const person = isDeleted ? undefined : await contactOf(request, resource, mask);
    connections.push(person ?? { resourceName: resource, metadata: { sources: [], deleted: true, objectType: 'PERSON' } });
  }
  const isLast = from + size >= found.changed.length;
  return {
    status: 200,
    json: {
      ...(connections.length && { connections }), totalItems: found.changed.length,
      ...(isLast ? { nextSyncToken: book.token(key, Date.now(), until) } : { nextPageToken: Buffer.from(`${from + size} ${until}`).toString('base64url') }),
    },
  };
}

async function write(request: PeopleRequest, method: string): Promise<Answer> {
  const { call, url, body, mailbox: { book } } = request;
  const person = read<Person>(body);
  if (!person) return invalid('Invalid JSON payload received.');
  const surplus = ContactBook.surplus(person);
  if (surplus) return invalid(`Only one ${surplus} is allowed.`);
  const fields = maskOf(url, 'updatePersonFields');
  const answer = await pass(request, method);
  if (!isFine(answer)) return answer;
  const made = answer.json as Person;
  const resource = made.resourceName ?? '';
  book.keep(resource, person, call.name === 'people.updateContact' ? fields : undefined);
  const mask = maskOf(url);
  const whole = await contactOf(request, resource, mask.length ? mask : ['names', 'emailAddresses', 'metadata']);
  return { status: 200, json: whole ?? made };
}

const SYSTEM = 'SYSTEM_CONTACT_GROUP';
const groupJson = ({ resourceName, name }: { resourceName: string; name: string }): object =>
  ({ resourceName, name, formattedName: name, groupType: 'USER_CONTACT_GROUP', etag: '%EgE', memberCount: 0 });

async function groups(request: PeopleRequest): Promise<Answer> {
  const { call, body, url, mailbox: { book }, world, mailbox } = request;
  const [resource = ''] = call.ids;
  if (call.name === 'contactGroups.create') {
    const name = read<{ contactGroup?: { name?: string } }>(body)?.contactGroup?.name?.trim();
    if (!name) return invalid('Contact group name cannot be empty.');
    if ([...book.groups.values()].some((group) => group.name === name)) return refusal(409, 'Contact group name already exists.', { status: 'ALREADY_EXISTS' });
    const group = { resourceName: `contactGroups/${(book.groups.size + 1).toString(16).padStart(8, '4')}`, name };
    book.groups.set(group.resourceName, group);
    return { status: 200, json: groupJson(group) };
  }
  const answer = await world.send(mailbox, { method: 'GET', host: HOST, target: `/v1/contactGroups${call.name === 'contactGroups.list' ? url.search : ''}` });
  if (!isFine(answer)) return answer;
  const page = answer.json as List;
  const all = [...(page.contactGroups ?? []), ...[...book.groups.values()].map(groupJson)] as { resourceName: string; groupType: string }[];
  if (call.name === 'contactGroups.list') return { status: 200, json: { ...page, contactGroups: all, totalItems: all.length } };
  const found = all.find(({ resourceName }) => resourceName === resource);
  if (!found) return notFound();
  if (call.name === 'contactGroups.get') return { status: 200, json: found };
  if (found.groupType === SYSTEM && resource !== 'contactGroups/myContacts' && resource !== 'contactGroups/starred') return invalid('Contacts cannot be added to this group.');
  const added = read<{ resourceNamesToAdd?: string[] }>(body)?.resourceNamesToAdd ?? [];
  const notFoundResourceNames: string[] = [];
  for (const name of added) {
    const person = await contactOf(request, name, ['memberships']);
    if (person) book.join(name, resource, (person.memberships as Record<string, unknown>[] | undefined) ?? []);
    else notFoundResourceNames.push(name);
  }
  return { status: 200, json: notFoundResourceNames.length ? { notFoundResourceNames } : {} };
}

/** Answers a call of the People API. */
export async function handlePeople(request: PeopleRequest, method: string): Promise<Answer> {
  const { call, url, mailbox: { book } } = request;
  switch (call.name) {
    case 'people.connections.list': return list(request);
    case 'people.createContact': case 'people.updateContact': return write(request, method);
    case 'people.deleteContact': {
      const answer = await pass(request, method);
      if (isFine(answer)) book.drop(call.ids[0] ?? '');
      return answer;
    }
    case 'people.get': {
      const answer = await pass(request, method);
      return isFine(answer) ? { status: 200, json: book.complete(answer.json as Person, maskOf(url)) } : answer;
    }
    case 'people.searchContacts': {
      const answer = await pass(request, method);
      const { results } = (isFine(answer) ? answer.json : {}) as List;
      if (!results) return answer;
      return { status: 200, json: { results: results.map(({ person }) => ({ person: book.complete(person, maskOf(url, 'readMask')) })) } };
    }
    case 'otherContacts.list': return pass(request, method);
    default: return groups(request);
  }
}
