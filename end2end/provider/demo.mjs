// A provider that looks like Microsoft's, for the demo: `emulate`, written by others, with an account picker.
//
//   PORT=4210 CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=… node provider/demo.mjs
//
// It prints one line of JSON once it listens, with its address; nobody outside this machine can reach it.

import { createEmulator } from 'emulate';

const { env } = process;
const port = Number(env.PORT);

await createEmulator({
  service: 'microsoft',
  port,
  // Another host name than the program's, as in life; `localhost` may also mean an address on which it does not listen.
  baseUrl: `http://127.0.0.1:${port}`,
  seed: {
    microsoft: {
      // It takes any token that it does not know for one of its first user, and that is one of its own making: should
      // the program ever lose a token, it would not be one of these who seems to have signed in.
      users: [
        { email: 'alice@contoso.test', name: 'Alice Adams' },
        { email: 'bob@contoso.test', name: 'Bob Brown' },
      ],
      oauth_clients: [{
        client_id: env.CLIENT_ID,
        client_secret: env.CLIENT_SECRET,
        name: 'Mail archive',
        redirect_uris: [env.REDIRECT_URI],
      }],
    },
  },
});

console.log(JSON.stringify({ event: 'listening', url: `http://127.0.0.1:${port}` }));

// At once: closing it in good order waits for browsers that keep a connection open.
process.on('SIGTERM', () => process.exit(0));
