//! Reads and creates the key file: one `id:base64` a line, newest key first.
//!
//! Guards the file's permissions. A crash while the file is created may leave half a line; the next start refuses it.
//! No value is sealed before the whole key is on the disk. Start with [`Keys::read`].

use std::{fs, io, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretBox};

use crate::platform::{
    clock::Timestamp,
    exposure::{self, Exposure, FileKind},
    randomness::Randomness,
};

const LENGTH: usize = 32;

/// A key of 256 bits. Each sealed value carries the id of its key.
pub struct Key {
    id: String,
    bytes: SecretBox<[u8; LENGTH]>,
}

impl Key {
    /// 1 to 32 letters, digits, `-` and `_`.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        self.bytes.expose_secret()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

/// All keys of the file. The newest one seals; the older ones only open.
#[derive(Debug)]
pub struct Keys {
    newest: Key,
    older: Vec<Key>,
}

/// Why the key file could not be read or created.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no file.
    #[error("there is no key file at {0}")]
    Missing(String),
    /// The path is a folder. A container creates one if the file to mount does not exist.
    #[error(
        "the key file {0} is a folder: set MAIL360_ENCRYPTION_KEY_FILE to a file in it (a container creates a \
         folder if the file to mount does not exist)"
    )]
    Folder(String),
    /// The file cannot be read.
    #[error("the key file {0} cannot be read ({1}){advice}", advice = advice(.0, .1))]
    Unreadable(String, io::Error),
    /// The file cannot be created.
    #[error("the key file {0} cannot be created ({1}){advice}", advice = advice(.0, .1))]
    Unmakable(String, io::Error),
    /// The file that was to be created exists already.
    #[error("there is a key file at {0} already")]
    Exists(String),
    /// Other users of the machine can read, change or replace the file.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// A line is not `id:base64`, or the key is not 32 bytes long. The error does not repeat the line,
    /// because it may hold most of a key.
    #[error(
        "line {1} of the key file {0} is not `id:` followed by 32 bytes in base64. Put the right key file back, or make \
         a line with: echo \"2027-a:$(head -c 32 /dev/urandom | base64)\""
    )]
    Line(String, usize),
    /// Two keys have the same id.
    #[error(
        "the key file {0} has two keys called `{1}`: take one line out, or give the newer key another id"
    )]
    Twice(String, String),
    /// The file holds no key.
    #[error(
        "the key file {0} is empty: put the right file back from its backup (if there is no database yet, delete it)"
    )]
    Empty(String),
}

impl Keys {
    /// Reads the key file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let name = path.display().to_string();
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeysError::Missing(name));
            }
            Err(error) => return Err(KeysError::Unreadable(name, error)),
        };
        if metadata.is_dir() {
            return Err(KeysError::Folder(name));
        }
        exposure::check_path(folder_of(path), FileKind::KeyFolder)?;
        exposure::check_metadata(path, FileKind::Key, &metadata)?;
        let text = fs::read_to_string(path).map_err(|error| KeysError::Unreadable(name.clone(), error))?;
        Self::parse(&name, &text)
    }

    fn parse(name: &str, text: &str) -> Result<Self, KeysError> {
        let mut keys: Vec<Key> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = parse_line(line).ok_or_else(|| KeysError::Line(name.to_owned(), number + 1))?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeysError::Twice(name.to_owned(), key.id));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(KeysError::Empty(name.to_owned()));
        }
        let newest = keys.remove(0);
        Ok(Self { newest, older: keys })
    }

    /// Creates a key file that only its owner can read. The file must not exist. The bytes are on the disk
    /// before this returns: a value sealed with a key that a crash lost could never be opened.
    pub fn create(path: &Path, now: Timestamp, randomness: &dyn Randomness) -> Result<Self, KeysError> {
        use std::{io::Write, os::unix::fs::DirBuilderExt};

        let name = path.display().to_string();
        let mut bytes = [0; LENGTH];
        randomness.fill(&mut bytes);
        let id = now.for_machines()[..10].replace('-', "");
        let line = format!("{id}:{}\n", STANDARD.encode(bytes));
        let folder = folder_of(path);
        let make = || {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            // The file gets its name only when it is complete. So another process, or the next start after a kill,
            // never reads a part of it.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(line.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path).map_err(|error| error.error)?;
            fs::File::open(folder)?.sync_all()
        };
        make().map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => KeysError::Exists(name.clone()),
            _ => KeysError::Unmakable(name.clone(), error),
        })?;
        Self::parse(&name, &line)
    }

    pub(super) fn newest(&self) -> &Key {
        &self.newest
    }

    /// All keys, the newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    pub(super) fn by_id(&self, id: &str) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }
}

/// The advice for the operator about a refusal of the system, after a colon.
fn advice(path: &str, error: &io::Error) -> String {
    let advice = exposure::describe_refusal(Path::new(path), FileKind::Key, error);
    advice.map_or_else(String::new, |advice| format!(": {advice}"))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn parse_line(line: &str) -> Option<Key> {
    let (id, encoded) = line.split_once(':')?;
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if id.is_empty() || id.len() > 32 || !id.chars().all(sound) {
        return None;
    }
    let bytes: [u8; LENGTH] = STANDARD.decode(encoded.trim()).ok()?.try_into().ok()?;
    Some(Key { id: id.to_owned(), bytes: SecretBox::new(Box::new(bytes)) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::platform::randomness::SystemRandomness;

    fn file_with(text: &str, mode: u32) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("encryption.key");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("permissions");
        (folder, path)
    }

    #[test]
    fn s5_a_key_file_that_is_missing_short_exposed_or_doubled_is_refused() {
        let missing = Keys::read(Path::new("/nonexistent/encryption.key"));
        assert!(matches!(missing, Err(KeysError::Missing(_))));

        let key = STANDARD.encode([7; 32]);
        let (_folder, path) = file_with(&format!("a:{key}\n"), 0o644);
        assert!(matches!(Keys::read(&path), Err(KeysError::Exposed(_))));

        let (_folder, path) = file_with(&format!("a:{}\n", STANDARD.encode([7; 31])), 0o600);
        assert!(matches!(Keys::read(&path), Err(KeysError::Line(_, 1))));

        let (_folder, path) = file_with("\n# nothing\n", 0o600);
        assert!(matches!(Keys::read(&path), Err(KeysError::Empty(_))));

        let (_folder, path) = file_with(&format!("a:{key}\na:{key}\n"), 0o600);
        assert!(matches!(Keys::read(&path), Err(KeysError::Twice(..))));
    }

    #[test]
    fn s5_half_a_line_that_a_kill_left_is_refused() {
        let line = format!("a:{}\n", STANDARD.encode([7; 32]));
        for written in 0..line.len() - 1 {
            let (_folder, path) = file_with(&line[..written], 0o600);
            let read = Keys::read(&path);
            assert!(matches!(read, Err(KeysError::Empty(_) | KeysError::Line(_, 1))), "{written}");
        }
    }

    #[test]
    fn s5_an_error_about_a_line_does_not_repeat_the_line() {
        let (_folder, path) = file_with("a:canary-canary-canary\n", 0o600);
        let error = Keys::read(&path).expect_err("no key");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn a_key_that_the_program_makes_is_for_its_owner_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("encryption.key");
        let now = Timestamp::from_micros(1_795_417_030_000_000);
        let keys = Keys::create(&path, now, &SystemRandomness).expect("a key");
        assert_eq!(keys.newest().id(), "20261123");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(matches!(Keys::create(&path, now, &SystemRandomness), Err(KeysError::Exists(_))));
        let files = fs::read_dir(path.parent().expect("a folder")).expect("files").count();
        assert_eq!(files, 1, "there is no second file");
        assert_eq!(Keys::read(&path).expect("keys").newest().bytes(), keys.newest().bytes());
    }

    #[test]
    fn the_first_line_is_the_newest_key() {
        let (_folder, path) =
            file_with(&format!("b:{}\na:{}\n", STANDARD.encode([2; 32]), STANDARD.encode([1; 32])), 0o600);
        let keys = Keys::read(&path).expect("keys");
        assert_eq!(keys.newest().id(), "b");
        assert!(keys.by_id("a").is_some());
        assert!(keys.by_id("c").is_none());
    }
}
