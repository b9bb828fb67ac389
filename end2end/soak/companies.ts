// The companies with whose mailboxes accounts are refreshed and mail is sent amid kills, and what differs between them.

import { SCOPE } from '../provider/google/scopes.ts';
import { NOWHERE } from '../support/app.ts';
import { type Google, GoogleProcess } from '../support/google.ts';
import { type Provider, ProviderProcess, type Settings } from '../support/provider.ts';
import type { StrictProcess } from '../support/strict-process.ts';
import { type ConnectorKind, GMAIL, OUTLOOK } from './administrator.ts';

/** A stand-in as one scene sees it. */
export type Seen = Provider | Google;

/** What the second use of a refresh token does. */
export type Reuse = Settings['reuse'];

/** A message that has left a mailbox. */
export interface Delivery {
  subject: string;
  messageId: string;
}

export interface Company<S extends Seen> {
  /** As its mailboxes are called. */
  name: 'Outlook' | 'Gmail';
  connector: ConnectorKind;
  /** What the second use of a refresh token may do, the worst last. */
  reuses: readonly Reuse[];
  /** Everything that sending needs for the safest way. */
  sending: readonly string[];
  /** The permission to send, and no other. */
  sendingOnly: readonly string[];
  /** The number of programs that may send from a mailbox at the same time. */
  programs: number;
  /** How long a program waits between two messages, in milliseconds, if it sends for minutes. */
  apart: number;
  /** Starts its stand-in. */
  start(): Promise<StrictProcess & { forOneTest(): Promise<S> }>;
  /** Settings of the stand-in that kills need. */
  prepare(seen: S): Promise<unknown>;
  /** Where the program finds the providers if its stand-in has this address. */
  addresses(url: string): { microsoft: string; google?: string };
  /** What has left a mailbox, by the stand-in's own record. */
  delivered(seen: S, email: string): Promise<Delivery[]>;
  /** Loses a share of the answers about drafts and their sending, some before they were carried out and some after it. */
  loseAnswers(seen: S, emails: string[]): Promise<unknown>;
  /** Loses a share of the answers about messages that are sent without a draft. */
  loseAnswersAtOnce(seen: S, emails: string[]): Promise<unknown>;
  keepAnswers(seen: S, emails: string[]): Promise<unknown>;
}

/** Short, so that each test of an access refreshes. */
const ACCESS_SECONDS = 30;

/** Answers of Graph to requests that write, of which a share is lost, before or after they were carried out. */
const LOST = ['gateway-timeout', 'gateway-timeout-after', 'gateway-timeout-sent', 'lost-before', 'lost-after', 'lost-sent'];

export const MICROSOFT: Company<Provider> = {
  name: 'Outlook',
  connector: OUTLOOK,
  reuses: ['allow', 'revoke'],
  sending: ['Mail.ReadWrite', 'Mail.Send'],
  sendingOnly: ['Mail.Send'],
  programs: 2,
  apart: 0,
  start: () => ProviderProcess.start(),
  prepare: (seen) => seen.set({ atTtl: ACCESS_SECONDS }),
  addresses: (url) => ({ microsoft: url }),
  delivered: async (seen, email) => (await seen.sent({ login: email, wait: true })).deliveries,
  loseAnswers: (seen) => seen.gate({ faults: LOST.map((kind) => ({ kind, method: 'POST', path: '/send$|^/me/messages$', share: 4, times: 0, seed: kind })) }),
  loseAnswersAtOnce: (seen) => seen.gate({ faults: ['gateway-timeout', 'lost-sent'].map((kind) => ({ kind, path: '^/me/sendMail', share: 15, times: 0, seed: kind })) }),
  keepAnswers: (seen) => seen.gate({ reset: true }),
};

/** Sets these faults of myworld in each mailbox. Each of them meets a share of its calls. */
const spoil = (seen: Google, emails: string[], tools: string[], kinds: string[], probability: number): Promise<unknown> => {
  const faults = tools.flatMap((tool) => kinds.map((kind) => ({ tool: `gmail.users.${tool}`, kind, probability, times: null })));
  return Promise.all(emails.map((email) => seen.setFaults(email, faults)));
};

export const GOOGLE: Company<Google> = {
  name: 'Gmail',
  connector: GMAIL,
  // Google gives no new refresh token, so that an old one is used each time.
  reuses: ['allow'],
  sending: [SCOPE.modify],
  sendingOnly: [SCOPE.send],
  // The stand-in takes the newest message for that of a request whose answer is lost.
  programs: 1,
  // The quota of a mailbox is enough for about forty messages a minute.
  apart: 1300,
  start: () => GoogleProcess.start(),
  // A mailbox with little is made sooner, and has nothing under Sent at first.
  prepare: (seen) => seen.set({ atTtl: ACCESS_SECONDS, messages: 1, contacts: 1 }),
  addresses: (url) => ({ microsoft: NOWHERE, google: url }),
  delivered: (seen, email) => seen.sent(email),
  loseAnswers: (seen, emails) => spoil(seen, emails, ['drafts.create', 'drafts.send'], ['timeout', 'timeout_after_commit', 'unavailable'], 0.04),
  loseAnswersAtOnce: (seen, emails) => spoil(seen, emails, ['messages.send'], ['timeout', 'timeout_after_commit'], 0.15),
  keepAnswers: (seen, emails) => spoil(seen, emails, [], [], 0),
};
