//! Copies of an account by SQL, for jobs that change many accounts, and rows at which such a job fails.

use mail360::accounts::service::AccountId;

use super::{Kind, World, refreshing::Scene};

/// Copies an account and its grant this number of times, into this directory, without an access token and without a
/// next refresh. The emails and the subjects of the copies are `m0001`, `m0002`, ….
pub async fn copy_account(scene: &Scene, kind: Kind, account: AccountId, directory: &str, copies: i64) {
    let (new_id, number, numbers) = match kind {
        Kind::Sqlite => (
            "randomblob(16)",
            "printf('m%04d', n)",
            format!(
                "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {copies})"
            ),
        ),
        Kind::Postgres => (
            "gen_random_uuid()",
            "'m' || lpad(n::text, 4, '0')",
            format!("WITH numbers(n) AS (SELECT generate_series(1, {copies}))"),
        ),
    };
    let original = scene.world.raw.id(account);
    let accounts = format!(
        "INSERT INTO accounts (id, organisation_id, provider, subject, connector_id, email, email_key, name, \
         indexed_name, state, reason, state_since, failures, signed_in_at, created_at, version) {numbers} \
         SELECT {new_id}, organisation_id, provider, {number}, connector_id, {number}, {number}, '', {number}, state, \
         reason, state_since, 0, signed_in_at, created_at, 1 FROM accounts, numbers WHERE id = {original}"
    );
    let columns = "organisation_id, connector_id, client_id, pinned, scopes, asked_scopes, refresh_token, \
                   token_version, generation, application_version, granted_at, lease_counter, tries";
    let of_grant: Vec<_> = columns.split(", ").map(|column| format!("g.{column}")).collect();
    let grants = format!(
        "INSERT INTO grants (account_id, directory, {columns}) SELECT a.id, '{directory}', {} \
         FROM accounts a, grants g WHERE g.account_id = {original} AND a.subject = a.email_key",
        of_grant.join(", ")
    );
    for statement in [accounts, grants] {
        assert_eq!(scene.world.raw.run(&statement).await, Ok(copies.cast_unsigned()), "{statement}");
    }
}

/// Has each statement of this kind (`DELETE` or `UPDATE`) fail for the row that meets the condition, as if the process
/// ended there.
pub async fn stop_at(world: &World, kind: Kind, statement: &str, table: &str, condition: &str) {
    let statements = match kind {
        Kind::Sqlite => vec![format!(
            "CREATE TRIGGER stopped BEFORE {statement} ON {table} WHEN OLD.{condition} \
             BEGIN SELECT RAISE(ABORT, 'stopped'); END"
        )],
        Kind::Postgres => vec![
            format!(
                "CREATE FUNCTION stopped() RETURNS trigger AS $$ BEGIN IF OLD.{condition} THEN \
                 RAISE EXCEPTION 'stopped'; END IF; RETURN {}; END $$ LANGUAGE plpgsql",
                if statement == "DELETE" { "OLD" } else { "NEW" }
            ),
            format!(
                "CREATE TRIGGER stopped BEFORE {statement} ON {table} FOR EACH ROW EXECUTE FUNCTION stopped()"
            ),
        ],
    };
    for statement in statements {
        world.raw.run(&statement).await.expect("a trigger");
    }
}

/// Undoes [`stop_at`].
pub async fn go_on(world: &World, kind: Kind, table: &str) {
    let drop = match kind {
        Kind::Sqlite => "DROP TRIGGER stopped".to_owned(),
        Kind::Postgres => format!("DROP TRIGGER stopped ON {table}"),
    };
    world.raw.run(&drop).await.expect("no trigger");
}
