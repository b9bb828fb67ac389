//! Column shapes that every table shares.

use sea_orm_migration::prelude::*;

/// The column `id`, a UUID v7 made by the program.
pub fn id() -> ColumnDef {
    ColumnDef::new("id").uuid().not_null().primary_key().take()
}

/// A required UUID.
pub fn uuid(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().not_null().take()
}

/// A UUID that may be missing.
pub fn uuid_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).uuid().null().take()
}

/// A required text of any length: lengths are checked where input is parsed, and a column that is too
/// short would cut a token in silence.
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// A text that may be missing.
pub fn text_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// A required integer of 64 bits.
pub fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A required point in time: microseconds since 1970-01-01 UTC.
pub fn time(name: &'static str) -> ColumnDef {
    integer(name)
}

/// A point in time that may be missing.
pub fn time_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// Required bytes: a hash or a sealed secret.
pub fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

/// Bytes that may be missing, as where they are erased.
pub fn bytes_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().null().take()
}

/// The column `organisation_id`.
pub fn organisation_id() -> ColumnDef {
    uuid("organisation_id")
}

/// `organisation_id` points to an organisation, and goes with it.
pub fn of_organisation(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "organisation_id")
        .to("organisations", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// `organisation_id` and `user_id` point to a user of that very organisation, and go with them.
pub fn of_user(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, ("organisation_id", "user_id"))
        .to("users", ("organisation_id", "id"))
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// A unique index.
pub fn unique(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}

/// An index.
pub fn index(name: &'static str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(table).take();
    for column in columns {
        index.col(*column);
    }
    index
}
