// A provider that looks like Microsoft's, for the demo: `emulate`, by other authors, with an account picker.
//
//   PORT=4210 CLIENT_ID=… CLIENT_SECRET=… REDIRECT_URI=… node provider/demo.mjs
//
// It prints one line of JSON with its address as soon as it listens. It is not reachable from outside this machine.

import { createEmulator } from 'emulate';

const { env } = process;
const port = Number(env.PORT);

await createEmulator({
  service: 'microsoft',
  port,
  // Another host name than the program's, as with Microsoft. `localhost` may also mean an address without a listener.
  baseUrl: `http://127.0.0.1:${port}`,
  seed: {
    microsoft: {
      // It accepts any unknown token as one of its first user. That user is not among the accounts to choose.
      // So a lost token of the program cannot look like a successful sign-in.
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

// Exits at once: a graceful close waits for browsers that keep a connection open.
process.on('SIGTERM', () => process.exit(0));
