//! The database schema of mail360, step by step.
//!
//! Every table carries `organisation_id`, save those that belong to nobody (`organisations`, `settings`, `throttles`;
//! a session has one once somebody is in it, a job if it works for one), and foreign keys between tables of one organisation are
//! composite (`organisation_id`, id), so that the database itself refuses a row that would cross from
//! one organisation to another. Times are microseconds since 1970-01-01 UTC, as integers: the two
//! databases then sort and compare them alike. Identifiers are UUIDs, secrets are sealed blobs.

use sea_orm_migration::prelude::*;

mod m20261123_000001_create_organisations;
mod m20261123_000002_create_sessions;
mod m20261123_000003_create_connectors;
mod m20261123_000004_create_attempts;
mod m20261123_000005_create_activity;
mod m20261125_000006_create_throttles;
mod m20261125_000007_index_activity;
mod m20261125_000008_guard_people;
mod m20261125_000009_list_connectors;
mod m20261125_000010_reset_passwords;
mod m20261129_000011_end_sessions;
mod m20261129_000012_create_device_cookies;
mod m20261129_000013_name_organisations;
mod m20261129_000014_keep_provider_answers;
mod m20261129_000015_bind_secrets;
mod m20261129_000016_create_jobs;
mod schema;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261123_000001_create_organisations::Migration),
            Box::new(m20261123_000002_create_sessions::Migration),
            Box::new(m20261123_000003_create_connectors::Migration),
            Box::new(m20261123_000004_create_attempts::Migration),
            Box::new(m20261123_000005_create_activity::Migration),
            Box::new(m20261125_000006_create_throttles::Migration),
            Box::new(m20261125_000007_index_activity::Migration),
            Box::new(m20261125_000008_guard_people::Migration),
            Box::new(m20261125_000009_list_connectors::Migration),
            Box::new(m20261125_000010_reset_passwords::Migration),
            Box::new(m20261129_000011_end_sessions::Migration),
            Box::new(m20261129_000012_create_device_cookies::Migration),
            Box::new(m20261129_000013_name_organisations::Migration),
            Box::new(m20261129_000014_keep_provider_answers::Migration),
            Box::new(m20261129_000015_bind_secrets::Migration),
            Box::new(m20261129_000016_create_jobs::Migration),
        ]
    }
}
