// What a mailbox's contacts have besides what myworld keeps: the fields that it drops, groups, the times of changes, and the
// changes since a sync token (People v1, `people.connections.list`).

export type Person = Record<string, unknown> & { resourceName?: string; etag?: string };

/** Fields of which a contact has at most one (People v1, `Person`). */
const SINGLE = ['names', 'birthdays', 'biographies', 'genders'];
/** Fields that a program may write here. */
const WRITABLE = [
  'addresses', 'biographies', 'birthdays', 'emailAddresses', 'memberships', 'names', 'nicknames', 'organizations', 'phoneNumbers', 'relations', 'urls', 'userDefined',
];

type Item = Record<string, unknown>;

export interface Group {
  resourceName: string;
  name: string;
}

interface Kept {
  fields: Record<string, Item[]>;
  updated: string;
}

const itemsOf = (value: unknown): Item[] => (Array.isArray(value) ? (value as Item[]) : []);

/** The name that Google shows for the parts of one. */
function withDisplayName(name: Item): Item {
  if (typeof name.unstructuredName === 'string' && !name.givenName && !name.familyName) return { ...name, displayName: name.unstructuredName };
  const displayName = [name.honorificPrefix, name.givenName, name.middleName, name.familyName, name.honorificSuffix].filter(Boolean).join(' ');
  return { ...name, displayName, unstructuredName: displayName };
}

export class ContactBook {
  readonly groups = new Map<string, Group>();
  private readonly kept = new Map<string, Kept>();
  private readonly changes: { resource: string; isDeleted: boolean }[] = [];
  private readonly made = new Date().toISOString();
  /** The number of changes when the present list from the beginning was started. */
  private started = 0;
  private expiredBefore = 0;

  /** The field of which a person has too many; undefined if there is none. */
  static surplus(person: Person): string | undefined {
    return SINGLE.find((field) => itemsOf(person[field]).length > 1);
  }

  /** Keeps what a program wrote. @param fields Only these; all that it sent if there are none. */
  keep(resource: string, person: Person, fields: string[] = WRITABLE): void {
    const known = this.kept.get(resource)?.fields ?? {};
    const written = fields.filter((field) => WRITABLE.includes(field)).map((field) => {
      const items = itemsOf(person[field]).map(({ metadata: _, ...item }): Item => (field === 'names' ? withDisplayName(item) : item));
      return [field, items] as const;
    });
    this.kept.set(resource, { fields: { ...known, ...Object.fromEntries(fields === WRITABLE ? written.filter(([, items]) => items.length) : written) }, updated: new Date().toISOString() });
    this.changes.push({ resource, isDeleted: false });
  }

  drop(resource: string): void {
    this.kept.delete(resource);
    this.changes.push({ resource, isDeleted: true });
  }

  /** Puts a contact into a group. */
  join(resource: string, group: string, present: Item[]): void {
    const memberships = [...(this.kept.get(resource)?.fields.memberships ?? present), { contactGroupMembership: { contactGroupId: group.split('/')[1], contactGroupResourceName: group } }];
    this.keep(resource, { memberships }, ['memberships']);
  }

  /** A person of myworld with everything that the contact has, as far as the mask asks for it. */
  complete(person: Person, mask: string[]): Person {
    const resource = person.resourceName ?? '';
    const kept = this.kept.get(resource);
    // The source has the number of the contact in base 16.
    const number = /^people\/c(\d+)$/.exec(resource)?.[1];
    const source = { type: 'CONTACT', id: number ? BigInt(number).toString(16) : resource };
    const own = Object.entries(kept?.fields ?? {}).flatMap(([field, items]) => (mask.includes(field)
      ? [[field, items.length ? items.map((item, at) => ({ metadata: { primary: at === 0, source }, ...item })) : undefined] as const]
      : []));
    const metadata = { sources: [{ ...source, etag: person.etag, updateTime: kept?.updated ?? this.made }], objectType: 'PERSON' };
    const whole = { ...person, ...Object.fromEntries(own), ...(mask.includes('metadata') && { metadata }) };
    return Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
  }

  /** Begins a list of all contacts: the token at its end is for the changes from now on. */
  begin(): void {
    this.started = this.changes.length;
  }

  /** A sync token. @param key All other parameters of the list: they must be the same later. */
  token(key: string, now: number, after = this.started): string {
    return Buffer.from(JSON.stringify({ after, key, at: now })).toString('base64url');
  }

  /** Makes every token of before invalid, as after seven days. */
  expire(): void {
    this.expiredBefore = this.changes.length + 1;
    this.changes.push({ resource: '', isDeleted: false });
  }

  /** The changes since a token, each contact once; or why the token is refused. */
  since(token: string, key: string, now: number, seconds: number): { changed: [resource: string, isDeleted: boolean][]; until: number } | 'expired' | 'invalid' | 'other' {
    let read: { after?: unknown; key?: unknown; at?: unknown };
    try {
      read = JSON.parse(Buffer.from(token, 'base64url').toString());
    } catch {
      return 'invalid';
    }
    if (typeof read.after !== 'number' || typeof read.at !== 'number') return 'invalid';
    if (read.at + seconds * 1000 < now || read.after < this.expiredBefore) return 'expired';
    if (read.key !== key) return 'other';
    const last = new Map<string, boolean>();
    for (const { resource, isDeleted } of this.changes.slice(read.after)) if (resource) last.set(resource, isDeleted);
    return { changed: [...last], until: this.changes.length };
  }
}
