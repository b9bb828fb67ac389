// Conditions that hold after any kill.

import type { App } from '../support/app.ts';
import type { Database, Kind } from './database.ts';

/** Queries that must find nothing, by the damage that they would find. */
export const IMPOSSIBLE: Record<string, string> = {
  'a connector that is verified since never':
    "SELECT service_name FROM connectors WHERE state = 'verified' AND verified_at IS NULL",
  'a connector that is verified without a sign-in that went through':
    `SELECT service_name FROM connectors c WHERE state = 'verified' AND NOT EXISTS (SELECT 1 FROM attempts a
      WHERE a.connector_id = c.id AND a.connector_version = c.application_version AND a.outcome LIKE '%"verified"%')`,
  'a connector that is not verified although a sign-in of it went through':
    `SELECT service_name FROM connectors c WHERE state <> 'verified' AND EXISTS (SELECT 1 FROM attempts a
      WHERE a.connector_id = c.id AND a.connector_version = c.application_version AND a.outcome LIKE '%"verified"%')`,
  'a connector whose words are not those of its name':
    `SELECT service_name FROM connectors c WHERE indexed_name IS DISTINCT FROM name_key
      OR NOT EXISTS (SELECT 1 FROM connector_words w WHERE w.connector_id = c.id)
      OR EXISTS (SELECT 1 FROM connector_words w WHERE w.connector_id = c.id AND w.sort_key <> c.name_key)`,
  'a sign-in that was consumed and still has its verifier':
    'SELECT created_at FROM attempts WHERE consumed_at IS NOT NULL AND pkce_verifier IS NOT NULL',
  'a sign-in that ended before it came back':
    `SELECT created_at FROM attempts WHERE outcome LIKE '%"verified"%' AND consumed_at IS NULL`,
  'a sign-in without a beginning':
    'SELECT created_at FROM attempts a WHERE NOT EXISTS (SELECT 1 FROM attempt_events e WHERE e.attempt_id = a.id)',
  'a connector whose addition was recorded never, or twice':
    "SELECT service_name FROM connectors c WHERE (SELECT COUNT(*) FROM activity a WHERE a.action = 'connector.added' AND a.entity_id = c.id) <> 1",
  'a connector that is missing without a deletion':
    `SELECT entity FROM activity a WHERE action = 'connector.added' AND NOT EXISTS (SELECT 1 FROM connectors c WHERE c.id = a.entity_id)
      AND NOT EXISTS (SELECT 1 FROM activity d WHERE d.action = 'connector.deleted' AND d.entity_id = a.entity_id)`,
  'a connector that was deleted and is there':
    "SELECT entity FROM activity a WHERE action = 'connector.deleted' AND EXISTS (SELECT 1 FROM connectors c WHERE c.id = a.entity_id)",
  'an account whose words are missing':
    'SELECT email FROM accounts a WHERE indexed_name IS NULL OR NOT EXISTS (SELECT 1 FROM account_words w WHERE w.account_id = a.id)',
  'an account that is connected without a grant':
    `SELECT email FROM accounts a WHERE state NOT IN ('needs_sign_in', 'disconnected')
      AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.account_id = a.id)`,
  'an account whose connection was recorded never, or twice':
    "SELECT email FROM accounts a WHERE (SELECT COUNT(*) FROM activity r WHERE r.action = 'account.connected' AND r.entity_id = a.id) <> 1",
  'an account that is missing without a deletion':
    `SELECT entity FROM activity a WHERE action = 'account.connected' AND NOT EXISTS (SELECT 1 FROM accounts c WHERE c.id = a.entity_id)
      AND NOT EXISTS (SELECT 1 FROM activity d WHERE d.action = 'account.deleted' AND d.entity_id = a.entity_id)`,
  'an account that was deleted and is there':
    "SELECT entity FROM activity a WHERE action = 'account.deleted' AND EXISTS (SELECT 1 FROM accounts c WHERE c.id = a.entity_id)",
  'a grant without an account':
    'SELECT granted_at FROM grants g WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = g.account_id)',
  'a link that was used without an account':
    'SELECT created_at FROM connect_links WHERE used_at IS NOT NULL AND result_account_id IS NULL',
};

/** SQLite's own integrity check. */
const OF_SQLITE: Record<string, string> = {
  'damage in the file': "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
  'a row that points to nothing': 'SELECT * FROM pragma_foreign_key_check',
};

/** Lists the damage of an installation; empty if it is sound. */
export async function findings(kind: Kind, database: Database, app: App): Promise<string[]> {
  const found: string[] = [];
  for (const [what, sql] of Object.entries({ ...IMPOSSIBLE, ...(kind === 'SQLite' ? OF_SQLITE : {}) })) {
    for (const row of database.rows(sql)) found.push(`${what}: ${row.join(', ')}`);
  }
  const check = await app.command(['check']);
  if (check.code !== 0) found.push(`mail360 check: ${check.stderr}${check.stdout}`);
  return found;
}
