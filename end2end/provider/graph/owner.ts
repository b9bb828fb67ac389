// The owner of a mailbox as a user of the directory: `/users/{id}` alone. `/me` alone is answered by the strict server.

import type { User } from '@microsoft/microsoft-graph-types';
import { proxyAddressesOf } from './addresses.ts';
import { type Answer, type GraphContext, type GraphRequest, refusal, requestDenied } from './context.ts';
import type { Type } from './filter.ts';
import { guidOf } from '../pages.mjs';
import { contextOf, type ListRules, selected } from './query.ts';

const STRINGS = [
  'id', 'displayName', 'givenName', 'surname', 'mail', 'userPrincipalName', 'jobTitle', 'mobilePhone', 'officeLocation', 'preferredLanguage',
];

const RULES: Pick<ListRules, 'entity' | 'schema'> = {
  entity: 'microsoft.graph.user',
  schema: {
    ...Object.fromEntries(STRINGS.map((name): [string, Type] => [name, 'string'])),
    businessPhones: { list: 'string' },
    proxyAddresses: { list: 'string' },
  },
};

/** Properties that an answer has only if they are selected. */
const ON_DEMAND = ['proxyAddresses'];

/** Whether a path names the account of the token: `me`, its id, or its log-in. */
export function isOwner(owner: string, login: string): boolean {
  return [login.toLowerCase(), guidOf(login), 'me'].includes(owner.toLowerCase());
}

/** Answers the owner, if the path ends there. */
export function handleOwner(request: GraphRequest, context: GraphContext): Answer | undefined {
  if (request.segments.length > 0) return undefined;
  if (!context.scopes.includes('User.Read')) return requestDenied();
  if (request.method !== 'GET') return refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed for the request target.');
  const { login } = context;
  const user: User = {
    id: guidOf(login),
    businessPhones: [],
    displayName: login.split('@')[0] ?? '',
    givenName: null,
    jobTitle: null,
    mail: context.settings.mail ? login : null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: context.settings.language,
    surname: null,
    userPrincipalName: login,
    proxyAddresses: proxyAddressesOf(login, context.settings),
  };
  const select = selected(request, RULES) ?? Object.keys(user).filter((name) => !ON_DEMAND.includes(name));
  const kept = Object.entries(user).filter(([name]) => select.includes(name));
  return { status: 200, json: { '@odata.context': contextOf(request, 'users/$entity'), ...Object.fromEntries(kept) } };
}
