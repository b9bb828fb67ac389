//! Rows for the tables of API clients.

use super::{
    ACCOUNT, CLIENT, CONNECTOR, ORGANISATION, Table, USER,
    Value::{Bytes, Id, Number, Text},
};

/// The tables, each after those that it references.
pub static TABLES: &[Table] = &[
    (
        "api_clients",
        &[
            ("id", CLIENT),
            ("organisation_id", ORGANISATION),
            ("name", Text("Mail archive #")),
            ("scopes", Text("MailApps.messages.READ")),
            ("reach", Text("connectors")),
            ("networks", Text("192.0.2.#")),
            ("expires_at", Number(2500)),
            ("rate", Number(100)),
            ("at_once", Number(64)),
            ("created_at", Number(2510)),
            ("created_by", USER),
            ("revoked_at", Number(2520)),
            ("used_at", Number(2530)),
            ("version", Number(2)),
        ],
    ),
    (
        "api_credentials",
        &[
            ("id", Id(0x1200)),
            ("organisation_id", ORGANISATION),
            ("client_id", CLIENT),
            ("kind", Text("refresh_token")),
            ("hash", Bytes(0x71)),
            ("hint", Text("m360r_…ab#")),
            ("scopes", Text("MailApps.messages.READ")),
            ("created_at", Number(2540)),
            ("created_by", USER),
            ("used_at", Number(2550)),
        ],
    ),
    (
        "api_client_connectors",
        &[("organisation_id", ORGANISATION), ("client_id", CLIENT), ("connector_id", CONNECTOR)],
    ),
    (
        "api_client_accounts",
        &[("organisation_id", ORGANISATION), ("client_id", CLIENT), ("account_id", ACCOUNT)],
    ),
];
