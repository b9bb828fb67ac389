//! Makes sure that only one process serves from a SQLite file: leases that it finds at its start are then those of dead
//! processes. The operating system ends the lock with the process, also after a kill.

use std::{
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use super::{DatabaseUrl, sqlite};

/// The end of the name of the file that is locked, beside the database. It stays empty.
const ENDING: &str = "-serving";

/// The right to serve from a database, until it is dropped.
#[derive(Debug)]
pub struct SoleServer {
    _locked: Option<File>,
}

impl SoleServer {
    /// Takes the right to serve. Any number of processes may serve from PostgreSQL.
    ///
    /// # Errors
    /// What to do, in a sentence, if another process serves from the file.
    pub fn of(url: &DatabaseUrl) -> Result<Self, String> {
        match url {
            DatabaseUrl::Sqlite(path) => lock(path).map(|file| Self { _locked: Some(file) }),
            DatabaseUrl::Postgres(_) => Ok(Self { _locked: None }),
        }
    }
}

fn lock(path: &Path) -> Result<File, String> {
    // Two addresses may name one file through symbolic links.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = sqlite::append_ending(&real, ENDING);
    let shown = beside.display();
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&beside);
    let file = file.map_err(|error| format!("Cannot open the file {shown}: {error}."))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(format!(
            "Another process serves from the database {}. Stop it first. Several processes can serve from one PostgreSQL \
             database: set MAIL360_DATABASE_URL.",
            path.display()
        )),
        Err(TryLockError::Error(error)) => Err(format!("Cannot lock the file {shown}: {error}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_process_that_would_serve_from_the_same_sqlite_file_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::Sqlite(folder.path().join("mail360.sqlite"));
        let first = SoleServer::of(&url).expect("the first one");
        let refused = SoleServer::of(&url).expect_err("the second one");
        assert!(refused.contains("Another process serves") && refused.contains("PostgreSQL"), "{refused}");
        drop(first);
        SoleServer::of(&url).expect("after the end of the first one");
        let other = DatabaseUrl::Sqlite(folder.path().join("other.sqlite"));
        SoleServer::of(&other).expect("another file");
    }

    #[test]
    fn a_second_name_of_the_same_file_is_refused_too() {
        let (folder, elsewhere) =
            (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (file, link) = (folder.path().join("mail360.sqlite"), elsewhere.path().join("linked.sqlite"));
        File::create(&file).expect("a file");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        let first = SoleServer::of(&DatabaseUrl::Sqlite(link.clone())).expect("the first one");
        let refused = SoleServer::of(&DatabaseUrl::Sqlite(file.clone())).expect_err("the second one");
        assert!(refused.contains("Another process serves"), "{refused}");
        drop(first);
        SoleServer::of(&DatabaseUrl::Sqlite(file)).expect("after the end of the first one");
    }
}
