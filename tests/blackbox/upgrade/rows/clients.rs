//! Rows for the tables of API clients.

use super::{
    ACCOUNT, CLIENT, CONNECTOR, ORGANISATION, Table, USER, Value,
    Value::{Bytes, Id, Number, Text},
};

const UPLOAD: Value = Id(0x1400);

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
    (
        "uploads",
        &[
            ("id", UPLOAD),
            ("organisation_id", ORGANISATION),
            ("client_id", CLIENT),
            ("account_id", ACCOUNT),
            ("details", Bytes(0xb1)),
            ("counted", Number(65_536)),
            ("size", Number(7)),
            ("whole_at", Number(2560)),
            ("expires_at", Number(2570)),
        ],
    ),
    ("upload_uses", &[("organisation_id", ORGANISATION), ("upload_id", UPLOAD), ("message_id", Id(0x1500))]),
    (
        "schedules",
        &[
            ("id", Id(0x1600)),
            ("organisation_id", ORGANISATION),
            ("client_id", CLIENT),
            ("account_id", ACCOUNT),
            ("state", Text("failed")),
            ("why", Text("late")),
            ("request", Bytes(0xd1)),
            ("shown", Bytes(0xe1)),
            ("version", Number(1)),
            ("key_hash", Bytes(0xf1)),
            ("values_hash", Bytes(0x12)),
            ("attempt_id", Id(0x1700)),
            ("tries", Number(3)),
            ("message_id", Text("AAMk-#")),
            ("internet_message_id", Text("<#@contoso.test>")),
            ("due_at", Number(2580)),
            ("next_at", Number(2590)),
            ("created_at", Number(2600)),
            ("ended_at", Number(2610)),
            ("counted", Number(2620)),
        ],
    ),
    // Only on PostgreSQL.
    (
        "upload_chunks",
        &[
            ("upload_id", UPLOAD),
            ("number", Number(0)),
            ("organisation_id", ORGANISATION),
            ("bytes", Bytes(0xc1)),
        ],
    ),
];
