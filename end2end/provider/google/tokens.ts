// The beginnings of Google's codes and tokens. A slash and a dot among them break a form or a path that is not encoded.

export const CODE = '4/0';
export const ACCESS = 'ya29.';
export const REFRESH = '1//0';

/** The value behind its beginning, as the strict server knows it; undefined if it does not begin so. */
export const ownForm = (value: string, prefix: string): string | undefined =>
  (value.startsWith(prefix) && value.length > prefix.length ? value.slice(prefix.length) : undefined);
