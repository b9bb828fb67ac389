// Adds a return address by the form, so that calls may make links that lead back to it.
//
//   node add-return-address.mjs URL COOKIE ADDRESS

const [url = '', cookie = '', address = ''] = process.argv.slice(2);
const answer = await fetch(`${url}/settings/return-addresses`, {
  method: 'POST',
  headers: { cookie, 'sec-fetch-site': 'same-origin' },
  redirect: 'manual',
  body: new URLSearchParams({ address }),
});
const page = await answer.text();
if (!page.includes('<code>kid</code>')) throw new Error(`no return address was added: ${answer.status} ${page.slice(-1000)}`);
