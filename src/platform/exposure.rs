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

/// What other users can do with a file.
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

/// What other users can do although they should not.
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

/// The users and the command to mention for an error of the system.
pub fn describe_refusal(path: &Path, error: &io::Error) -> Option<String> {
    let us = rustix::process::geteuid().as_raw();
    // The nearest existing path is the one that refuses.
    let there = path.ancestors().find_map(|path| Some((path, std::fs::metadata(path).ok()?)));
    let owner = there.map(|(there, metadata)| {
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        format!("{} belongs to the user with the id {}", there.display(), metadata.uid())
    });
    match error.kind() {
        io::ErrorKind::PermissionDenied => Some(format!(
            "this program runs as the user with the id {us}{}. Make that user the owner of the folder and everything in it \
             (chown -R {us}), or in a container mount a volume that it can write to",
            owner.map_or_else(String::new, |owner| format!(", and {owner}"))
        )),
        io::ErrorKind::ReadOnlyFilesystem => Some(
            "it is on a read-only file system: set MAIL360_DATA_DIR to a folder that can be written to (with systemd \
             by StateDirectory=, in a container a volume)"
                .to_owned(),
        ),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("the disk is full: free some space, and start again".to_owned())
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => Some("a part of its path is a file and not a folder".to_owned()),
        io::ErrorKind::IsADirectory => Some("it is a folder: name a file in it".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn c47_a_provided_key_is_accepted_and_an_exposed_one_is_not() {
        for (mode, ours, taken) in [
            // Created by us.
            (0o600, true, true),
            (0o400, true, true),
            (0o440, true, false),
            (0o640, true, false),
            (0o604, true, false),
            // By systemd's LoadCredential, and by Kubernetes with fsGroup.
            (0o440, false, true),
            (0o400, false, true),
            (0o444, false, false),
            (0o404, false, false),
            (0o640, false, false),
            (0o460, false, false),
            (0o644, false, false),
        ] {
            assert_eq!(judge(FileKind::Key, mode, ours).is_none(), taken, "{mode:o}, ours: {ours}");
        }
    }

    proptest! {
        #[test]
        fn n16_a_file_that_every_user_can_change_is_refused_and_a_database_or_key_that_they_can_read(
            mode in 0_u32..0o1000, ours: bool,
        ) {
            for kind in [FileKind::Folder, FileKind::KeyFolder, FileKind::Database, FileKind::Key] {
                let judged = judge(kind, mode, ours);
                if mode & 0o002 != 0 {
                    prop_assert_eq!(judged, Some(Access::Write));
                }
                if mode & 0o004 != 0 && matches!(kind, FileKind::Database | FileKind::Key) {
                    prop_assert!(judged.is_some());
                }
                if matches!(mode & 0o077, 0) {
                    prop_assert_eq!(judged, None);
                }
            }
        }
    }

    fn exposure(kind: FileKind, mode: u32, owner: u32) -> Exposure {
        let (path, access) = ("/data/x".to_owned(), Access::Read);
        Exposure { path, kind, access, mode, owner, user: 1001, read_only: false }
    }

    #[test]
    fn n16_the_error_has_a_chmod_command_only_if_the_file_is_ours() {
        assert!(exposure(FileKind::Key, 0o644, 1001).to_string().contains("Run: chmod 600 '/data/x'"));
        assert!(exposure(FileKind::Folder, 0o777, 1001).to_string().contains("Run: chmod 700 '/data/x'"));
        for kind in [FileKind::Folder, FileKind::KeyFolder, FileKind::Database, FileKind::Key] {
            let given = exposure(kind, 0o666, 7).to_string();
            assert!(given.contains("the user with the id 7") && given.contains("id 1001"), "{given}");
            assert!(!given.contains("Run: chmod"), "{given}");
        }
    }

    #[test]
    fn c47_a_key_that_docker_provides_to_every_user_leads_to_mode_and_uid_of_the_secret() {
        let of_root = exposure(FileKind::Key, 0o444, 0);
        // A container's root cannot change the mode of a secret either.
        let to_root = Exposure { user: 0, read_only: true, ..of_root.clone() };
        for (exposure, user) in [(of_root, "1001"), (to_root, "0")] {
            let told = exposure.to_string();
            for words in [
                &*format!("--secret source=NAME,target=encryption.key,mode=0400,uid={user} "),
                &*format!("`mode: 0400` and `uid: \"{user}\"`"),
                "If its source is `file`",
                "defaultMode: 0440",
                "LoadCredential=",
            ] {
                assert!(told.contains(words), "{words}: {told}");
            }
            assert!(!told.contains("Run: chmod"), "{told}");
        }
        // The advice must itself be acceptable.
        assert_eq!(judge(FileKind::Key, 0o400, true), None);
        assert_eq!(judge(FileKind::Key, 0o440, false), None);
    }

    #[test]
    fn c47_a_kubernetes_folder_that_every_user_can_change_leads_to_a_folder_inside_it() {
        // With fsGroup, Kubernetes adds rights of the group to an emptyDir volume and removes none.
        for mode in [0o777, 0o2777] {
            assert_eq!(judge(FileKind::Folder, mode, false), Some(Access::Write));
            let told = exposure(FileKind::Folder, mode, 0).to_string();
            for words in
                ["MAIL360_DATA_DIR", "/data/x/mail360", "emptyDir", "hostPath", "chown 1001 '/data/x'"]
            {
                assert!(told.contains(words), "{words}: {told}");
            }
        }
        // Another kind of volume is accepted with fsGroup.
        assert_eq!(judge(FileKind::Folder, 0o2775, false), None);
    }
}
