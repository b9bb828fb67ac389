//! Key files.

/// Writes a key file of one key.
pub fn write_key(path: &std::path::Path, id: &str, byte: u8) {
    write_keys(path, &[(id, byte)]);
}

/// Writes a key file of these keys, the newest first. Each key repeats one byte.
pub fn write_keys(path: &std::path::Path, keys: &[(&str, u8)]) {
    use std::os::unix::fs::PermissionsExt;

    use base64::{Engine, engine::general_purpose::STANDARD};

    let line = |(id, byte): &(&str, u8)| format!("{id}:{}\n", STANDARD.encode([*byte; 32]));
    std::fs::write(path, keys.iter().map(line).collect::<String>()).expect("a file");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("permissions");
}
