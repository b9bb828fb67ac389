// The body of a message as Graph answers it: HTML without scripts, its text, its first 255 characters.

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', nbsp: '\u00a0', '#39': "'" };

/** What separates a reply from the message that it quotes. */
export const QUOTE = '<hr id="quoted">';

/** HTML without what a mail program must not run, as Exchange removes it. */
export function sanitise(html: string): string {
  // Everything in the HTML of a plain text is escaped.
  if (isPlain(html)) return html;
  return html
    .replace(/<(script|style|iframe|object)\b[^]*?<\/\1\s*>/gi, '')
    .replace(/\son[a-z]+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, '')
    .replace(/(href|src)\s*=\s*(["'])\s*javascript:[^"']*\2/gi, '');
}

/** The beginning of the HTML that Exchange makes of a plain text. */
const FROM_TEXT = '<html><head><!-- converted from text --></head>';

/** A plain text as HTML. */
export function htmlOfText(text: string): string {
  const escaped = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\r?\n/g, '<br>');
  return `${FROM_TEXT}<body><div class="PlainText">${escaped}</div></body></html>`;
}

/** Whether the HTML was made of a plain text, which is then all that the mail has. */
export const isPlain = (html: string): boolean => html.startsWith(FROM_TEXT);

const withoutTags = (html: string): string => html.replace(/<[^>]*>/g, '').replace(/&(\w+|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);

/** HTML as plain text. */
export function textOf(html: string): string {
  if (isPlain(html)) return withoutTags(html.replaceAll('<br>', '\r\n'));
  return withoutTags(sanitise(html).replace(/<br\s*\/?>|<\/(p|div|li|tr|h\d)>|<hr[^>]*>/gi, '\r\n')).trim();
}

/** The beginning of the text. */
export function previewOf(html: string): string {
  return [...textOf(html).replace(/\s+/g, ' ')].slice(0, 255).join('');
}

/** The body without the message that it quotes. */
export function uniquePart(html: string): string {
  return html.split(QUOTE)[0] ?? '';
}
