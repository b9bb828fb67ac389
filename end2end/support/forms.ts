/** The hidden fields of a page, by their names. */
export function hiddenFields(html: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [tag] of html.matchAll(/<input\b[^>]*>/g)) {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1];
    const name = value('name');
    if (value('type') === 'hidden' && name) found[name] = value('value') ?? '';
  }
  return found;
}
