//! `mail360 restore`: replaces the SQLite database with a backup.

use std::path::Path;

use mail360::{
    platform::{
        assets::Assets,
        clock::{Clock, SystemClock},
        database::{
            DatabaseUrl, Migrated,
            restore::{Held, Staged},
        },
    },
    router::Ended,
};

use super::{CommandResult, Opened, Settings, print_line};

const WITH_POSTGRESQL: &str = "Nothing was restored. With PostgreSQL you restore with its own tools:\n\
    1. Stop every process of this program.\n\
    2. Create a new, empty database, and read the dump into it, as an administrator of PostgreSQL (ROLE is the role of this \
    program):\n  \
    createdb --owner=ROLE NEW\n  \
    pg_restore --no-owner --role=ROLE --exit-on-error --dbname=NEW DUMP\n\
    A dump that is SQL text you read with: psql --set ON_ERROR_STOP=1 --dbname=NEW --file DUMP\n\
    Then name the new database in MAIL360_DATABASE_URL.\n\
    3. Make sure that the key file contains the key that was in use at the time of the backup.\n\
    4. Run `mail360 migrate`, and then `mail360 end-sessions`. Otherwise sessions and links that were ended after the \
    backup work again.\n\
    5. Run `mail360 check`, and start the program. Check Settings > People and Settings > API access: passwords, and \
    credentials of API clients, that were changed or removed after the backup work again.";

/// Replaces the database with a backup. Works on a copy of the backup, and replaces the database only when every
/// check has passed.
pub async fn run(settings: Settings, backup: &Path) -> CommandResult {
    let path = match &settings.config.database {
        DatabaseUrl::Sqlite(path) => path.clone(),
        postgres @ DatabaseUrl::Postgres(_) => return Err(postgres.name_role(WITH_POSTGRESQL)),
    };
    let held = Held::lock_database(&path).await?;
    let staged = Staged::copy(backup, &path)?;
    let unchanged = |error: String| format!("{}\nNothing was restored.", staged.named(&error));
    staged.examine().await.map_err(unchanged)?;
    let (migrated, ended) = prepare(settings, &staged).await.map_err(unchanged)?;
    staged.finish().await.map_err(unchanged)?;
    let suffix = SystemClock.now().for_machines().replace([':', '-'], "").replace('.', "");
    let kept = held.replace(staged.path(), &suffix).await.map_err(unchanged)?;

    print_line(&format!("{} now has the content of {}.", path.display(), backup.display()));
    if migrated != Migrated::Current {
        print_line(&format!("An older version of the program wrote the backup, so {migrated}."));
    }
    print_line(&format!("{ended}."));
    if let Some(kept) = kept {
        print_line(&format!(
            "The replaced database is kept at {}. Delete that file when you no longer need it.",
            kept.display()
        ));
    }
    print_line(
        "All changes since the backup are undone. Check the users in Settings > People: which users exist, \
         which are disabled, and which are administrators. Passwords, second factors, recovery codes and client secrets \
         are those of the backup. If you replaced one of them after the backup, replace it again. API keys and other \
         credentials that you removed from API clients after the backup work again: remove them in Settings > API \
         access. Then run `mail360 check`, and start the program.",
    );
    Ok(())
}

/// Updates the schema of the copy. Ends the sessions, sign-ins and links that were open at the time of the backup,
/// because they may have been ended since then.
async fn prepare(mut settings: Settings, staged: &Staged) -> Result<(Migrated, Ended), String> {
    settings.config.database = DatabaseUrl::Sqlite(staged.path().to_owned());
    let opened = Opened::without_time_limits(settings, false).await?;
    let migrated = opened.migrate().await?;
    let program = opened.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?;
    program.database.close().await.map_err(|error| error.to_string())?;
    Ok((migrated, ended))
}
