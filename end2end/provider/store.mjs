// The store of the strict server, in memory. Unlike oidc-provider's own it has no limit of entries. All authorization
// servers of one directory share its grants and tokens, because Microsoft redeems a refresh token at the directory of
// its account, whichever address the sign-in had.

/** Microsoft's own directory for personal accounts. */
export const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** The models that servers of one directory share. */
const SHARED = new Set(['AccessToken', 'Grant', 'RefreshToken']);

/** @typedef {Record<string, any> & { grantId?: string, uid?: string, consumed?: number }} Payload */
/** @typedef {{ payload: Payload, until: number }} Entry */

/** Everything that one model stores. */
class Shelf {
  /** @type {Map<string, Entry>} */
  entries = new Map();
  /** The ids of a grant's entries. @type {Map<string, Set<string>>} */
  byGrant = new Map();
  /** @type {Map<string, string>} */
  byUid = new Map();
}

/** The shared shelves by directory and model. @type {Map<string, Shelf>} */
const shelves = new Map();

/** Forgets every grant and token of every directory, as a provider does that lost its database. Applications stay. */
export function forgetGrants() {
  shelves.clear();
}

/**
 * The valid access token with this value, of whichever directory: its account, its permissions, and whether the account is personal.
 * @param {string} value
 * @returns {{ login: string, scopes: string[], isPersonal: boolean } | undefined}
 */
export function findAccessToken(value) {
  for (const [name, shelf] of shelves) {
    const entry = name.endsWith(':AccessToken') ? shelf.entries.get(value) : undefined;
    const { accountId, scope } = entry?.payload ?? {};
    if (entry && entry.until > Date.now() && accountId) {
      return { login: accountId, scopes: String(scope ?? '').split(' '), isPersonal: name.startsWith(`${PERSONAL_TENANT}:`) };
    }
  }
  return undefined;
}

/**
 * What a valid token of a directory belongs to.
 * @param {string} directory
 * @param {'AccessToken' | 'RefreshToken'} model
 * @param {string | undefined} value
 */
export function findToken(directory, model, value) {
  const entry = value === undefined ? undefined : shelves.get(`${directory}:${model}`)?.entries.get(value);
  return entry && entry.until > Date.now() ? entry.payload : undefined;
}

/**
 * Revokes every grant of an account to an application, with its tokens.
 * @param {string} directory
 * @param {{ accountId: string, clientId: string }} of
 */
export function revokeGrants(directory, { accountId, clientId }) {
  for (const model of SHARED) {
    const shelf = shelves.get(`${directory}:${model}`);
    for (const [id, { payload }] of shelf?.entries ?? []) {
      if (payload.accountId === accountId && payload.clientId === clientId) shelf?.entries.delete(id);
    }
  }
}

/**
 * The adapter of one authorization server (oidc-provider, "adapter").
 * @param {string} directory
 * @param {{ reuse: string }} settings With `reuse` set to `allow`, a refresh token stays valid after its use.
 */
export function adapterOf(directory, settings) {
  /** @type {Map<string, Shelf>} */
  const own = new Map();

  /** @param {string} model */
  function shelfOf(model) {
    const [all, name] = SHARED.has(model) ? [shelves, `${directory}:${model}`] : [own, model];
    const shelf = all.get(name) ?? new Shelf();
    all.set(name, shelf);
    return shelf;
  }

  return class Adapter {
    /** @param {string} model */
    constructor(model) {
      this.model = model;
    }

    // Looked up each time, because the shared shelves can be forgotten.
    get shelf() {
      return shelfOf(this.model);
    }

    /** @param {string} id @param {Payload} payload @param {number} [expiresIn] In seconds. */
    async upsert(id, payload, expiresIn) {
      this.shelf.entries.set(id, { payload, until: expiresIn ? Date.now() + expiresIn * 1000 : Infinity });
      if (payload.uid) this.shelf.byUid.set(payload.uid, id);
      if (payload.grantId) {
        const ids = this.shelf.byGrant.get(payload.grantId) ?? new Set();
        this.shelf.byGrant.set(payload.grantId, ids.add(id));
      }
    }

    /** @param {string} id */
    async find(id) {
      const entry = this.shelf.entries.get(id);
      if (entry && entry.until > Date.now()) return entry.payload;
      if (entry) await this.destroy(id);
      return undefined;
    }

    /** @param {string} uid */
    async findByUid(uid) {
      return this.find(this.shelf.byUid.get(uid) ?? '');
    }

    async findByUserCode() {
      return undefined;
    }

    /** @param {string} id */
    async destroy(id) {
      const payload = this.shelf.entries.get(id)?.payload;
      this.shelf.entries.delete(id);
      if (payload?.uid) this.shelf.byUid.delete(payload.uid);
      if (payload?.grantId) this.shelf.byGrant.get(payload.grantId)?.delete(id);
    }

    /** @param {string} id */
    async consume(id) {
      if (this.model === 'RefreshToken' && settings.reuse === 'allow') return;
      const payload = this.shelf.entries.get(id)?.payload;
      if (payload) payload.consumed = Math.floor(Date.now() / 1000);
    }

    /** @param {string} grantId */
    async revokeByGrantId(grantId) {
      for (const id of this.shelf.byGrant.get(grantId) ?? []) this.shelf.entries.delete(id);
      this.shelf.byGrant.delete(grantId);
    }
  };
}
