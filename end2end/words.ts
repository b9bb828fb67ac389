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

export const APPEARANCE = {
  heading: 'Appearance to users', name: 'Public name', contact: 'Contact', privacy: 'Address of your privacy notice', save: 'Save', logo: 'File with the logo', saveLogo: 'Save the logo', picture: 'The present logo',
};

/** Settings > API access, and Logs > API. */
export const API = {
  access: 'API access', calls: 'API calls', add: 'Add API client', name: 'Name', none: /Add one to get its key/,
  newKey: 'Your new API key', saved: 'I have saved the key', newSecret: 'Your new Client Secret', savedSecret: 'I have saved the secret',
  firstCall: 'A first call with curl', tryIt: 'Try it: use this mailbox with curl',
  messagesLine: 'Line that reads the newest messages', contactsLine: 'Line that reads contacts', sendLine: 'Line that sends a mail to this mailbox',
  account: 'Email or key of the account', mail360: 'For programs written for Mail360', makeSecret: 'Make a Client Secret',
  notShown: 'The key is not shown again', another: 'Create another key', tryApi: 'Try it: a first call with curl',
  openAccount: 'Open the account', from: 'From', ofAccount: 'Activity of this account', callsOfAccount: 'API calls of this account',
  revoke: 'Revoke everything', reference: 'API reference', parts: 'Parts of this page',
};

export const PROFILE = { heading: 'Profile', secondFactor: 'Set up a second factor', saved: 'I have saved the codes', continue: 'Continue' };

export const APPROVALS = {
  company: 'Company', make: 'Make a link', go: 'Continue with Microsoft', here: 'Continue here',
  asked: 'Contoso Testing asks you to allow software for your company', allowed: 'You allowed the permissions',
  refused: 'The permissions were not allowed', again: 'Try again', connected: 'Your mailbox is connected',
};

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

/** The form of a Gmail connector. */
export const GMAIL = {
  card: /^Gmail/,
  outlook: /^Outlook/,
  domain: 'Only accounts of this domain',
  file: 'JSON file of the OAuth client',
  firstStep: 'Step G1 is done',
  project: 'Set up a project at Google',
  desktop: 'This is the file of a Desktop app.',
  unlisted: 'The file does not have the Redirect URI',
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

export const ACCOUNTS = {
  heading: 'Accounts',
  none: 'No accounts yet',
  add: 'Add account',
  first: 'Connect the first account',
  test: 'Test access',
  works: 'The access works',
  fails: 'The access does not work now',
  pause: 'Pause',
  resume: 'Resume',
  again: 'Make a link to sign in again',
  move: 'Make a link: sign in again, or move to another connector',
  link: 'Make a link for this account',
  openConnector: 'Open the connector',
  disconnect: 'Disconnect the account',
  delete: 'Delete the account',
  connector: 'Connector',
};

/** The states of an account. */
export const ACCOUNT = {
  connected: 'Connected',
  needsSignIn: 'Needs sign-in',
  waiting: 'Waiting for the connector',
  disconnected: 'Disconnected',
  paused: 'Paused',
};

/** The form of a connect link, the page that shows it, and the links of a connector. */
export const LINK = {
  email: 'Email of the mailbox',
  name: 'Name of the account',
  returnAddress: 'Return address',
  life: 'The link works for',
  make: 'Make a link',
  ready: 'The link is ready',
  copyNow: 'Copy the link now',
  list: 'Links',
  open: 'Connect links: 1 open',
  noneOpen: 'Connect links: none open',
  revoke: 'Revoke the link for any mailbox',
};

/** The pages behind a link, in English. `Contoso Testing` is the organisation of the stories. */
export const CONNECT = {
  heading: 'Contoso Testing asks to connect your mailbox',
  again: 'Contoso Testing asks you to sign in again',
  continue: 'Continue with Microsoft',
  close: 'You can close this page.',
  administrator: 'Did Microsoft ask for an administrator?',
  message: 'Message for your administrator',
  connected: 'Your mailbox is connected',
  wrong: 'This is another mailbox',
  chooseAnother: 'Choose another account',
  missing: 'Not everything was allowed',
  askAgain: 'Ask again',
  cancelled: 'You stopped the sign-in',
  tryAgain: 'Try again',
  elsewhere: 'This mailbox is already connected',
  used: 'This link has been used',
  revoked: 'This link was withdrawn',
  expired: 'This link has expired',
};

export const RETURN_ADDRESSES = {
  heading: 'Return addresses', address: 'Address', add: 'Add the address', id: 'The id of this secret', secret: 'Your software checks with it',
};
