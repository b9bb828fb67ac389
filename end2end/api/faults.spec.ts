// A list beside each fault that the stand-in for Graph has: what the program answers through real sockets, and that the next
// call is sound again. A fault that is new there has no line here and fails.

import { GRAPH_FAULTS } from '../provider/graph/faults.ts';
import { type Answered, expect, test } from './scene.ts';

interface Expected {
  status: number;
  /** The code of an error; without it the call succeeds. */
  code?: string;
  /** How the fault is set. */
  how?: { seconds?: number; bytesPerSecond?: number };
}

const UNAVAILABLE: Expected = { status: 503, code: 'PROVIDER_UNAVAILABLE' };
const NOT_UNDERSTOOD: Expected = { status: 502, code: 'PROVIDER_ERROR' };
const DENIED: Expected = { status: 403, code: 'PERMISSION_NOT_GRANTED' };
const WANTS_SIGN_IN: Expected = { status: 409, code: 'ACCOUNT_NEEDS_SIGN_IN' };
const NO_MAILBOX: Expected = { status: 404, code: 'NOT_FOUND' };
const SOUND: Expected = { status: 200 };

const FAULTS: Record<string, Expected> = {
  unavailable: UNAVAILABLE,
  'gateway-timeout': UNAVAILABLE,
  'server-error': UNAVAILABLE,
  // The program gets a new token and asks again.
  'token-refused': SOUND,
  'access-denied': DENIED,
  'request-denied': DENIED,
  'claims-wanted': WANTS_SIGN_IN,
  'insufficient-claims': WANTS_SIGN_IN,
  'no-mailbox': NO_MAILBOX,
  'no-mailbox-403': NO_MAILBOX,
  'no-mailbox-error': NO_MAILBOX,
  'no-mailbox-error-403': NO_MAILBOX,
  'tokens-expired': { status: 410, code: 'SYNC_TOKEN_EXPIRED' },
  slow: { ...SOUND, how: { seconds: 1 } },
  drip: { ...SOUND, how: { bytesPerSecond: 40_000 } },
  cut: UNAVAILABLE,
  html: NOT_UNDERSTOOD,
  'html-error': UNAVAILABLE,
  redirect: NOT_UNDERSTOOD,
  'empty-body': NOT_UNDERSTOOD,
  'half-json': NOT_UNDERSTOOD,
  // Items without an id are left out.
  'wrong-types': SOUND,
  'link-elsewhere': NOT_UNDERSTOOD,
  deep: NOT_UNDERSTOOD,
  huge: { status: 413, code: 'CONTENT_TOO_LARGE' },
  // The program waits for a second, and asks again.
  'activity-limit': { ...SOUND, how: { seconds: 1 } },
  'activity-limit-429': { ...SOUND, how: { seconds: 1 } },
  // The last one, because the mailbox gets no request for a while after it.
  throttled: { status: 429, code: 'TOO_MANY_REQUESTS', how: { seconds: 60 } },
};

/** It lasts as long as the program waits for a silent provider: src/providers/http/mail/tests.rs has it with short times. */
const SILENT = ['stall'];

function judge({ status, code }: Expected, { status: answered, bytes, json, headers }: Answered): string[] {
  const { data } = (json ?? {}) as { data?: { errorCode?: string; limit?: string } };
  const text = bytes.toString();
  return [
    ...(answered === status ? [] : [`has the status ${answered}: ${text.slice(0, 300)}`]),
    ...(data?.errorCode === code ? [] : [`has the code ${data?.errorCode}`]),
    ...(code === undefined || headers.get('x-request-id') ? [] : ['has no request id']),
    ...(/Access token has expired|Log in to the network|192\.0\.2\.1/.test(text) ? ['repeats what the provider said'] : []),
    ...(code !== 'TOO_MANY_REQUESTS' || (data?.limit === 'provider' && Number(headers.get('retry-after')) > 0) ? [] : ['names no limit and no wait']),
  ];
}

test('a list beside each fault of the provider has its code, and the next one is sound', async ({ connect, provider }) => {
  expect(Object.keys(FAULTS).concat(SILENT).sort(), 'each fault has a line').toEqual([...GRAPH_FAULTS].sort());
  const { program } = await connect();
  const folders = await program.read<{ folderId: string; folderType: string }[]>('/folders');
  const inbox = folders.find(({ folderType }) => folderType === 'Inbox')?.folderId ?? '';
  const target = `${program.account}/messages?folderId=${encodeURIComponent(inbox)}&limit=5`;
  const sound = await program.send('GET', target);
  expect(sound.status, sound.bytes.toString()).toBe(200);
  for (const [kind, expected] of Object.entries(FAULTS)) {
    await provider.gate({ reset: true, faults: [{ kind, path: '^/me/mailFolders/[^/]+/messages', ...expected.how }] });
    expect.soft(judge(expected, await program.send('GET', target)), kind).toEqual([]);
    if (kind === 'throttled') continue;
    const next = await program.send('GET', target);
    expect.soft([next.status, next.json], `after ${kind}`).toEqual([200, sound.json]);
  }
});
