import type { App } from './app.ts';

/**
 * Tries a password for somebody who does not exist, and gives the status of the answer. Each `who` and `turn` has an
 * address of its own, where the program believes X-Forwarded-For: what holds these tries back is the hashing alone.
 */
export async function guess(app: App, who: number, turn: number): Promise<number> {
  const answer = await fetch(`${app.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: app.url, 'x-forwarded-for': `10.${turn % 256}.${who}.7` },
    body: new URLSearchParams({ email: `nobody-${who}-${turn}@contoso.test`, password: 'what nobody would choose' }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
