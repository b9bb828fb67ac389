// Microsoft names the granted scopes in several ways, and never `offline_access`.

const ABOUT_THE_USER = new Set(['openid', 'profile', 'email']);

/** The scopes that a connector may request here; the provider drops others silently. */
export const KNOWN_SCOPES = [
  'openid', 'profile', 'email', 'offline_access',
  'User.Read', 'Mail.ReadBasic', 'Mail.Read', 'Mail.ReadWrite', 'Mail.Send', 'Contacts.Read', 'Contacts.ReadWrite',
  'MailboxSettings.Read', 'MailboxSettings.ReadWrite', 'Mail-Advanced.ReadWrite',
];

/** @type {Record<string, (granted: string[]) => string[] | undefined>} */
const SHAPES = {
  /** As oidc-provider responds. */
  own: (granted) => granted,
  short: (granted) => granted,
  // Graph's scopes as full URLs, in another case than requested.
  long: (granted) => granted.map((scope) => {
    if (ABOUT_THE_USER.has(scope)) return scope;
    return `https://graph.microsoft.com/${scope === 'User.Read' ? scope : scope.toLowerCase()}`;
  }),
  // "Optional, if identical to the scope requested by the client" (RFC 6749, 5.1).
  absent: () => undefined,
  'missing-required': (granted) => granted.filter((scope) => scope !== 'User.Read'),
  'missing-optional': (granted) => granted.filter((scope) => scope !== 'Mail.Send'),
};

export const SHAPE_NAMES = Object.keys(SHAPES);

/**
 * Returns the token response with its `scope` in the wanted form.
 * @param {Record<string, unknown>} answer
 * @param {string} shape
 */
export function reshape(answer, shape) {
  const of = SHAPES[shape];
  if (!of) throw new Error(`no shape is called ${shape}; there are ${SHAPE_NAMES.join(', ')}`);
  if (typeof answer.scope !== 'string') return answer;
  const granted = answer.scope.split(' ').filter((scope) => scope && (shape === 'own' || scope !== 'offline_access'));
  const { scope: _, ...rest } = answer;
  const shaped = of(granted);
  return shaped ? { ...rest, scope: shaped.join(' ') } : rest;
}
