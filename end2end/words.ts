// The words on the screens that the stories use: the issue's, DESIGN.md's and the help
// page's. They are in one place, so that a changed word is one changed line.

export const SET_UP = {
  organisation: 'Organisation',
  name: 'Your name',
  email: 'E-mail',
  password: 'Password',
  button: 'Set up',
};

export const LOG_IN = { email: 'E-mail', password: 'Password', button: 'Log in', out: 'Log out' };

export const CONFIRM = { heading: 'Confirm that it is you', button: 'Confirm' };

export const PEOPLE = { heading: 'People', invite: 'Make an invitation link', role: 'Role' };

export const CONNECTORS = { heading: 'Connectors', add: 'Add connector', redirectUri: 'Redirect URI', scope: 'View API scope' };

export const FORM = {
  heading: 'Add Connector',
  outlook: /^Outlook/,
  gmail: /^Gmail/,
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
export const CONNECTOR = { edit: 'Edit', replace: 'Replace the secret', delete: 'Delete', save: 'Save', search: 'Search', sort: 'Sort by', show: 'Show' };
export const VERIFY = 'Sign in with Microsoft to verify';
export const CONTINUE = 'Continue to Microsoft';
export const SECRET_ID = 'This is the Secret ID. Copy the Value column instead.';

export const STATE = { not: 'Not verified', verified: 'Verified', failing: /Failing/ };

export const PASTE = {
  question: 'Did Microsoft show an error? Paste it.',
  field: 'What Microsoft showed',
  button: 'Say what it means',
  registered: 'The Redirect URI as Azure has it',
  compare: 'Compare',
  tenant: 'Directory (tenant) ID',
  retry: 'Use this tenant and sign in again',
};
