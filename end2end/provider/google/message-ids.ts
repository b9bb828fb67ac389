// The Message-IDs of a mailbox. Gmail keeps the one that a program writes; myworld gives each message another. This is the
// list of both, so that the mailbox shows the program's own and finds a message by it.

export const RAW_ID = /^message-id:[ \t]*(?:\r?\n[ \t]+)?(<[^>\s]+>)/im;

/** The Message-ID in the head of a message in MIME. */
export function messageIdOf(mime: Buffer): string | undefined {
  const text = mime.toString('latin1');
  const end = text.search(/\r?\n\r?\n/);
  return RAW_ID.exec(end < 0 ? text : text.slice(0, end))?.[1];
}

export class MessageIds {
  /** The program's Message-ID of each one of myworld. */
  private readonly ours = new Map<string, string>();

  /** @param theirs The Message-ID of myworld. @param ours The program's. */
  keep(theirs: string, ours: string): void {
    this.ours.set(theirs, ours);
  }

  has(theirs: string): boolean {
    return this.ours.has(theirs);
  }

  shown(theirs: string): string {
    return this.ours.get(theirs) ?? theirs;
  }

  /** A search with the Message-IDs of myworld in place of the program's. */
  search(q: string): string {
    return q.replace(/(rfc822msgid:)("?)<?([^\s<>"(){}]+)>?("?)/gi, (whole, operator: string, _: string, id: string) => {
      const theirs = [...this.ours].filter(([, ours]) => ours.toLowerCase() === `<${id.toLowerCase()}>`).map(([one]) => one.slice(1, -1));
      if (!theirs.length) return whole;
      return theirs.length === 1 ? `${operator}${theirs[0]}` : `{${theirs.map((one) => operator + one).join(' ')}}`;
    });
  }

  /** A part of an answer with the program's Message-IDs, and with base64 as Gmail writes it. @param suffix Makes the ids of attachments others. */
  shownIn(value: unknown, suffix: string): unknown {
    if (Array.isArray(value)) return value.map((one) => this.shownIn(one, suffix));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([name, member]): [string, unknown] => {
      if (name === 'data' && typeof member === 'string') return [name, member.replace(/=+$/, '')];
      if (name === 'raw' && typeof member === 'string') return [name, this.shownInRaw(member)];
      if (name === 'attachmentId' && typeof member === 'string') return [name, member + suffix];
      return [name, this.shownIn(member, suffix)];
    });
    const shown = Object.fromEntries(entries);
    if (typeof shown.name === 'string' && /^message-id$/i.test(shown.name) && typeof shown.value === 'string') shown.value = this.shown(shown.value);
    return shown;
  }

  private shownInRaw(raw: string): string {
    const mime = Buffer.from(raw, 'base64url');
    const theirs = messageIdOf(mime);
    const ours = theirs && this.ours.get(theirs);
    const shown = theirs && ours ? Buffer.from(mime.toString('latin1').replace(theirs, ours), 'latin1') : mime;
    return shown.toString('base64url');
  }
}
