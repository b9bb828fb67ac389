//! The database schema of mail360, as a sequence of migrations. They run in order, in one transaction.
//!
//! Every table has an `organisation_id`, except tables that belong to no organisation (`organisations`,
//! `settings`, `throttles`) and the limits of mailboxes (`provider_slots`, `provider_waits`, `provider_windows`); a
//! session has one once a user is logged in, and a job if it works for one. Foreign keys between tables of one
//! organisation are composite (`organisation_id`, id), so that the database refuses a row that references
//! another organisation. Times are microseconds since 1970-01-01 UTC, as integers, so that both databases
//! sort and compare them alike. Identifiers are UUIDs, secrets are sealed blobs.

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
mod m20261129_000017_rename_columns;
mod m20261129_000018_separate_providers;
mod m20261130_000019_keep_typed_secrets;
mod m20261130_000020_index_words;
mod m20261130_000021_create_accounts;
mod m20261130_000022_create_consent_links;
mod m20261130_000023_add_confirmations;
mod m20261130_000024_plan_account_lists;
mod m20261130_000025_note_applications;
mod m20261130_000026_create_api_clients;
mod m20261130_000027_create_api_calls;
mod m20261130_000028_create_provider_slots;
mod m20261130_000029_create_cursors;
mod m20261201_000030_create_sends;
mod m20261201_000031_create_mail_jobs;
mod m20261201_000032_create_uploads;
mod m20261201_000033_create_schedules;
mod m20261201_000034_count_schedules;
mod m20261201_000035_note_grant_ends;
mod m20261201_000036_time_windows;
mod schema;
pub mod words;

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
            Box::new(m20261129_000017_rename_columns::Migration),
            Box::new(m20261129_000018_separate_providers::Migration),
            Box::new(m20261130_000019_keep_typed_secrets::Migration),
            Box::new(m20261130_000020_index_words::Migration),
            Box::new(m20261130_000021_create_accounts::Migration),
            Box::new(m20261130_000022_create_consent_links::Migration),
            Box::new(m20261130_000023_add_confirmations::Migration),
            Box::new(m20261130_000024_plan_account_lists::Migration),
            Box::new(m20261130_000025_note_applications::Migration),
            Box::new(m20261130_000026_create_api_clients::Migration),
            Box::new(m20261130_000027_create_api_calls::Migration),
            Box::new(m20261130_000028_create_provider_slots::Migration),
            Box::new(m20261130_000029_create_cursors::Migration),
            Box::new(m20261201_000030_create_sends::Migration),
            Box::new(m20261201_000031_create_mail_jobs::Migration),
            Box::new(m20261201_000032_create_uploads::Migration),
            Box::new(m20261201_000033_create_schedules::Migration),
            Box::new(m20261201_000034_count_schedules::Migration),
            Box::new(m20261201_000035_note_grant_ends::Migration),
            Box::new(m20261201_000036_time_windows::Migration),
        ]
    }
}
