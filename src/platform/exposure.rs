//! Checks whether other users of the machine can read or change the files that hold secrets. Only this module
//! reads owners and modes. Start with [`check_path`].

use std::{fmt, fs::Metadata, io, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::StatVfsMountFlags;

/// The purpose of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The folder of the database. A user who can write to it can replace the database.
    Folder,
    /// The folder of the key file. It may be a read-only mount with a mode that lets everyone write.
    KeyFolder,
    /// The database, its write-ahead log or its index.
    Database,
    /// The key file.
    Key,
}

/// A way in which other users can use a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// A file that other users can read or change. Its text says how to correct that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    path: String,
    kind: FileKind,
    access: Access,
    mode: u32,
    owner: u32,
    /// The user that this process runs as.
    user: u32,
    /// Whether the file is on a read-only mount, as Docker and Kubernetes mount secrets.
    read_only: bool,
}

impl fmt::Display for Exposure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, kind, access, mode, owner, user, read_only } = self;
        let what = match kind {
            FileKind::Folder | FileKind::KeyFolder => "The folder",
            FileKind::Database => "The database file",
            FileKind::Key => "The key file",
        };
        let access = if *access == Access::Write { "changed" } else { "read" };
        write!(f, "{what} {path} can be {access} by other users of this system (mode {mode:04o}). ")?;
        let wanted = if matches!(kind, FileKind::Folder | FileKind::KeyFolder) { "700" } else { "600" };
        if owner == user && !(*kind == FileKind::Key && *read_only) {
            return write!(f, "Run: chmod {wanted} '{path}'");
        }
        let cannot = if *read_only { ", in a mount that cannot be written to" } else { "" };
        write!(
            f,
            "It belongs to the user with the id {owner}{cannot}. This program runs as the user with the id {user}. "
        )?;
        match kind {
            FileKind::Key => write_key_advice(f, path, *user),
            FileKind::Folder => write!(
                f,
                "Set MAIL360_DATA_DIR to a folder inside it, such as {path}/mail360: the program makes that folder with \
                 mode 0700. Move the database and the key file there, if there are any. (If MAIL360_DATABASE_URL \
                 names a SQLite file, change the path there instead.) An emptyDir volume of Kubernetes has mode 0777 \
                 with `fsGroup` too, and `fsGroup` has no effect on a hostPath volume. To keep the folder, let root, or \
                 an init container that runs as root, run: chown {user} '{path}' && chmod 700 '{path}'"
            ),
            FileKind::KeyFolder => write!(
                f,
                "Put the key file into a folder that only its owner can write to, and name the file in \
                 MAIL360_ENCRYPTION_KEY_FILE. To keep the folder, let its owner run: chmod go-w '{path}'"
            ),
            FileKind::Database => write!(f, "Let root run: chown {user} '{path}' && chmod 600 '{path}'"),
        }
    }
}

/// Writes how to set a stricter mode for a key file, for each system that provides files.
///
/// Docker provides secrets with mode 0444 of root by default. Compose cannot change owner and mode of a
/// secret whose source is a file, because it mounts that file (Docker, "Compose file reference", `secrets`,
/// long syntax).
fn write_key_advice(f: &mut fmt::Formatter<'_>, path: &str, user: u32) -> fmt::Result {
    write!(
        f,
        "Set the mode in the system that provides the file:\n  \
         - Docker Swarm: docker service create --secret source=NAME,target=encryption.key,mode=0400,uid={user} … In a \
         stack's file write `mode: 0400` and `uid: \"{user}\"` in the long syntax of the service's `secrets`.\n  \
         - Docker Compose: the same `mode: 0400` and `uid: \"{user}\"`, which take effect if the secret's source is \
         `environment`. If its source is `file`, the mode and the owner are those of the file on the host. There run: \
         chown {user} FILE && chmod 400 FILE\n  \
         - Kubernetes: `defaultMode: 0440` of the secret's volume, and `fsGroup` in the pod's securityContext.\n  \
         - systemd: LoadCredential= in the unit.\n  \
         - Elsewhere root runs: chown {user} '{path}' && chmod 400 '{path}'"
    )
}

impl std::error::Error for Exposure {}

/// Checks a file, which may be missing. Symbolic links are followed, because the target file counts.
///
/// # Errors
/// [`Exposure`] if users can read or change it who should not.
pub fn check_path(path: &Path, kind: FileKind) -> Result<(), Exposure> {
    match std::fs::metadata(path) {
        Ok(metadata) => check_metadata(path, kind, &metadata),
        // Opening the file gives the better error.
        Err(_) => Ok(()),
    }
}

/// Checks a file whose metadata was read already.
pub fn check_metadata(path: &Path, kind: FileKind, metadata: &Metadata) -> Result<(), Exposure> {
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let user = rustix::process::geteuid().as_raw();
    match judge(kind, mode, owner == user) {
        None => Ok(()),
        Some(access) => {
            let read_only = is_read_only(path);
            let path = path.display().to_string();
            Err(Exposure { path, kind, access, mode, owner, user, read_only })
        }
    }
}

/// Whether the file is on a read-only mount. Even its owner cannot change its mode there.
fn is_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|system| system.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// The access that other users have and should not have.
///
/// If the file is ours, its group counts as other users. If it is not ours, the group is how we can read it.
/// systemd gives a credential to a service's user with an access list, which shows as 0440 of root;
/// Kubernetes gives a secret or a volume to a group.
fn judge(kind: FileKind, mode: u32, ours: bool) -> Option<Access> {
    let sticky = mode & 0o1000 != 0;
    let read = |bits: u32| (mode & bits & 0o444 != 0).then_some(Access::Read);
    let write = |bits: u32| (mode & bits & 0o222 != 0).then_some(Access::Write);
    let strangers = if ours { 0o077 } else { 0o007 };
    match kind {
        // In a folder with the sticky bit, users cannot replace each other's files.
        FileKind::KeyFolder if sticky => None,
        FileKind::Folder | FileKind::KeyFolder => write(strangers),
        FileKind::Database => write(strangers).or_else(|| read(strangers)),
        // A key that another user provides is read-only. If its owner can write to it, the group must not
        // read it.
        FileKind::Key if ours || mode & 0o200 != 0 => write(0o077).or_else(|| read(0o077)),
        FileKind::Key => write(0o077).or_else(|| read(0o007)),
    }
}

/// Folders of the system. Another owner of one of them, with everything in it, could break the system.
const SYSTEM_FOLDERS: [&str; 24] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/home",
    "/lib",
    "/media",
    "/mnt",
    "/opt",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/local",
    "/var",
    "/var/lib",
    "/var/local",
    "/var/run",
    "/var/tmp",
];

/// The advice for the operator about an error of the system at this file: sentences, with a command at their end if one
/// helps.
pub fn describe_refusal(path: &Path, kind: FileKind, error: &io::Error) -> Option<String> {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            Some(describe_denied_access(path, kind, rustix::process::geteuid().as_raw()))
        }
        io::ErrorKind::ReadOnlyFilesystem => Some(
            "it is on a read-only file system: set MAIL360_DATA_DIR to a folder that can be written to (with systemd \
             by StateDirectory=, in a container a volume)."
                .to_owned(),
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("the disk is full: free some space, and start again.".to_owned())
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            Some("a part of its path is a file and not a folder.".to_owned())
        }
        io::ErrorKind::IsADirectory => Some("it is a folder: name a file in it.".to_owned()),
        _ => None,
    }
}

/// Why `user` cannot use this file, and the command that corrects that. It changes nothing but the file, or the data
/// folder and what is in it.
fn describe_denied_access(path: &Path, kind: FileKind, user: u32) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("/"));
    let (shown, quoted) = (folder.display(), quoted(folder));
    let found = match std::fs::metadata(folder) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = if kind == FileKind::Key { "the folder" } else { "the data folder" };
            return format!(
                "{what} {shown} does not exist, and this program (user {user}) may not create it. Let root run: \
                 install -d -m 0700 -o {user} {quoted}"
            );
        }
        Err(_) => {
            return format!(
                "this program (user {user}) may not enter a folder above {shown}. Set MAIL360_DATA_DIR to a folder that \
                 it may enter, such as /var/lib/mail360."
            );
        }
    };
    let (ours, owner) = (found.uid() == user, found.uid());
    // A key file is only read, so its folder may belong to another user. SQLite creates files beside the database.
    if let Ok(file) = std::fs::metadata(&path)
        && (ours || kind == FileKind::Key)
    {
        let (owner, path) = (file.uid(), self::quoted(&path));
        return if owner == user {
            format!("its mode is {:04o}. Run: chmod 600 {path}", file.mode() & 0o7777)
        } else {
            format!(
                "it belongs to the user with the id {owner}, and this program runs as the user with the id {user}. Let \
                 root run: chown {user} {path} && chmod 600 {path}"
            )
        };
    }
    if ours {
        return format!(
            "the mode of the folder {shown} is {:04o}. Run: chmod 700 {quoted}",
            found.mode() & 0o7777
        );
    }
    let belongs = format!(
        "the folder {shown} belongs to the user with the id {owner}, and this program runs as the user with the id {user}."
    );
    if SYSTEM_FOLDERS.iter().any(|system| folder == Path::new(system)) {
        let inside = folder.join("mail360");
        return format!(
            "{belongs} Use a folder of its own, such as {}: name it in MAIL360_DATA_DIR (if MAIL360_DATABASE_URL or \
             MAIL360_ENCRYPTION_KEY_FILE names this file, change the path there), and let root run: \
             install -d -m 0700 -o {user} {}",
            inside.display(),
            self::quoted(&inside)
        );
    }
    format!(
        "{belongs} In a container mount a volume that this user can write to. Elsewhere, if the folder is for this program \
         alone, let root run: chown -R {user} {quoted}"
    )
}

/// A path quoted as one word for a shell.
pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
