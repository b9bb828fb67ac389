// What the token endpoint answers in place of the strict server: errors as Google writes them, and those of
// general-faults.mjs. A fault is chosen by the setting `fault`, and where by `faultAt`.

import { type Fault, faultsWith, send } from '../general-faults.mjs';

/** An error of the token endpoint (RFC 6749, 5.2), with Google's further members. */
const google = (status: number, error: string, description: string, more: Record<string, unknown> = {}, headers: Record<string, string> = {}): Fault =>
  ({ res }) => { send(res, status, 'application/json; charset=utf-8', JSON.stringify({ error, error_description: description, ...more }), headers); };

export const { names: FAULT_NAMES, fail } = faultsWith({
  'wrong-secret': google(401, 'invalid_client', 'Unauthorized'),
  'unknown-client': google(401, 'invalid_client', 'The OAuth client was not found.'),
  'deleted-client': google(401, 'deleted_client', 'The OAuth client was deleted.'),
  'disabled-client': google(401, 'disabled_client', 'The OAuth client was disabled.'),
  'wrong-kind-of-client': google(401, 'unauthorized_client', 'Unauthorized'),
  'redirect-mismatch': google(400, 'redirect_uri_mismatch', 'Bad Request'),
  'revoked': google(400, 'invalid_grant', 'Token has been expired or revoked.'),
  'code-redeemed': google(400, 'invalid_grant', 'Malformed auth code.'),
  // The company asks its users to sign in again after some time (Google Cloud session control).
  'session-control': google(400, 'invalid_grant', 'reauth related error (invalid_rapt)', {
    error_uri: 'https://support.google.com/a/answer/9368756', error_subtype: 'invalid_rapt',
  }),
  'account-deleted': google(400, 'invalid_grant', 'Account has been deleted'),
  'admin-policy': google(400, 'admin_policy_enforced', 'Your admin has not approved this app.'),
  transient: google(503, 'internal_failure', 'Backend Error'),
  throttled: google(429, 'rate_limit_exceeded', 'Rate limit exceeded.', {}, { 'retry-after': '120' }),
});
