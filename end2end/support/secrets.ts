// Values that must be found nowhere, in any encoding.

/** A text in its possible encodings: plain, encoded, or as bytes. */
function disguises(text: string): [string, Buffer][] {
  const bytes = Buffer.from(text);
  return [
    ['as it is', bytes],
    ['base64', Buffer.from(bytes.toString('base64').replace(/=+$/, ''))],
    ['base64url', Buffer.from(bytes.toString('base64url'))],
    ['hex', Buffer.from(bytes.toString('hex'))],
    ['hex, upper case', Buffer.from(bytes.toString('hex').toUpperCase())],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['in an address', Buffer.from(encodeURIComponent(text))],
    ['in a form', Buffer.from(new URLSearchParams({ x: text }).toString().slice(2))],
  ];
}

/** The places of these secrets, by their names, with the encoding. */
export function whereFound(secrets: Map<string, string>, places: Map<string, Buffer>): string[] {
  const found: string[] = [];
  for (const [what, secret] of secrets) {
    for (const [place, bytes] of places) {
      for (const [how, needle] of disguises(secret)) if (bytes.includes(needle)) found.push(`${what} in ${place}, ${how}`);
    }
  }
  return found;
}
