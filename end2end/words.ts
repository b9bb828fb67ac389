// The words on the screens that the stories use: the issue's, DESIGN.md's and the help
// page's. They are in one place, so that a changed word is one changed line.

export const SET_UP = {
  organisation: 'Organisation',
  name: 'Your name',
  email: 'Email',
  password: 'Password',
  button: 'Set up',
};

export const LOG_IN = { email: 'Email', password: 'Password', button: 'Log in', out: 'Log out' };

export const CONFIRM = { heading: 'Confirm that it is you', button: 'Confirm' };

export const PEOPLE = { heading: 'People', open: 'Invite a user', invite: 'Create an invitation link', role: 'Role' };

export const PROFILE = { heading: 'Profile', secondFactor: 'Set up a second factor', saved: 'I have saved the codes', continue: 'Continue' };

export const CONNECTORS = { heading: 'Connectors', add: 'Add connector', redirectUri: 'Redirect URI', scope: 'View API scope' };

export const FORM = {
  heading: 'Add Connector',
  provider: 'Service provider',
  outlook: 'Outlook',
  onlyForm: 'I already have an application: show only the form',
  steps: 'Show the steps in Azure',
  serviceName: 'Service Name',
  clientId: 'Client ID',
  secret: 'Client Secret',
  expires: 'Secret expires',
  anotherDay: 'Another day',
  day: 'Day',
  audience: 'Who may sign in',
  tenant: /tenant id|directory \(tenant\)|^tenant/i,
  add: 'Add',
  cancel: 'Cancel',
};

/** The portal's words for the account types. */
export const AUDIENCE = {
  everybody: /Any Entra ID Tenant \+ Personal Microsoft accounts/,
  organisations: /Multiple Entra ID tenants/,
  single: /Single tenant only/,
  personal: /Personal accounts only/,
};

export const ADDED = 'The Microsoft connector has been successfully added to Mail360';
export const CONNECTOR = { edit: 'Edit', replace: 'Replace the client secret', delete: 'Delete this connector', save: 'Save', search: 'Search by name or Client ID', sort: 'Sort by', show: 'Search' };
/** The first words until a sign-in has gone through, then the others. */
export const VERIFY = /^(Sign in with Microsoft to verify|Verify again)$/;
export const CONTINUE = 'Continue to Microsoft';
export const SECRET_ID = 'This is the Secret ID. Copy the Value column instead.';

export const STATE = { not: 'Not verified', verified: 'Verified', failing: /Failing/ };

export const PASTE = {
  question: 'Did Microsoft show an error? Paste it.',
  field: 'What Microsoft showed',
  button: 'Explain this error',
  registered: 'The Redirect URI as Azure has it',
  compare: 'Compare',
  tenant: 'Directory (tenant) ID',
  retry: 'Use this tenant and sign in again',
};
