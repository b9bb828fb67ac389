//! Rows of messages that are sent once, and of other calls that are done once.

use super::{
    ACCOUNT, CLIENT, ORGANISATION, Table,
    Value::{Bytes, Flag, Id, Null, Number, Text},
};

pub static TABLES: &[Table] = &[
    (
        "sends",
        &[
            ("id", Id(0x1300)),
            ("organisation_id", ORGANISATION),
            ("account_id", ACCOUNT),
            ("holder_id", CLIENT),
            ("holder_kind", Text("client")),
            ("identity_hash", Bytes(0xb1)),
            ("kind", Text("send")),
            ("state", Text("done")),
            ("way", Text("draft")),
            ("message_id", Text("<#@contoso.test>")),
            ("draft_id", Text("draft-#")),
            ("attached", Number(1)),
            ("doubts", Number(2)),
            ("recipients", Number(3)),
            ("request", Null),
            ("answer", Bytes(0xc1)),
            ("is_untold", Flag(false)),
            ("lease_owner", Null),
            ("lease_counter", Number(4)),
            ("tries", Number(5)),
            ("next_at", Null),
            ("lost_drafts", Number(6)),
            ("clean_at", Number(2130)),
            ("created_at", Number(2100)),
            ("begun_at", Number(2105)),
            ("ended_at", Number(2110)),
        ],
    ),
    (
        "idempotency_keys",
        &[
            ("id", Id(0x1400)),
            ("organisation_id", ORGANISATION),
            ("account_id", ACCOUNT),
            ("holder_id", CLIENT),
            ("identity_hash", Bytes(0xd1)),
            ("result", Bytes(0xe1)),
            ("created_at", Number(2120)),
            ("ended_at", Number(2130)),
        ],
    ),
];
