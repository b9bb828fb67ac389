// The body of a message as Graph answers it: HTML without scripts, its text, its first 255 characters.

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0', '#39': "'" };

/** What separates a reply from the message that it quotes. */
export const QUOTE = '<hr id="quoted">';

/** HTML without what a mail program must not run, as Exchange removes it. */
export function sanitise(html: string): string {
  return html
    .replace(/<(script|style|iframe|object)\b[^]*?<\/\1\s*>/gi, '')
    .replace(/\son[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, '')
    .replace(/(href|src)\s*=\s*(["'])\s*javascript:[^"']*\2/gi, '');
}

/** HTML as plain text. */
export function textOf(html: string): string {
  return sanitise(html)
    .replace(/<br\s*\/?>|<\/(p|div|li|tr|h\d)>|<hr[^>]*>/gi, '\r\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(\w+|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole)
    .trim();
}

/** The beginning of the text. */
export function previewOf(html: string): string {
  return [...textOf(html).replace(/\s+/g, ' ')].slice(0, 255).join('');
}

/** The body without the message that it quotes. */
export function uniquePart(html: string): string {
  return html.split(QUOTE)[0] ?? '';
}
