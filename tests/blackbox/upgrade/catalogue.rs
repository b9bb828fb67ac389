//! Reads the catalogue of a database: its tables, their columns, and the rest of its schema.

use std::collections::BTreeSet;

use crate::support::{Kind, Raw};

/// The catalogue of one database.
pub struct Catalogue<'a> {
    pub kind: Kind,
    pub raw: &'a Raw,
}

impl Catalogue<'_> {
    /// The names of all tables.
    pub async fn tables(&self) -> BTreeSet<String> {
        let query = match self.kind {
            Kind::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Kind::Postgres => {
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
            }
        };
        self.raw.column(query).await.into_iter().collect()
    }

    /// The names of a table's columns.
    pub async fn columns(&self, table: &str) -> BTreeSet<String> {
        let query = match self.kind {
            Kind::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Kind::Postgres => format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_schema = 'public' \
                 AND table_name = '{table}'"
            ),
        };
        self.raw.column(&query).await.into_iter().collect()
    }

    /// The values of these columns in each row of a table, a line for each row, sorted.
    pub async fn rows(&self, table: &str, columns: &BTreeSet<String>) -> Vec<String> {
        let quoted = columns.iter().map(|column| match self.kind {
            Kind::Sqlite => format!(r#"quote("{column}")"#),
            Kind::Postgres => format!(r#"quote_nullable("{column}"::text)"#),
        });
        let row = quoted.collect::<Vec<_>>().join(" || ' ' || ");
        let mut rows: Vec<String> = self.raw.column(&format!("SELECT {row} FROM {table}")).await;
        rows.sort_unstable();
        rows
    }

    /// Everything that the schema says about its tables: a line for each column with its type and default, for each
    /// index, and for each foreign key.
    pub async fn schema(&self) -> BTreeSet<String> {
        let mut schema = BTreeSet::new();
        for table in self.tables().await {
            for query in self.queries(&table) {
                let lines: Vec<String> = self.raw.column(&query).await;
                schema.extend(lines.into_iter().map(|line| format!("{table}: {line}")));
            }
        }
        schema
    }

    fn queries(&self, table: &str) -> [String; 3] {
        match self.kind {
            Kind::Sqlite => [
                format!(
                    r#"SELECT 'column ' || name || ' ' || type || ' notnull=' || "notnull" || ' default='
                       || COALESCE(dflt_value, 'none') || ' key=' || pk FROM pragma_table_info('{table}')"#
                ),
                // A line for each column of an index.
                format!(
                    r#"SELECT 'index ' || l.name || ' unique=' || l."unique" || ' origin=' || l.origin || ' partial='
                       || l.partial || ' ' || i.seqno || '=' || COALESCE(i.name, 'expression') || ' descending='
                       || i."desc" || ' ' || i.coll
                       FROM pragma_index_list('{table}') AS l JOIN pragma_index_xinfo(l.name) AS i
                       WHERE i."key" = 1"#
                ),
                // A line for each column of a foreign key.
                format!(
                    r#"SELECT 'foreign key ' || id || '.' || seq || ' ' || "from" || ' references ' || "table" || '.'
                       || COALESCE("to", 'its key') || ' update=' || on_update || ' delete=' || on_delete
                       FROM pragma_foreign_key_list('{table}')"#
                ),
            ],
            Kind::Postgres => [
                format!(
                    "SELECT concat_ws(' ', 'column', column_name, data_type, character_maximum_length, 'nullable', \
                     is_nullable, 'default ' || column_default::text, 'collation ' || collation_name::text) \
                     FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '{table}'"
                ),
                format!(
                    "SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public' \
                     AND tablename = '{table}'"
                ),
                // Primary keys, foreign keys with their actions, and checks.
                format!(
                    "SELECT format('constraint %s %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint \
                     WHERE conrelid = 'public.{table}'::regclass"
                ),
            ],
        }
    }
}
