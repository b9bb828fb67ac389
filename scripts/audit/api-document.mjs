// Prints the API's own description with the ids of a real account and its content, so that a tool reaches the mailbox
// behind them. Ids that the tool makes up itself find nothing.
//
//   node api-document.mjs URL KEY ACCOUNT

const [url = '', key = '', account = ''] = process.argv.slice(2);
const headers = { authorization: `Bearer ${key}` };

/** The `data` of a call. @param {string} path */
async function read(path) {
  const answer = await fetch(`${url}/api/accounts/${account}/${path}`, { headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const { data } = await answer.json();
  return Array.isArray(data) ? data : [];
}

/** The first values of a member. @param {Record<string, string>[]} items @param {string} name */
const some = (items, name) => items.map((item) => item[name]).filter((id) => typeof id === 'string').slice(0, 5);

const messages = await read('messages?limit=50');
const ids = /** @type {Record<string, (string | undefined)[]>} */ ({
  account_key: [account],
  messageId: some(messages, 'messageId'),
  threadId: some(await read('threads?limit=20'), 'threadId'),
  folderId: some(await read('folders'), 'folderId'),
  labelId: some(await read('labels'), 'labelId'),
  draftId: some(await read('drafts?limit=20'), 'messageId'),
  contactId: some(await read('contacts?limit=20'), 'contactId'),
  path: ['v1.0/me/messages', 'v1.0/me/mailFolders', 'beta/me', 'v1.0/../x'],
  name: ['Scanned', 'Mail archive'],
});

const document = await (await fetch(`${url}/api/openapi.json`)).json();
for (const operations of Object.values(document.paths)) {
  for (const { parameters = [] } of Object.values(/** @type {Record<string, { parameters?: any[] }>} */ (operations))) {
    for (const parameter of parameters) {
      const known = parameter.in === 'path' ? ids[parameter.name] : undefined;
      if (known?.length) parameter.schema = { type: 'string', enum: known };
    }
  }
}
console.log(JSON.stringify(document));
