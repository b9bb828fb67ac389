// The switches of the provider. The environment sets them at the start,
// and `POST /__control` changes them later.

import { FAULT_NAMES } from './faults.mjs';

/** @param {string | undefined} text @param {boolean} fallback */
const flag = (text, fallback) => (text === undefined || text === '' ? fallback : !['0', 'no', 'false'].includes(text));

/** @typedef {ReturnType<typeof settingsFrom>} Settings */

/** @param {NodeJS.ProcessEnv} env */
export function settingsFrom(env) {
  return {
    /** Lifetime of an access token, in seconds. */
    atTtl: Number(env.AT_TTL || 3600),
    /** Lifetime of a code, in seconds. Microsoft's are valid for about ten minutes. */
    codeTtl: Number(env.CODE_TTL || 600),
    /** The form in which the token response names the granted scopes: see scopes.mjs. */
    scope: env.SCOPE_SHAPE || 'short',
    /** Whether the response in the browser has `iss` (RFC 9207). Microsoft sends none. */
    iss: flag(env.ISS, false),
    /** Whether a refresh token is issued. */
    refreshToken: flag(env.REFRESH_TOKEN, true),
    /** What the second use of a refresh token does: `revoke` its grant, or, as at Microsoft, `allow` it. */
    reuse: env.REUSE || 'revoke',
    /** Whether the answer of the token endpoint names the lifetime of the access token. */
    expiresIn: flag(env.EXPIRES_IN, true),
    /** Number of bytes by which a refresh token is longer than it need be. */
    padding: Number(env.PADDING || 0),
    /** Whether the page on which an administrator approves sends the browser back. */
    approvalReturns: flag(env.APPROVAL_RETURNS, true),
    /** Whether the accounts have a mailbox. */
    mailbox: flag(env.MAILBOX, true),
    /** When the newest message of each mailbox was received; empty if there is none. */
    newestMessage: env.NEWEST_MESSAGE ?? '2026-11-28T09:30:00Z',
    /** The number of messages that each mailbox has at first. */
    messages: Number(env.MESSAGES || 40),
    /** The language of the folders' names: `en` or `de`. */
    language: env.LANGUAGE_OF_MAILBOXES || 'en',
    /** Whether Graph refuses a filter by category with an order, as it does on some mailboxes. */
    refuseOrderedCategories: flag(env.REFUSE_ORDERED_CATEGORIES, false),
    /** The number of messages with their bodies in one page above which Graph answers 504; 0 if it never does. */
    maxBodies: Number(env.MAX_BODIES || 0),
    /** Whether errors spell `innerError` in small letters. */
    lowercaseInnerError: flag(env.LOWERCASE_INNER_ERROR, false),
    /** What Graph does with a parameter without `$` that it does not know: `refuse` it, or, as at Microsoft, `ignore` it. */
    unknownParameters: env.UNKNOWN_PARAMETERS || 'refuse',
    /** Whether the second page of a search is stale. */
    staleSearch: flag(env.STALE_SEARCH, false),
    /** Whether a message that left a folder and came back stays removed in its changes, under immutable ids. */
    lostReturns: flag(env.LOST_RETURNS, false),
    /** The number of contacts of each mailbox. */
    contacts: Number(env.CONTACTS || 12),
    /** Whether the authorise URL first redirects to a second origin, which has the log-in page. */
    redirectFirst: flag(env.REDIRECT_FIRST, false),
    /** Whether a refusal has a `state`. Microsoft's own example of one does not. */
    stateOnError: flag(env.STATE_ON_ERROR, true),
    /** Whether Graph's answer names a mailbox; for some accounts `mail` is null. */
    mail: flag(env.MAIL, true),
    /** How long the token endpoint waits before it answers, in milliseconds. */
    tokenDelay: Number(env.TOKEN_DELAY || 0),
    /** How long the answer of the token endpoint is on its way, in milliseconds: the server has rotated the token. */
    answerDelay: Number(env.ANSWER_DELAY || 0),
    /** The response in place of the strict server's: see faults.mjs. */
    fault: env.FAULT || '',
    /** The place of the fault: the `token` endpoint, or Graph's `me`. */
    faultAt: env.FAULT_AT || 'token',
    /** An OAuth error that the redirect back has instead of a code, before any question to the user. */
    authorizeError: '',
    /** Microsoft's code in its description. */
    authorizeCode: 0,
  };
}

/**
 * Accepts known settings of the same type only: a misspelt switch must not let a test pass.
 * @param {Record<string, unknown>} settings
 * @param {Record<string, unknown>} changes
 */
export function change(settings, changes) {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in settings)) throw new Error(`no setting is called ${name}`);
    if (typeof value !== typeof settings[name]) throw new Error(`${name} must be a ${typeof settings[name]}`);
    if (name === 'fault' && value !== '' && !FAULT_NAMES.includes(String(value))) throw new Error(`no fault is called ${value}`);
    settings[name] = value;
  }
}
