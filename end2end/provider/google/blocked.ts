// Google's own pages that stop a sign-in. The browser stays there; the application is told nothing. The words are those
// that users copy: facts, and forums that quote them.

import { escape, page } from '../pages.mjs';

const BLOCKED: Record<string, [status: number, heading: string, words: string]> = {
  redirect_uri_mismatch: [400, 'Access blocked: This app’s request is invalid', 'You can’t sign in because this app sent an invalid request. You can try again later, or contact the developer about this issue.'],
  invalid_client: [401, 'Access blocked: Authorization Error', 'The OAuth client was not found.'],
  invalid_scope: [400, 'Access blocked: Authorization Error', 'Some requested scopes were invalid.'],
  invalid_request: [400, 'Access blocked: Authorization Error', 'Required parameter is missing.'],
  unsupported_response_type: [400, 'Access blocked: Authorization Error', 'Invalid response_type.'],
  access_denied: [403, 'Access blocked: Mail archive has not completed the Google verification process', 'The app is currently being tested, and can only be accessed by developer-approved testers.'],
  org_internal: [403, 'Access blocked: Mail archive can only be used within its organization', 'This client is restricted to users within its organization.'],
  admin_policy_enforced: [400, 'Access blocked: Your institution’s admin needs to review Mail archive', 'This app needs your administrator to approve the scopes that it asks for.'],
  disallowed_useragent: [403, 'Access blocked: Mail archive’s request does not comply with Google’s policies', 'Use secure browsers.'],
};

/** One of these pages. @param detail What the page shows under "error details". */
export function blockedPage(error: string, detail = ''): { status: number; html: string } {
  const found = BLOCKED[error];
  if (!found) throw new Error(`no page is called ${error}; there are ${Object.keys(BLOCKED).join(', ')}`);
  const [status, heading, words] = found;
  return { status, html: page(heading, `<p>${escape(words)}</p><p>Error ${status}: ${error}</p>${detail && `<p>Request details: ${escape(detail)}</p>`}`) };
}
