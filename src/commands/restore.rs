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

const WITH_POSTGRESQL: &str = "Nothing was done, because restoring PostgreSQL needs the server's own tools:\n\
    1. Stop every process of this program.\n\
    2. Create a new, empty database, and read the dump into it: createdb NEW, then psql --set ON_ERROR_STOP=1 NEW < DUMP \
    (or pg_restore --dbname=NEW DUMP). Name it in MAIL360_DATABASE_URL.\n\
    3. Make sure that the key file contains the key of that time.\n\
    4. Run `mail360 migrate`, and then `mail360 end-sessions`: in the backup, sessions and links that were ended since are \
    open again.\n\
    5. Run `mail360 check`, and start.";

/// Replaces the database with a backup. Every step that can fail is first done on a copy.
pub async fn run(settings: Settings, backup: &Path) -> CommandResult {
    let DatabaseUrl::Sqlite(path) = settings.config.database.clone() else {
        return Err(WITH_POSTGRESQL.to_owned());
    };
    let held = Held::take(&path).await?;
    let staged = Staged::copy(backup, &path)?;
    let unchanged = |error: String| format!("{}\nNothing was restored.", staged.named(&error));
    staged.examine().await.map_err(unchanged)?;
    let (migrated, ended) = prepare(settings, &staged).await.map_err(unchanged)?;
    staged.finish().await.map_err(unchanged)?;
    let suffix = SystemClock.now().for_machines().replace([':', '-'], "").replace('.', "");
    let kept = held.replace(staged.path(), &suffix).await.map_err(unchanged)?;

    print_line(&format!("{} now has the content of {}.", path.display(), backup.display()));
    if migrated != Migrated::Current {
        print_line(&format!("Because the backup is of an older version, {migrated}."));
    }
    print_line(&format!("{ended}."));
    if let Some(kept) = kept {
        print_line(&format!(
            "The replaced database is kept at {}: delete that file when you no longer need it.",
            kept.display()
        ));
    }
    print_line(
        "All changes since the backup are undone. Check in Settings > People which users exist, are disabled or are \
         administrators, and remember passwords, second factors, recovery codes and client secrets that were \
         replaced since. Then run `mail360 check`, and start.",
    );
    Ok(())
}

/// Updates the schema of the copy, and ends the sessions, sign-ins and links that were open at the time of
/// the backup.
async fn prepare(mut settings: Settings, staged: &Staged) -> Result<(Migrated, Ended), String> {
    settings.config.database = DatabaseUrl::Sqlite(staged.path().to_owned());
    let opened = Opened::without_time_limits(settings, false).await?;
    let migrated = opened.migrate().await?;
    let program = opened.program(Assets::default()).await?;
    let ended = program.end_sessions().await.map_err(|error| error.to_string())?;
    program.database.close().await.map_err(|error| error.to_string())?;
    Ok((migrated, ended))
}
