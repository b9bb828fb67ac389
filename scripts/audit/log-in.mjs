// Logs in and prints the cookies in the form of a header.
//
//   node log-in.mjs URL E-MAIL PASSWORD

const [url, email, password] = process.argv.slice(2);
const answer = await fetch(`${url}/login`, {
  method: 'POST',
  body: new URLSearchParams({ email, password }),
  headers: { 'sec-fetch-site': 'same-origin' },
  redirect: 'manual',
});
if (answer.status !== 303) throw new Error(`the log-in was answered with ${answer.status}`);
console.log(answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '));
