// The switches of the provider. The environment sets them at the start,
// and `POST /__control` changes them later.

import { FAULT_NAMES } from './faults.mjs';

/** @param {string | undefined} text @param {boolean} fallback */
export const flag = (text, fallback) => (text === undefined || text === '' ? fallback : !['0', 'no', 'false'].includes(text));

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
    /**
     * What a change of the content of a message that is not a draft is answered: `invalid` (400), `denied` (403), or
     * `changed`, as until the end of 2026.
     */
    finalContent: env.FINAL_CONTENT || 'invalid',
    /** The number of seconds after a change of a message in which a further one conflicts with it; 0 if none does. */
    conflictSeconds: Number(env.CONFLICT_SECONDS || 0),
    /** How many of a hundred such changes conflict. Which ones depends on the mailbox, the message and its changes alone. */
    conflictShare: Number(env.CONFLICT_SHARE || 100),
    /** The status of a conflict: others report 409 and 412. */
    conflictStatus: Number(env.CONFLICT_STATUS || 409),
    /** The status of a refused folder whose name is taken: others report 409 and 400. */
    folderExistsStatus: Number(env.FOLDER_EXISTS_STATUS || 409),
    /** Whether the cloud has `permanentDelete`, as only the global one does. */
    permanentDelete: flag(env.PERMANENT_DELETE, true),
    /** Where DELETE puts a message from another folder than Deleted Items: `deleteditems` or `recoverableitemsdeletions`. */
    deletedGoTo: env.DELETED_GO_TO || 'deleteditems',
    /** Whether a message that left a folder and came back stays removed in its changes, under immutable ids. */
    lostReturns: flag(env.LOST_RETURNS, false),
    /** The number of addresses that each mailbox has besides its own. */
    aliases: Number(env.ALIASES || 0),
    /** What a message from an address of another mailbox does: `replace` the address silently, or `refuse` to be sent. */
    sendAs: env.SEND_AS || 'replace',
    /** Which message ids of programs are kept: all (`kept`), those of new drafts but not of answers (`kept-in-new`), or none (`replaced`). */
    messageIds: env.MESSAGE_IDS || 'kept',
    /** How long an accepted draft stays a draft, in seconds; if negative, up to three, by the seed. */
    draftSeconds: Number(env.DRAFT_SECONDS || -1),
    /** How long it is found nowhere after that, in seconds; if negative, up to two, by the seed. */
    goneSeconds: Number(env.GONE_SECONDS || -1),
    sendSeed: env.SEND_SEED || '',
    /** What mail to an address without a mailbox does: `nothing`, or it comes back as a `bounce`. */
    unknownRecipients: env.UNKNOWN_RECIPIENTS || 'nothing',
    /** The file that gets one line of JSON for each delivery; empty if there is none. */
    deliveryLog: env.DELIVERY_LOG || '',
    /** Whether the owner of each mailbox has reached the daily limit of sending. */
    submissionQuota: flag(env.SUBMISSION_QUOTA, false),
    /** The number of messages that a mailbox sends in a minute; 0 if there is no limit. */
    sendsPerMinute: Number(env.SENDS_PER_MINUTE || 0),
    /** The largest message, in bytes before encoding. Administrators set it, up to 150 MB. */
    maxMessageBytes: Number(env.MAX_MESSAGE_BYTES || 150 * 1024 * 1024),
    /** The smallest file for an upload session, in bytes. Others have met a refusal of small ones. */
    leastUploadBytes: Number(env.LEAST_UPLOAD_BYTES || 0),
    /** How long an upload session lives, in seconds. */
    uploadSeconds: Number(env.UPLOAD_SECONDS || 3600),
    /** What the pieces of an upload are: `multiples` of 320 KiB but for the last one, or of `any` size. */
    uploadPieces: env.UPLOAD_PIECES || 'multiples',
    /** The address of the host for uploads, without a slash at the end. Set as soon as it listens. */
    uploadUrl: env.UPLOAD_URL || '',
    /** The folder in which uploaded files are kept; in memory if it is empty. */
    contentFolder: env.CONTENT_FOLDER || '',
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
 * @param {string[]} faults The names of the faults that there are.
 */
export function change(settings, changes, faults = FAULT_NAMES) {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in settings)) throw new Error(`no setting is called ${name}`);
    if (typeof value !== typeof settings[name]) throw new Error(`${name} must be a ${typeof settings[name]}`);
    if (name === 'fault' && value !== '' && !faults.includes(String(value))) throw new Error(`no fault is called ${value}`);
    settings[name] = value;
  }
}
