//! Recognises files that an operator names as a backup but that are none, and gives the command that makes a
//! backup of each. `Staged::examine` decides whether a SQLite database is intact.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use super::super::sqlite::append_ending;
use crate::platform::exposure::quoted;

/// Number of bytes read from a file. A tar archive has its mark at byte 257.
const START: u64 = 512;

/// The first bytes of a SQLite database ("Database File Format").
const SQLITE: &[u8] = b"SQLite format 3\0";

/// First bytes of a file that wraps another one, what was done to that one, and the command that undoes it.
const WRAPPED: [(&[u8], &str, &str); 9] = [
    (b"\x1f\x8b", "compressed with gzip", "gunzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "zstd -d"),
    (b"\xfd7zXZ\0", "compressed with xz", "xz -d"),
    (b"BZh", "compressed with bzip2", "bunzip2"),
    (b"\x04\x22\x4d\x18", "compressed with lz4", "lz4 -d"),
    (b"age-encryption.org/", "encrypted with age", "age --decrypt --identity KEY-FILE"),
    (b"-----BEGIN AGE ENCRYPTED FILE", "encrypted with age", "age --decrypt --identity KEY-FILE"),
    (b"-----BEGIN PGP MESSAGE", "encrypted with GnuPG", "gpg --decrypt"),
    (b"Salted__", "encrypted with OpenSSL", "openssl enc -d WITH-THE-SAME-OPTIONS"),
];

/// The kind of a file, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Sqlite,
    Empty,
    /// A wrapper around one other file: how it was wrapped, and the command that unwraps it.
    Wrapped(&'static str, &'static str),
    /// A container of several files.
    Archive(Archive),
    /// A dump of PostgreSQL, and the command that reads it.
    Postgres(&'static str),
    /// SQL statements, as `.dump` of sqlite3 writes them.
    Sql,
    /// SQLite's write-ahead log.
    Log,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Archive {
    Zip,
    Tar,
    SevenZip,
}

/// The command that reads a dump in one of `pg_dump`'s binary formats.
const PG_RESTORE: &str = "pg_restore --no-owner --role=ROLE --exit-on-error --dbname=NEW";
/// The command that reads a text dump.
const PSQL: &str = "psql --set ON_ERROR_STOP=1 --dbname=NEW --file";

fn content(start: &[u8]) -> Content {
    if start.is_empty() {
        return Content::Empty;
    }
    if start.starts_with(SQLITE) {
        return Content::Sqlite;
    }
    if let Some((_, done, undo)) = WRAPPED.iter().find(|(mark, ..)| start.starts_with(mark)) {
        return Content::Wrapped(done, undo);
    }
    // The table of contents is the first file of a dump in tar format.
    if start.starts_with(b"PGDMP") || start.starts_with(b"toc.dat\0") {
        return Content::Postgres(PG_RESTORE);
    }
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return Content::Archive(Archive::Zip);
    }
    if start.starts_with(b"7z\xbc\xaf\x27\x1c") {
        return Content::Archive(Archive::SevenZip);
    }
    if start.get(257..262) == Some(b"ustar") {
        return Content::Archive(Archive::Tar);
    }
    // With big-endian or little-endian checksums.
    if start.starts_with(b"\x37\x7f\x06\x82") || start.starts_with(b"\x37\x7f\x06\x83") {
        return Content::Log;
    }
    let text = String::from_utf8_lossy(start);
    // A dump of one database, or of all (pg_dumpall).
    if text.contains("-- PostgreSQL database") {
        return Content::Postgres(PSQL);
    }
    let text = text.trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace());
    let word = text.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    let is_sql =
        ["PRAGMA", "BEGIN", "CREATE", "INSERT"].iter().any(|begins| word.eq_ignore_ascii_case(begins));
    if is_sql { Content::Sql } else { Content::Other }
}

/// The advice for the operator about a file that is not a SQLite database; `None` if it is one.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn advice(backup: &Path, file: &mut File) -> io::Result<Option<String>> {
    let mut start = Vec::new();
    file.take(START).read_to_end(&mut start)?;
    Ok(describe_content(backup, content(&start)))
}

/// The advice about a folder: `pg_dump` has a folder format.
pub(super) fn advice_for_folder(backup: &Path) -> Option<String> {
    let is_dump =
        ["toc.dat", "toc.dat.gz", "toc.dat.lz4", "toc.dat.zst"].iter().any(|name| backup.join(name).exists());
    if is_dump { describe_content(backup, Content::Postgres(PG_RESTORE)) } else { None }
}

fn describe_content(backup: &Path, content: Content) -> Option<String> {
    let shown = backup.display();
    let from = quoted(backup);
    // A new name: without the ending it could be the name of the database in use.
    let database = quoted(&append_ending(backup, ".sqlite"));
    let unpacked = append_ending(backup, ".unpacked");
    let into = quoted(&unpacked);
    // Readable only by this user, because it holds e-mails and password hashes.
    let convert = |what: &str, command: String| {
        format!(
            "{shown} {what}. Convert it to a database, and restore that:\n  (umask 077; {command})\n  mail360 restore {database}"
        )
    };
    let unpack = |what: &str, command: String| {
        let inside = quoted(&unpacked.join("NAME"));
        format!(
            "{shown} is a {what} archive. Unpack it, and restore the database in it:\n  (umask 077; {command})\n  \
             mail360 restore {inside}"
        )
    };
    let words = match content {
        Content::Sqlite => return None,
        Content::Empty => format!(
            "{shown} is empty (0 bytes): the backup was never written, perhaps because the disk was full. Take another \
             one."
        ),
        Content::Wrapped(done, undo) => {
            convert(&format!("is {done}"), format!("{undo} < {from} > {database}"))
        }
        Content::Sql => convert(
            "is SQL text, such as `.dump` of sqlite3 writes, and not a SQLite database",
            format!("sqlite3 {database} < {from}"),
        ),
        Content::Archive(Archive::Zip) => unpack("ZIP", format!("unzip {from} -d {into}")),
        Content::Archive(Archive::Tar) => unpack("tar", format!("mkdir {into} && tar -xf {from} -C {into}")),
        Content::Archive(Archive::SevenZip) => unpack("7-Zip", format!("7z x -o{into} {from}")),
        Content::Postgres(command) => format!(
            "{shown} is a dump of PostgreSQL, and the database of this program is a SQLite file, as MAIL360_DATABASE_URL \
             is set now. Read the dump into a new, empty database of PostgreSQL:\n  \
             createdb --owner=ROLE NEW\n  {command} {from}\nROLE is the role of this program in PostgreSQL, and NEW the \
             name of the new database. Then name that database in MAIL360_DATABASE_URL, and run `mail360 restore` again: \
             it prints the other steps."
        ),
        Content::Log => format!(
            "{shown} is the write-ahead log of a SQLite database, and not the database itself. Name the file whose name lacks the \
             ending -wal: its log is restored with it."
        ),
        Content::Other => format!(
            "{shown} is not a SQLite database: it does not begin like one. Name a file that was made by `VACUUM INTO` of sqlite3, or by \
             copying the database."
        ),
    };
    Some(words)
}

/// Why the backup cannot be read, and the command that helps. `database` is the file that it would replace.
pub(super) fn describe_unreadable_backup(backup: &Path, database: &Path, error: &io::Error) -> String {
    let shown = backup.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!(
            "The backup {shown} cannot be read: there is no such file. A path without a leading / is relative to \
             the folder in which the command runs."
        ),
        io::ErrorKind::PermissionDenied => {
            let user = rustix::process::geteuid().as_raw();
            // The nearest path that can be looked up is the one that refuses: the file itself, or a folder
            // above it.
            let mut places = backup
                .ancestors()
                .map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
            let refusing = places.find_map(|path| Some((path, fs::metadata(path).ok()?)));
            match refusing {
                Some((path, found)) => {
                    describe_refused_access(backup, database, path, found.uid(), found.mode() & 0o7777, user)
                }
                None => format!("The backup {shown} cannot be read: {error}."),
            }
        }
        _ => format!("The backup {shown} cannot be read: {error}."),
    }
}

/// The text if this user may not read `path`: the backup, or a folder above it.
fn describe_refused_access(
    backup: &Path,
    database: &Path,
    path: &Path,
    owner: u32,
    mode: u32,
    user: u32,
) -> String {
    let shown = backup.display();
    let from = quoted(backup);
    if path == backup {
        let remedy = if owner == user {
            format!("Run: chmod 600 {from}")
        } else {
            format!("Let root run: chown {user} {from} && chmod 600 {from}")
        };
        return format!(
            "The backup {shown} cannot be read: it belongs to the user with the id {owner} (mode {mode:04o}), and this \
             program runs as the user with the id {user}. {remedy}"
        );
    }
    let copy = quoted(&append_ending(database, ".backup"));
    format!(
        "The backup {shown} cannot be read: the folder {} belongs to the user with the id {owner} (mode {mode:04o}), and \
         this program runs as the user with the id {user}. Let root copy the backup, and restore the copy:\n  \
         install --owner={user} --mode=600 {from} {copy}\n  mail360 restore {copy}",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message_of(name: &str, start: &[u8]) -> Option<String> {
        describe_content(Path::new(name), content(start))
    }

    #[test]
    fn c49_a_file_that_is_no_database_is_named_with_the_command_that_converts_it() {
        let tar = [&b"mail360.sqlite"[..], &[0; 243], b"ustar\x0000", &[0; 200]].concat();
        let dump_as_tar = [&b"toc.dat\0"[..], &[0; 249], b"ustar\x0000", &[0; 200]].concat();
        for (start, what, command) in [
            (&b""[..], "is empty", "Take another one"),
            (b"\x1f\x8b\x08\x00", "compressed with gzip", "(umask 077; gunzip < '/b/x' > '/b/x.sqlite')"),
            (b"\x28\xb5\x2f\xfd\x04", "compressed with zstd", "zstd -d < '/b/x' > '/b/x.sqlite'"),
            (b"\xfd7zXZ\0\0", "compressed with xz", "xz -d < '/b/x' > '/b/x.sqlite'"),
            (b"BZh91AY", "compressed with bzip2", "bunzip2 < '/b/x' > '/b/x.sqlite'"),
            (b"age-encryption.org/v1\n", "encrypted with age", "age --decrypt --identity KEY-FILE < '/b/x'"),
            (b"-----BEGIN PGP MESSAGE-----", "encrypted with GnuPG", "gpg --decrypt < '/b/x'"),
            (b"PK\x03\x04\x14", "ZIP archive", "unzip '/b/x' -d '/b/x.unpacked'"),
            (b"7z\xbc\xaf\x27\x1c\0", "7-Zip archive", "7z x -o'/b/x.unpacked' '/b/x'"),
            (&tar, "tar archive", "tar -xf '/b/x' -C '/b/x.unpacked'"),
            (&dump_as_tar, "dump of PostgreSQL", "--role=ROLE --exit-on-error --dbname=NEW '/b/x'"),
            (
                b"PGDMP\x01\x0e\0",
                "dump of PostgreSQL",
                "createdb --owner=ROLE NEW\n  pg_restore --no-owner --role=ROLE",
            ),
            (
                b"--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n",
                "dump of PostgreSQL",
                "psql --set ON_ERROR_STOP=1 --dbname=NEW --file '/b/x'",
            ),
            (b"--\r\n-- PostgreSQL database cluster dump\r\n", "dump of PostgreSQL", "psql"),
            (
                b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n",
                "SQL text",
                "(umask 077; sqlite3 '/b/x.sqlite' < '/b/x')",
            ),
            (b"\xef\xbb\xbf\nbegin transaction;", "SQL text", "sqlite3 '/b/x.sqlite' < '/b/x'"),
            (b"\x37\x7f\x06\x82\0\x2d", "write-ahead log", "lacks the ending -wal"),
            (b"1:c2VjcmV0", "not a SQLite database", "VACUUM INTO"),
        ] {
            let message = message_of("/b/x", start).expect(what);
            assert!(message.starts_with("/b/x is ") && message.contains(what), "{what}: {message}");
            assert!(message.contains(command), "{command}: {message}");
            // The words must not be about the program's own database.
            assert!(!message.contains("mail360 restore FILE") && !message.contains("damaged"), "{message}");
        }
        assert_eq!(message_of("/b/x", b"SQLite format 3\0\x10\0"), None);
        let quoted = message_of("/b/it's", b"\x1f\x8b").expect("words");
        assert!(quoted.contains(r"gunzip < '/b/it'\''s' > '/b/it'\''s.sqlite'"), "{quoted}");
    }

    #[test]
    fn c49_a_folder_of_pg_dump_is_a_dump_and_another_folder_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(advice_for_folder(folder.path()), None);
        fs::write(folder.path().join("toc.dat"), b"PGDMP").expect("a file");
        let message = advice_for_folder(folder.path()).expect("words");
        assert!(message.contains("dump of PostgreSQL") && message.contains("pg_restore"), "{message}");
    }

    #[test]
    fn c49_an_unreadable_backup_gives_an_error_with_its_owner_and_the_command() {
        let (backup, database) = (Path::new("/root/b.sqlite"), Path::new("data/mail360.sqlite"));
        let file = |owner| describe_refused_access(backup, database, backup, owner, 0o600, 1001);
        assert!(file(0).contains("the user with the id 0 (mode 0600)"), "{}", file(0));
        assert!(
            file(0).contains("root run: chown 1001 '/root/b.sqlite' && chmod 600 '/root/b.sqlite'"),
            "{}",
            file(0)
        );
        assert!(file(1001).ends_with("Run: chmod 600 '/root/b.sqlite'"), "{}", file(1001));
        let folder = describe_refused_access(backup, database, Path::new("/root"), 0, 0o700, 1001);
        for words in [
            "the folder /root belongs to the user with the id 0 (mode 0700)",
            "install --owner=1001 --mode=600 '/root/b.sqlite' 'data/mail360.sqlite.backup'",
            "mail360 restore 'data/mail360.sqlite.backup'",
        ] {
            assert!(folder.contains(words), "{words}: {folder}");
        }
        let missing = describe_unreadable_backup(backup, database, &io::ErrorKind::NotFound.into());
        assert!(missing.contains("there is no such file"), "{missing}");
    }
}
