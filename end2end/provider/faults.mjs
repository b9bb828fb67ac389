// What the token endpoint, or Graph, answers in place of the strict server: errors as Microsoft documents them, and those of
// general-faults.mjs. A fault is chosen by the setting `fault`, and where by `faultAt`.

import { randomUUID } from 'node:crypto';
import { faultsWith, send } from './general-faults.mjs';

/** @typedef {import('./general-faults.mjs').Fault} Fault */

/** Texts as Microsoft writes them; of others there is one for all. @type {Record<number, string>} */
const TEXTS = {
  50011: 'The redirect URI specified in the request does not match the redirect URIs configured for the application.',
  53003: 'Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.',
  54005: 'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
  65001: 'The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.',
  65004: 'User declined to consent to access the app.',
  70011: 'The provided request must include a \'scope\' input parameter. The provided value for the input parameter \'scope\' is not valid.',
  90002: 'Tenant not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.',
  90033: 'A transient error has occurred. Please try again.',
  90094: 'Admin consent is required for the permissions requested by this application.',
  700016: 'Application was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant.',
  700025: 'Client is public so neither \'client_assertion\' nor \'client_secret\' should be presented.',
  7000012: 'The grant was obtained for a different tenant.',
  7000215: 'Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app.',
  7000218: 'The request body must contain the following parameter: \'client_assertion\' or \'client_secret\'.',
  7000222: 'The provided client secret keys for app are expired. Visit the Azure portal to create new keys for your app.',
};

/**
 * A description with its ids, line ends and all.
 * @param {number} code
 */
export function describe(code) {
  const ids = { trace_id: randomUUID(), correlation_id: randomUUID() };
  const timestamp = new Date().toISOString().replace('T', ' ').replace(/\.\d+Z/, 'Z');
  const text = TEXTS[code] ?? 'Something that this provider has no words for.';
  const lines = [`AADSTS${code}: ${text}`, `Trace ID: ${ids.trace_id}`, `Correlation ID: ${ids.correlation_id}`, `Timestamp: ${timestamp}`];
  return { ...ids, timestamp, error_description: lines.join('\r\n') };
}

/**
 * An error as Microsoft documents one.
 * @param {number} status
 * @param {string} error
 * @param {number} code
 * @param {Record<string, string>} [headers]
 * @returns {Fault}
 */
const microsoft = (status, error, code, headers = {}) => ({ res }) => {
  const body = { error, ...describe(code), error_codes: [code], error_uri: `https://login.microsoftonline.com/error?code=${code}` };
  send(res, status, 'application/json; charset=utf-8', JSON.stringify(body), headers);
};

/** @type {Record<string, Fault>} */
const FAULTS = {
  'wrong-secret': microsoft(401, 'invalid_client', 7000215),
  'expired-secret': microsoft(401, 'invalid_client', 7000222),
  'unknown-application': microsoft(400, 'unauthorized_client', 700016),
  'unknown-tenant': microsoft(400, 'invalid_request', 90002),
  'public-client': microsoft(401, 'invalid_client', 700025),
  'secret-missing': microsoft(401, 'invalid_client', 7000218),
  'no-consent': microsoft(400, 'invalid_grant', 65001),
  'code-redeemed': microsoft(400, 'invalid_grant', 54005),
  'permission-invalid': microsoft(400, 'invalid_scope', 70011),
  'conditional-access': microsoft(400, 'invalid_grant', 53003),
  'unknown-code': microsoft(400, 'invalid_grant', 9999999),
  transient: microsoft(503, 'temporarily_unavailable', 90033),
  throttled: microsoft(429, 'temporarily_unavailable', 90033, { 'retry-after': '120' }),
};

export const { names: FAULT_NAMES, fail } = faultsWith(FAULTS);
