// Adds an API client with every scope that reaches all accounts, by the form, and prints its API key.
//
//   node add-api-client.mjs URL COOKIE

const [url = '', cookie = ''] = process.argv.slice(2);
const path = `${url}/settings/api-access/new`;
const headers = { cookie, 'sec-fetch-site': 'same-origin' };

const form = await (await fetch(path, { headers })).text();
const body = new URLSearchParams({ name: 'Scanner', reach: 'all', rate: '1000', at_once: '512' });
const scopes = new Set([...form.matchAll(/value="(MailApps\.[a-z]+\.[A-Z]+)"/g)].map(([, scope = '']) => scope));
if (!scopes.has('MailApps.proxy.ALL')) throw new Error(`the form offers other scopes: ${[...scopes].join(' ')}`);
for (const scope of scopes) body.append('scopes', scope);
const answer = await fetch(path, { method: 'POST', redirect: 'manual', headers, body });
const page = await answer.text();
const key = /m360_[\w-]{49}/.exec(page)?.[0];
if (!key) throw new Error(`no key was shown: ${answer.status} ${page.slice(-1000)}`);
console.log(key);
