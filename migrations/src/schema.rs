//! Shapes of columns and keys that all tables share.

use sea_orm_migration::prelude::*;

/// The column `id`, a UUID v7 that the program creates.
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

/// A required text of any length. Parsers check lengths; a column that is too short could silently cut a
/// token.
pub fn text(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().not_null().take()
}

/// An optional text.
pub fn text_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).text().null().take()
}

/// A required integer of 64 bits.
pub fn integer(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().not_null().take()
}

/// A required time: microseconds since 1970-01-01 UTC.
pub fn time(name: &'static str) -> ColumnDef {
    integer(name)
}

/// An optional time.
pub fn time_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).big_integer().null().take()
}

/// Required bytes: a hash or a sealed secret.
pub fn bytes(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().not_null().take()
}

/// Optional bytes, which may be erased.
pub fn bytes_or_null(name: &'static str) -> ColumnDef {
    ColumnDef::new(name).blob().null().take()
}

/// The column `organisation_id`.
pub fn organisation_id() -> ColumnDef {
    uuid("organisation_id")
}

/// `organisation_id` references an organisation. The row is deleted with it.
pub fn of_organisation(table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, "organisation_id")
        .to("organisations", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// `organisation_id` and `user_id` reference a user of that organisation. The row is deleted with the user.
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
