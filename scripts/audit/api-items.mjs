// Makes in a mailbox what calls of the API need in order to succeed: uploads, drafts, folders, a contact, a scheduled
// message, a job. Reads the ids of what is there already.

/** @typedef {Record<string, any>} Item */

/** The calls of an account. */
class Account {
  /** @param {string} url @param {string} key @param {string} account */
  constructor(url, key, account) {
    this.base = `${url}/api/accounts/${account}`;
    this.key = key;
  }

  /** The `data` of a call that succeeds. @param {string} method @param {string} path @param {object | string} [body] @returns {Promise<any>} */
  async call(method, path, body) {
    const isFile = typeof body === 'string';
    const answer = await fetch(this.base + path, {
      method,
      headers: { authorization: `Bearer ${this.key}`, 'content-type': isFile ? 'text/plain' : 'application/json' },
      ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()).data;
  }

  /** The values of a member of a list, at most five. @param {string} path @param {string} name @returns {Promise<string[]>} */
  async some(path, name) {
    const items = /** @type {Item[]} */ (await this.call('GET', path));
    return items.map((item) => item[name]).filter((id) => typeof id === 'string').slice(0, 5);
  }
}

/** Does something this many times. @template T @param {number} count @param {(number: number) => Promise<T>} work @returns {Promise<T[]>} */
const times = (count, work) => Promise.all(Array.from({ length: count }, (_, number) => work(number)));

/** A time in a month, as Mail360 writes it. */
function nextMonth() {
  const [date = '', time = ''] = new Date(Date.now() + 30 * 24 * 3_600_000).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${month}/${day}/${year} ${time.slice(0, 8)}`;
}

/**
 * @param {string} url @param {string} key @param {string} accountKey
 * @returns {Promise<Record<string, any>>}
 */
export async function makeItems(url, key, accountKey) {
  const account = new Account(url, key, accountKey);
  const { ac: [{ emailAddress: email }] } = await account.call('GET', '');
  const mark = Date.now().toString(36);
  const mail = { fromAddress: email, toAddress: 'ada@contoso.test', subject: 'Scanned', content: '<p>Hello</p>' };
  const later = { isSchedule: true, scheduleType: 6, timeZone: 'Europe/Vienna', scheduleTime: nextMonth() };

  const uploads = await times(5, async (number) => (await account.call('POST', `/attachments?fileName=scanned-${number}.txt`, 'A file')).fileId);
  const drafts = await times(6, async () => (await account.call('POST', '/drafts', mail)).draftId);
  const folders = await times(3, async (number) => (await account.call('POST', '/folders', { folderName: `Scanned ${mark} ${number}` })).folderId);
  const labels = await times(2, async (number) => (await account.call('POST', '/labels', { displayName: `Scanned ${mark} ${number}` })).labelId);
  const contact = /** @type {Item} */ (await account.call('POST', '/contacts', { displayName: 'Scanned', emails: [{ address: 'scanned@contoso.test' }] }));
  const scheduled = await times(2, async () => (await account.call('POST', '/messages', { ...mail, ...later })).messageId);
  const job = (await account.call('PUT', `/folders/${encodeURIComponent(folders[2] ?? '')}`, { mode: 'emptyFolder' })).jobId;

  const messages = /** @type {Item[]} */ (await account.call('GET', '/messages?limit=50'));
  const withFile = messages.find(({ hasAttachment }) => hasAttachment === '1')?.messageId;
  if (!withFile) throw new Error('no message has an attachment');
  const { attachments: [file] } = await account.call('GET', `/messages/${encodeURIComponent(withFile)}/attachments`);

  return {
    email,
    mail,
    later,
    mark,
    uploads,
    // One half is sent, and the other half is changed.
    drafts: drafts.slice(0, 3),
    draftsToSend: drafts.slice(3),
    newFolders: folders,
    folders: [...await account.some('/folders', 'folderId'), ...folders],
    labels: [...await account.some('/labels', 'labelId'), ...labels],
    newLabels: labels,
    contact,
    contacts: [...await account.some('/contacts', 'contactId'), contact.contactId],
    contactFolders: await account.some('/contactFolders', 'folderId'),
    scheduled,
    job,
    messages: messages.map(({ messageId }) => messageId).slice(0, 5),
    threads: await account.some('/threads?limit=20', 'threadId'),
    withFile,
    attachment: file.attachmentId,
  };
}
