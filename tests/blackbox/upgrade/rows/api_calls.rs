//! Rows for the table of API calls.

use super::{
    ACCOUNT, ORGANISATION, Table,
    Value::{Id, Number, Text},
};

/// The table, after those that it references.
pub static TABLES: &[Table] = &[(
    "api_calls",
    &[
        ("id", Id(0x1a00)),
        ("organisation_id", ORGANISATION),
        ("at", Number(3000)),
        ("client_id", Id(0x1a10)),
        ("account_id", ACCOUNT),
        ("method", Text("GET")),
        ("route", Text("/api/accounts/{key}/messages/#")),
        ("status", Number(403)),
        ("duration", Number(84_000)),
        ("request_id", Text("request-#")),
        ("error_code", Text("MISSING_SCOPE")),
        ("provider_request_id", Text("provider-#")),
        ("left_out", Number(0)),
    ],
)];
