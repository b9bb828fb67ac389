//! Rows for every table, with a value for every column that the table has or has had.

mod accounts;
mod api_calls;
mod clients;
mod sends;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::catalogue::Catalogue;
use crate::support::Raw;

/// The table in which SeaORM records the migrations. They add its rows.
pub const MIGRATIONS: &str = "seaql_migrations";

/// The number of rows in each table. The rows with the same number reference each other.
pub const ROWS: u8 = 2;

/// The value of a column. The number of the row is part of it, so that values differ between rows.
#[derive(Clone, Copy)]
enum Value {
    Null,
    Flag(bool),
    /// This number plus that of the row.
    Number(i64),
    /// The number of the row replaces each `#`.
    Text(&'static str),
    /// 32 times the sum of this number and that of the row.
    Bytes(u8),
    /// The UUID of this number plus that of the row.
    Id(u128),
}

use Value::{Bytes, Flag, Id, Null, Number, Text};

impl Value {
    /// The value in a statement.
    fn sql(self, raw: &Raw, row: u8) -> String {
        match self {
            Null => "NULL".to_owned(),
            Flag(flag) => flag.to_string(),
            Number(number) => (number + i64::from(row)).to_string(),
            Text(text) => format!("'{}'", text.replace('#', &row.to_string())),
            Bytes(byte) => raw.bytes(&[byte + row; 32]),
            Id(id) => raw.id(Uuid::from_u128(id + u128::from(row))),
        }
    }
}

const ORGANISATION: Value = Id(0x100);
const USER: Value = Id(0x200);
const CONNECTOR: Value = Id(0x300);
const ATTEMPT: Value = Id(0x400);
const ACCOUNT: Value = Id(0xc00);
const LINK: Value = Id(0xd00);
const CLIENT: Value = Id(0x1100);

/// A table, and the values of its columns.
type Table = (&'static str, &'static [(&'static str, Value)]);

/// The tables. A table comes after those that it references. No migration changes these values: the sign-ins have
/// ended, and the activity has no detail.
static TABLES: &[Table] = &[
    ("settings", &[("name", Text("setting-#")), ("value", Bytes(0x10)), ("changed_at", Number(100))]),
    (
        "organisations",
        &[
            ("id", ORGANISATION),
            ("name", Text("Contoso #")),
            ("short_name", Text("contoso-#")),
            ("created_at", Number(200)),
            ("second_factor_required", Flag(true)),
        ],
    ),
    (
        "users",
        &[
            ("id", USER),
            ("organisation_id", ORGANISATION),
            ("email", Text("ada-#@contoso.test")),
            ("name", Text("Ada #")),
            ("password_hash", Text("$argon2id$#")),
            ("role", Text("admin")),
            ("created_at", Number(300)),
            ("disabled_at", Number(310)),
            ("last_login_at", Number(320)),
            ("version", Number(3)),
            ("totp_secret", Bytes(0x20)),
            ("totp_since", Number(330)),
            ("totp_last_step", Number(7)),
            ("totp_version", Number(4)),
        ],
    ),
    (
        "sessions",
        &[
            ("hash", Bytes(0x30)),
            ("organisation_id", ORGANISATION),
            ("user_id", USER),
            ("created_at", Number(400)),
            ("last_seen_at", Number(410)),
            ("expires_at", Number(420)),
            ("address", Text("192.0.2.#")),
            ("user_agent", Text("Browser #")),
            ("data", Text("{}")),
            ("proved_at", Number(430)),
            ("reauthenticated_at", Number(430)),
            ("half_way_of", USER),
        ],
    ),
    (
        "device_cookies",
        &[
            ("hash", Bytes(0x40)),
            ("organisation_id", ORGANISATION),
            ("user_id", USER),
            ("created_at", Number(500)),
            ("expires_at", Number(510)),
            ("failures", Number(1)),
        ],
    ),
    ("recovery_codes", &[("organisation_id", ORGANISATION), ("user_id", USER), ("hash", Bytes(0x50))]),
    (
        "invitations",
        &[
            ("id", Id(0x500)),
            ("organisation_id", ORGANISATION),
            ("email", Text("grace-#@contoso.test")),
            ("role", Text("viewer")),
            ("token_hash", Bytes(0x60)),
            ("user_id", USER),
            ("created_at", Number(600)),
            ("expires_at", Number(610)),
            ("for_user", USER),
        ],
    ),
    (
        "connectors",
        &[
            ("id", CONNECTOR),
            ("organisation_id", ORGANISATION),
            ("provider", Text("outlook")),
            ("service_name", Text("Mail #")),
            ("name_key", Text("mail #")),
            ("indexed_name", Text("mail #")),
            ("form_id", Id(0x600)),
            ("client_id", Text("1b4e28ba-2fa1-11d2-883f-0016d3cca42#")),
            ("client_secret", Bytes(0x70)),
            ("client_secret_version", Number(5)),
            ("client_secret_hint", Text("ab#")),
            ("secret_expires_on", Text("2027-05-0#")),
            ("expiry_key", Text("2027-05-0#")),
            ("cloud", Text("global")),
            ("account_type", Text("single_tenant")),
            ("tenant", Text("contoso-#.com")),
            ("provider_settings", Text(r#"{"account_type":"single_tenant","tenant":"contoso-#.com"}"#)),
            ("tenant_id", Text("5a1e0000-7e57-4000-8000-00000000c0d#")),
            ("proved_directory", Text("5a1e0000-7e57-4000-8000-00000000c0d#")),
            ("unproved", Null),
            ("scopes", Text("User.Read")),
            ("state", Text("failing")),
            ("verified_at", Number(700)),
            ("failure", Text("credentials_rejected")),
            ("failed_at", Number(710)),
            ("version", Number(8)),
            ("application_version", Number(6)),
            ("application_first_version", Number(5)),
            ("created_at", Number(720)),
            ("changed_at", Number(730)),
            ("deleted_at", Number(740)),
        ],
    ),
    (
        "connector_words",
        &[
            ("organisation_id", ORGANISATION),
            ("word", Text("mail")),
            ("sort_key", Text("mail #")),
            ("connector_id", CONNECTOR),
            ("shared", Number(0)),
        ],
    ),
    (
        "attempts",
        &[
            ("id", ATTEMPT),
            ("organisation_id", ORGANISATION),
            ("connector_id", CONNECTOR),
            ("connector_version", Number(6)),
            ("user_id", USER),
            ("user_version", Number(3)),
            ("purpose", Text("verify")),
            ("client_id", Text("1b4e28ba-2fa1-11d2-883f-0016d3cca42#")),
            ("authorize_url", Text("https://a.example/#")),
            ("token_url", Text("https://t.example/#")),
            ("graph_url", Text("https://g.example/#")),
            ("issuer", Text("https://i.example/#")),
            ("tenant", Text("5a1e0000-7e57-4000-8000-00000000c0d#")),
            ("provider", Text("outlook")),
            ("pinned", Text("{}")),
            ("redirect_uri", Text("https://m.example/#")),
            ("scopes", Text("User.Read")),
            ("nonce_hash", Bytes(0x80)),
            ("state_hash", Bytes(0x90)),
            ("pkce_verifier", Null),
            ("binding_hash", Bytes(0xa0)),
            ("created_at", Number(800)),
            ("expires_at", Number(810)),
            ("consumed_at", Number(820)),
            ("ended_at", Number(830)),
            ("outcome", Text(r#"{"outcome":"failed","why":"unavailable","provider":null}"#)),
            ("provider_words", Bytes(0xb0)),
            ("connect_link_id", LINK),
            ("account_id", ACCOUNT),
        ],
    ),
    (
        "attempt_events",
        &[
            ("id", Id(0x700)),
            ("organisation_id", ORGANISATION),
            ("attempt_id", ATTEMPT),
            ("at", Number(900)),
            ("step", Text("started")),
            ("duration", Number(9)),
            ("detail", Text("https://a.example/#")),
        ],
    ),
    (
        "activity",
        &[
            ("id", Id(0x800)),
            ("organisation_id", ORGANISATION),
            ("at", Number(1000)),
            ("user_id", USER),
            ("address", Text("192.0.2.#")),
            ("action", Text("connector.deleted")),
            ("entity", Text("Mail #")),
            ("entity_id", CONNECTOR),
            ("outcome", Text("done")),
            ("detail", Text("")),
            ("reference", Text("request-#")),
            ("request_id", Text("request-#")),
            ("count", Number(1)),
            ("client_id", CLIENT),
        ],
    ),
    (
        "kept_secrets",
        &[
            ("id", Id(0xb00)),
            ("organisation_id", ORGANISATION),
            ("session_hash", Bytes(0x30)),
            ("form", Text("edit #")),
            ("connector_id", CONNECTOR),
            ("client_secret", Bytes(0xd0)),
            ("version", Number(1)),
            ("created_at", Number(1150)),
        ],
    ),
    ("throttles", &[("key", Bytes(0xc0)), ("window_started_at", Number(1100)), ("count", Number(2))]),
    (
        "jobs",
        &[
            ("id", Id(0x900)),
            ("kind", Text("sweep")),
            ("organisation_id", ORGANISATION),
            ("key", Text("key-#")),
            ("payload", Text("{}")),
            ("due_at", Number(1200)),
            ("attempts", Number(1)),
            ("lease_owner", Id(0xa00)),
            ("lease_counter", Number(2)),
        ],
    ),
];

/// Inserts [`ROWS`] rows into every table of the catalogue, with a value in every column. A table or a column without
/// values here fails the test.
pub async fn fill(catalogue: &Catalogue<'_>) {
    let all = || {
        TABLES
            .iter()
            .chain(accounts::TABLES)
            .chain(clients::TABLES)
            .chain(api_calls::TABLES)
            .chain(sends::TABLES)
    };
    let mut known: BTreeSet<String> = all().map(|(table, _)| (*table).to_owned()).collect();
    known.insert(MIGRATIONS.to_owned());
    let tables = catalogue.tables().await;
    let unknown: Vec<_> = tables.difference(&known).collect();
    assert!(unknown.is_empty(), "add these tables to TABLES: {unknown:?}");

    for (table, values) in all().filter(|(table, _)| tables.contains(*table)) {
        let known: BTreeSet<String> = values.iter().map(|(column, _)| (*column).to_owned()).collect();
        let columns = catalogue.columns(table).await;
        let unknown: Vec<_> = columns.difference(&known).collect();
        assert!(unknown.is_empty(), "add these columns of {table} to TABLES: {unknown:?}");

        let present: Vec<_> = values.iter().filter(|(column, _)| columns.contains(*column)).collect();
        let names: Vec<_> = present.iter().map(|(column, _)| format!("\"{column}\"")).collect();
        let names = names.join(", ");
        for row in 1..=ROWS {
            let values: Vec<_> = present.iter().map(|(_, value)| value.sql(catalogue.raw, row)).collect();
            let statement = format!("INSERT INTO {table} ({names}) VALUES ({})", values.join(", "));
            assert_eq!(catalogue.raw.run(&statement).await, Ok(1), "{statement}");
        }
    }
}
