// The switches of the stand-in for Google. The environment sets them at the start, and `POST /__control` changes them later.

import { flag } from '../settings.mjs';

export type Settings = ReturnType<typeof settingsFrom>;

export function settingsFrom(env: NodeJS.ProcessEnv) {
  return {
    /** Lifetime of an access token, in seconds. */
    atTtl: Number(env.AT_TTL || 3599),
    /** Lifetime of a code, in seconds. */
    codeTtl: Number(env.CODE_TTL || 600),
    /** Lifetime of a refresh token, in seconds. */
    refreshTtl: Number(env.REFRESH_TTL || 181 * 86_400),
    /** Whether the application is in *Testing*: its refresh tokens end after seven days, and the answer says so. */
    testing: flag(env.TESTING, false),
    /** The form in which the answer names the granted scopes: `long` as at Google, or `absent`. */
    scope: env.SCOPE_SHAPE || 'long',
    /** Whether the response in the browser has `iss` (RFC 9207). */
    iss: flag(env.ISS, true),
    /** Whether a refresh token is issued where the rules allow one. */
    refreshToken: flag(env.REFRESH_TOKEN, true),
    /** What the second use of a refresh token does: the name of a setting of the shared store. At Google it is always allowed. */
    reuse: 'allow',
    /** Whether the answer of the token endpoint names the lifetime of the access token. */
    expiresIn: flag(env.EXPIRES_IN, true),
    /** Whether Google has verified the email address of the accounts. */
    emailVerified: flag(env.EMAIL_VERIFIED, true),
    /** Whether the accounts outside gmail.com belong to a Google Workspace domain, and their ID tokens have `hd`. */
    hostedDomain: flag(env.HOSTED_DOMAIN, true),
    /** The error with which Google's own page stops a sign-in, such as `org_internal`; see blocked.ts. Empty if none does. */
    blocked: env.BLOCKED || '',
    /** An OAuth error that the redirect back has instead of a code, before any question to the user. */
    authorizeError: '',
    /** How long the token endpoint waits before it answers, in milliseconds. */
    tokenDelay: Number(env.TOKEN_DELAY || 0),
    /** How long the answer of the token endpoint is on its way, in milliseconds. */
    answerDelay: Number(env.ANSWER_DELAY || 0),
    /** The response in place of the strict server's: see faults.ts. */
    fault: env.FAULT || '',
    /** The place of the fault: the `token` endpoint, `revoke`, or the Gmail API's `profile`. */
    faultAt: env.FAULT_AT || 'token',

    /** Whether the accounts have a mailbox. */
    mailbox: flag(env.MAILBOX, true),
    /** Whether the Gmail API and the People API are enabled in the project of the application. */
    gmailApi: flag(env.GMAIL_API, true),
    peopleApi: flag(env.PEOPLE_API, true),
    /** Quota units that a mailbox has in each minute (Gmail API, usage limits, since May 2026). */
    unitsPerMinute: Number(env.UNITS_PER_MINUTE || 6000),
    /** The number of messages that each mailbox has at first. */
    messages: Number(env.MESSAGES || 40),
    /** The number of contacts of each mailbox. */
    contacts: Number(env.CONTACTS || 12),
    /** Which message ids of programs are kept: all (`kept`), or none (`replaced`). */
    messageIds: env.MESSAGE_IDS || 'kept',
    /** Whether the ids of attachments are others at each reading of a message, as others report of Gmail. */
    changingAttachmentIds: flag(env.CHANGING_ATTACHMENT_IDS, true),
    /** Lifetime of a sync token of contacts, in seconds. */
    syncTokenSeconds: Number(env.SYNC_TOKEN_SECONDS || 7 * 86_400),
    /** The status with which an expired sync token is refused: pages name 400, older ones 410. */
    expiredSyncStatus: Number(env.EXPIRED_SYNC_STATUS || 400),
    /** The maximum number of bytes of a message in MIME (Gmail v1 discovery document, `messages.send`). */
    maxMessageBytes: Number(env.MAX_MESSAGE_BYTES || 36_700_160),
    /** The maximum number of bytes of a body in JSON. */
    maxJsonBytes: Number(env.MAX_JSON_BYTES || 5 * 1024 * 1024),
  };
}
