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

#[test]
fn c42_the_command_for_a_folder_that_is_missing_or_not_ours_changes_no_folder_of_the_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let message_of = |path: &Path, kind| describe_denied_access(path, kind, 65_534);
    let missing = folder.path().join("mail360");
    for file in ["mail360.sqlite", "encryption.key"] {
        let message = message_of(&missing.join(file), FileKind::Database);
        let begins =
            format!("the data folder {} does not exist, and this program (user 65534)", missing.display());
        let ends = format!("Let root run: install -d -m 0700 -o 65534 '{}'", missing.display());
        assert!(message.starts_with(&begins) && message.ends_with(&ends), "{message}");
    }
    let missing = message_of(Path::new("/var/lib/mail360-absent/mail360.sqlite"), FileKind::Database);
    assert!(missing.ends_with("install -d -m 0700 -o 65534 '/var/lib/mail360-absent'"), "{missing}");
    let own = message_of(&folder.path().join("mail360.sqlite"), FileKind::Database);
    assert!(own.ends_with(&format!("chown -R 65534 '{}'", folder.path().display())), "{own}");
    for system in ["/etc", "/usr", "/var"] {
        let message = message_of(&Path::new(system).join("mail360-absent.sqlite"), FileKind::Database);
        assert!(message.ends_with(&format!("install -d -m 0700 -o 65534 '{system}/mail360'")), "{message}");
        assert!(!message.contains("chown"), "{message}");
    }
    // Only the file: the folder of a key file may belong to another user.
    let key = folder.path().join("encryption.key");
    std::fs::write(&key, "").expect("a file");
    let (message, key) = (message_of(&key, FileKind::Key), key.display());
    assert!(message.ends_with(&format!("chown 65534 '{key}' && chmod 600 '{key}'")), "{message}");
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
        let message = exposure.to_string();
        for words in [
            &*format!("--secret source=NAME,target=encryption.key,mode=0400,uid={user} "),
            &*format!("`mode: 0400` and `uid: \"{user}\"`"),
            "If its source is `file`",
            "defaultMode: 0440",
            "LoadCredential=",
        ] {
            assert!(message.contains(words), "{words}: {message}");
        }
        assert!(!message.contains("Run: chmod"), "{message}");
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
        let message = exposure(FileKind::Folder, mode, 0).to_string();
        for words in ["MAIL360_DATA_DIR", "/data/x/mail360", "emptyDir", "hostPath", "chown 1001 '/data/x'"] {
            assert!(message.contains(words), "{words}: {message}");
        }
    }
    // Another kind of volume is accepted with fsGroup.
    assert_eq!(judge(FileKind::Folder, 0o2775, false), None);
}
