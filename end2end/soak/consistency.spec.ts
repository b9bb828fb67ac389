// The final check of all soak tests can fail: it finds each kind of damage.

import { expect } from '@playwright/test';
import { findings, IMPOSSIBLE } from './consistency.ts';
import { type Entry, Ledger } from './ledger.ts';
import { pause, test } from './scene.ts';

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  test(`on ${kind} the check finds every kind of damage`, async ({ open }) => {
    const scene = await open(kind);
    const { database, app } = scene;
    const ledger = new Ledger();
    let over = false;
    const worked = scene.work(ledger, () => over);
    // One row of each kind, and a few more.
    const some = (wanted: (entry: Entry) => boolean) => ledger.certain('').find(({ entry }) => wanted(entry));
    const isVerified = (entry: Entry) => entry.verified;
    const isRenamed = (entry: Entry) => !entry.verified && entry.renamed > 0;
    const isOther = (entry: Entry) => !entry.verified && entry.renamed === 0;
    while (![isVerified, isRenamed, isOther].every(some) || ledger.certain('').length < 8 || ledger.mailboxes.certain('').length < 6) await pause(50);
    over = true;
    expect(await worked).toEqual([]);
    expect(ledger.settle(database)).toEqual([]);
    expect(await findings(kind, database, app)).toEqual([]);

    const [verified, renamed, other] = [some(isVerified), some(isRenamed), some(isOther)];
    if (!verified || !renamed || !other) throw new Error('there is none of each');
    const is = ({ id }: { id: string }) => `${database.uuid('id')} = '${id.replaceAll('-', '')}'`;
    const gone = ledger.certain('').find((one) => ![verified, renamed, other].some(({ key }) => key === one.key));
    if (!gone) throw new Error('there is no third');
    // A condition for each of six accounts.
    const accounts = ledger.mailboxes.certain('').slice(0, 6).map(is);
    const [wordless, grantless, unrecorded, lost, deleted, torn] = accounts.map((of) => `(SELECT id FROM accounts WHERE ${of})`);
    // Not even the keys between tables hold.
    const unguarded = kind === 'SQLite' ? 'PRAGMA foreign_keys = OFF' : 'SET session_replication_role = replica';
    const damages: [found: string, ...damage: string[]][] = [
      ['a connector that is verified without a sign-in that went through', `UPDATE connectors SET state = 'verified', verified_at = 1 WHERE ${is(other)}`],
      ['a connector that is verified since never', `UPDATE connectors SET verified_at = NULL WHERE ${is(other)}`],
      ['a connector that is not verified although a sign-in of it went through', `UPDATE connectors SET state = 'not_verified' WHERE ${is(verified)}`],
      ['cannot be opened', `UPDATE connectors SET client_secret = (SELECT client_secret FROM connectors WHERE ${is(verified)}) WHERE ${is(other)}`],
      ['a sign-in that was consumed and still has its verifier', 'UPDATE attempts SET pkce_verifier = nonce_hash WHERE consumed_at IS NOT NULL'],
      ['a sign-in that ended before it came back', `UPDATE attempts SET consumed_at = NULL WHERE outcome LIKE '%"verified"%'`],
      ['a sign-in without a beginning', 'DELETE FROM attempt_events'],
      ['a connector whose words are not those of its name', `DELETE FROM connector_words WHERE connector_id = (SELECT id FROM connectors WHERE ${is(other)})`],
      ['a connector that was deleted and is there', `UPDATE activity SET action = 'connector.deleted' WHERE action = 'connector.changed' AND entity_id = (SELECT id FROM connectors WHERE ${is(renamed)})`],
      ['a connector that is missing without a deletion', `DELETE FROM connectors WHERE ${is(gone)}`],
      ['a connector whose addition was recorded never, or twice', "DELETE FROM activity WHERE action = 'connector.added'"],
      ['an account whose words are missing', `DELETE FROM account_words WHERE account_id = ${wordless}`],
      ['an account that is connected without a grant', `UPDATE accounts SET state = 'connected' WHERE id = ${grantless}`, `DELETE FROM grants WHERE account_id = ${grantless}`],
      ['an account whose connection was recorded never, or twice', `DELETE FROM activity WHERE action = 'account.connected' AND entity_id = ${unrecorded}`],
      ['an account that was deleted and is there', `UPDATE activity SET action = 'account.deleted' WHERE action = 'account.connected' AND entity_id = ${deleted}`],
      ['an account that is missing without a deletion', `DELETE FROM accounts WHERE id = ${lost}`],
      ['a link that was used without an account', 'UPDATE connect_links SET result_account_id = NULL WHERE used_at IS NOT NULL'],
      ...(kind === 'SQLite' ? [['a row that points to nothing', `PRAGMA foreign_keys = OFF; UPDATE attempts SET user_id = randomblob(16)`] as [string, string]] : []),
      ['a grant without an account', `${unguarded}; DELETE FROM accounts WHERE id = ${torn}`],
    ];
    const untried = Object.keys(IMPOSSIBLE).filter((what) => !damages.some(([found]) => found === what));
    expect(untried, 'a kind of damage was not tried').toEqual([]);
    for (const [found, ...damage] of damages) {
      expect((await findings(kind, database, app)).join('\n'), 'not yet').not.toContain(found);
      for (const sql of damage) database.run(sql);
      expect((await findings(kind, database, app)).join('\n'), damage.join()).toContain(found);
    }
    database.run(`UPDATE connectors SET service_name = 'a0-unknown v0' WHERE ${is(verified)}`);
    expect(ledger.settle(database).join('\n')).toContain('is not there, and may be');
    expect(ledger.settle(database).join('\n')).toContain('no administrator added it');
  });
}
