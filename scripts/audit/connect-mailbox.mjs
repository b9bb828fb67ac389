// Adds a connector for an application at a strict server of end2end/provider, verifies it, and connects a mailbox with a
// connect link, as their owners do. Prints the account's key.
//
//   node connect-mailbox.mjs URL COOKIE CLIENT_ID CLIENT_SECRET LOGIN [google]

const [url = '', cookie = '', clientId = '', clientSecret = '', login = '', provider = 'outlook'] = process.argv.slice(2);

/** What differs between the two providers: the fields and permissions of the form, and the address of a sign-in. */
const OWN = {
  outlook: {
    fields: { account_type: 'tenants_and_personal' },
    scopes: ['Mail.ReadWrite', 'Mail.Send', 'Contacts.ReadWrite', 'MailboxSettings.ReadWrite'],
    authorize: /href="([^"]*\/oauth2\/v2\.0\/authorize[^"]*)"/,
  },
  google: {
    fields: { hosted_domain: '' },
    scopes: ['gmail.modify', 'gmail.send', 'contacts'].map((name) => `https://www.googleapis.com/auth/${name}`),
    authorize: /href="([^"]*\/o\/oauth2\/v2\/auth[^"]*)"/,
  },
}[provider];
if (!OWN) throw new Error(`no provider is called ${provider}`);

/** Cookies of one browser, by host. @type {() => Map<string, Map<string, string>>} */
const browser = () => new Map();

/**
 * Sends a request and keeps the cookies. Redirects are followed by the caller.
 * @param {Map<string, Map<string, string>>} jar @param {string} to @param {Record<string, string> | undefined} fields
 */
async function send(jar, to, fields = undefined) {
  const { host } = new URL(to);
  const cookies = jar.get(host) ?? new Map();
  jar.set(host, cookies);
  const answer = await fetch(to, {
    method: fields ? 'POST' : 'GET',
    redirect: 'manual',
    headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), 'sec-fetch-site': 'same-origin' },
    ...(fields ? { body: new URLSearchParams(fields) } : {}),
  });
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ''] = line.split(';');
    cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  }
  return answer;
}

/** The address at the provider that a page of ours leads to. @param {string} html */
function authorizeIn(html) {
  const found = OWN?.authorize.exec(html)?.[1];
  if (!found) throw new Error(`no address of the provider in: ${html.slice(-1000)}`);
  return found.replaceAll('&amp;', '&');
}

/** Signs in at the provider, agrees, and waits for the outcome. @param {Map<string, Map<string, string>>} jar @param {string} from */
async function signIn(jar, from) {
  let at = from;
  let answer = await send(jar, at);
  for (let step = 0; step < 30; step += 1) {
    const location = answer.headers.get('location');
    if (location) {
      at = new URL(location, at).href;
      answer = await send(jar, at);
      continue;
    }
    const html = await answer.text();
    if (html.includes('name="login"')) answer = await send(jar, at, { login, answer: 'go' });
    else if (html.includes('Permissions requested')) answer = await send(jar, at, { answer: 'go' });
    // The page of a sign-in that is under way reloads itself.
    else if (/http-equiv="refresh"/i.test(html)) {
      await new Promise((done) => { setTimeout(done, 500); });
      answer = await send(jar, at);
    } else return html;
  }
  throw new Error(`the sign-in did not end: ${at}`);
}

const ada = browser();
ada.set(new URL(url).host, new Map(cookie.split('; ').map((pair) => {
  const at = pair.indexOf('=');
  return [pair.slice(0, at), pair.slice(at + 1)];
})));

const form = await (await send(ada, `${url}/connectors/new?provider=${provider}`)).text();
const hidden = (/** @type {string} */ name) => new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? '';
const body = new URLSearchParams({
  form: hidden('form'),
  owner: hidden('owner'),
  provider,
  service_name: 'Scanned',
  client_id: clientId,
  client_secret: clientSecret,
  ...OWN.fields,
});
for (const scope of OWN.scopes) body.append('scopes[]', scope);
const added = await fetch(`${url}/do/connectors/add`, {
  method: 'POST', redirect: 'manual', body, headers: { cookie, 'sec-fetch-site': 'same-origin' },
});
const connector = added.headers.get('location') ?? '';
if (!/\/connectors\/[0-9a-f-]{36}$/.test(connector)) throw new Error(`the form led to ${connector || added.status}`);

const verified = await send(ada, new URL(`${connector}/verify`, url).href, {});
const outcome = await signIn(ada, authorizeIn(await verified.text()));
if (!outcome.includes('The connector works')) throw new Error(`not verified: ${outcome.slice(-1000)}`);

const fields = { connector: connector.split('/').at(-1) ?? '', life: '7', how: 'link' };
const made = await (await send(ada, `${url}/accounts/new`, fields)).text();
const link = new RegExp(`${url}/connect/[\\w-]{43}`).exec(made)?.[0];
if (!link) throw new Error(`no link was made: ${made.slice(-1000)}`);

const owner = browser();
await send(owner, link);
const started = await (await send(owner, link, {})).text();
await signIn(owner, authorizeIn(started));

const listed = await (await send(ada, `${url}/accounts`)).text();
const key = /\/accounts\/([0-9a-f-]{36})/.exec(listed)?.[1];
if (!key) throw new Error(`no account is connected: ${listed.slice(-1000)}`);
console.log(key);
