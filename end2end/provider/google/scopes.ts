// Google's scopes: full URLs, but for those of OpenID Connect.

const API = 'https://www.googleapis.com/auth/';

export const SCOPE = {
  full: 'https://mail.google.com/',
  read: `${API}gmail.readonly`,
  metadata: `${API}gmail.metadata`,
  modify: `${API}gmail.modify`,
  compose: `${API}gmail.compose`,
  send: `${API}gmail.send`,
  insert: `${API}gmail.insert`,
  labels: `${API}gmail.labels`,
  settings: `${API}gmail.settings.basic`,
  contactsRead: `${API}contacts.readonly`,
  contacts: `${API}contacts`,
  otherContacts: `${API}contacts.other.readonly`,
} as const;

/** Short names of OpenID Connect, and the URLs as which Google names them afterwards. */
export const LONG = { email: `${API}userinfo.email`, profile: `${API}userinfo.profile` } as const;

/** What an application learns about the user. Its page asks for these together; none can be unticked. */
export const ABOUT_THE_USER = ['openid', 'email', 'profile', ...Object.values(LONG)];

/** The scopes that an application may ask for; others are refused. */
export const KNOWN_SCOPES: string[] = [...ABOUT_THE_USER, ...Object.values(SCOPE)];

/** The scopes of a grant as the token endpoint names them. */
export const asGoogleNames = (scopes: string): string =>
  [...new Set(scopes.split(' ').filter(Boolean).map((scope) => (scope === 'email' || scope === 'profile' ? LONG[scope] : scope)))].join(' ');
