// The check that ends all others can fail: each kind of damage is found by it.

import { expect } from '@playwright/test';
import { findings } from './consistency.ts';
import { Ledger } from './ledger.ts';
import { pause, test } from './scene.ts';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} what is damaged is found`, async ({ open }) => {
    const scene = await open(kind);
    const { database, app } = scene;
    const ledger = new Ledger();
    let over = false;
    const worked = scene.work(ledger, () => over);
    while (!ledger.certain('').some(({ entry }) => entry.verified) || ledger.certain('').length < 6) await pause(50);
    over = true;
    expect(await worked).toEqual([]);
    expect(ledger.settle(database)).toEqual([]);
    expect(await findings(kind, database, app)).toEqual([]);

    const verified = ledger.certain('').find(({ entry }) => entry.verified);
    const other = ledger.certain('').find(({ entry }) => !entry.verified);
    if (!verified || !other) throw new Error('there is none of each');
    const is = ({ id }: { id: string }) => `${database.uuid('id')} = '${id.replaceAll('-', '')}'`;
    for (const [damage, found] of [
      [`UPDATE connectors SET state = 'verified', verified_at = 1 WHERE ${is(other)}`, 'without a sign-in that went through'],
      [`UPDATE connectors SET state = 'not_verified' WHERE ${is(verified)}`, 'although a sign-in of it went through'],
      [`UPDATE connectors SET client_secret = (SELECT client_secret FROM connectors WHERE ${is(verified)}) WHERE ${is(other)}`, 'cannot be opened'],
      ["DELETE FROM activity WHERE action = 'connector.added'", 'recorded never'],
      ['UPDATE attempts SET ended_at = NULL', 'without an outcome'],
      ['DELETE FROM attempt_events', 'without a beginning'],
    ] as const) {
      database.run(damage);
      expect((await findings(kind, database, app)).join('\n'), damage).toContain(found);
    }
    database.run(`UPDATE connectors SET service_name = 'a0-nobody v0' WHERE ${is(verified)}`);
    expect(ledger.settle(database).join('\n')).toContain('is not there, and may be');
    expect(ledger.settle(database).join('\n')).toContain('nobody has added it');
  });
}
