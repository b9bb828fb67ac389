//! Answers with the bytes of mail, as they arrive from the provider.
//!
//! The attack: a browser that opens such an address on our origin and runs what a stranger has sent. So the bytes are
//! an attachment, with a type that browsers do not guess (`nosniff`), under the policy of `super::layers`.

use std::fmt::Write;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::{platform::text, providers::mailbox::Download};

/// For content whose type is unknown, or no type at all.
const UNKNOWN: &str = "application/octet-stream";
/// The name of a file that has none.
const NO_NAME: &str = "attachment";
/// Maximum number of characters of a file name. Most file systems allow 255 bytes.
const MAX_NAME: usize = 200;
/// Characters that some systems do not allow in a name, or read as a part of a path.
const NOT_IN_NAMES: [char; 9] = ['/', '\\', ':', '*', '?', '"', '<', '>', '|'];
/// What may be unencoded in the value of `filename*` (RFC 8187, 3.2.1), besides letters and digits.
const PLAIN: &[u8] = b"!#$&+-.^_`|~";

/// The bytes, with their own type unless another is given, and their own file name unless another is given.
pub fn answer(download: Download, kind: Option<&'static str>, file_name: Option<&'static str>) -> Response {
    let Download { name, content_type, length, body } = download;
    let own = content_type.as_deref().and_then(|kind| HeaderValue::from_str(kind).ok());
    let kind = kind.map(HeaderValue::from_static).or(own);
    let kind = kind.unwrap_or_else(|| HeaderValue::from_static(UNKNOWN));
    let disposition = disposition(&file_name.map_or_else(|| safe_name(name.as_deref()), str::to_owned));
    let mut response = Body::from_stream(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    if let Some(length) = length {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// A file name that is safe to store under: one line without separators of paths and without dots at its beginning.
fn safe_name(name: Option<&str>) -> String {
    let name = text::line(name.unwrap_or_default()).replace(NOT_IN_NAMES, "_");
    let name = name.trim_start_matches(['.', ' ']);
    // The extension stays, because systems choose by it what opens the file.
    let length = name.chars().count();
    let shortened = match name.rsplit_once('.') {
        _ if length <= MAX_NAME => name.to_owned(),
        Some((stem, extension)) if extension.chars().count() <= 20 => {
            let kept = MAX_NAME.saturating_sub(extension.chars().count().saturating_add(1));
            format!("{}.{extension}", stem.chars().take(kept).collect::<String>())
        }
        _ => name.chars().take(MAX_NAME).collect(),
    };
    if shortened.is_empty() { NO_NAME.to_owned() } else { shortened }
}

/// The header for this name (RFC 6266): in ASCII for old programs, and whole as UTF-8 if that is different.
fn disposition(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) || c == ' ' { c } else { '_' }).collect();
    let whole = if plain == name { String::new() } else { format!("; filename*=UTF-8''{}", encoded(name)) };
    format!("attachment; filename=\"{plain}\"{whole}")
}

fn encoded(name: &str) -> String {
    let mut written = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            written.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(written, "%{byte:02X}");
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_written_in_ascii_and_whole_if_that_differs() {
        for (name, header) in [
            ("report.pdf", "attachment; filename=\"report.pdf\""),
            (
                "Bericht über 5%.pdf",
                "attachment; filename=\"Bericht _ber 5_.pdf\"; filename*=UTF-8''Bericht%20%C3%BCber%205%25.pdf",
            ),
            ("a\"; filename=b\r\nX: y", "attachment; filename=\"a_; filename=b X_ y\""),
            ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd\""),
            ("photo\u{202e}gpj.exe", "attachment; filename=\"photogpj.exe\""),
            ("", "attachment; filename=\"attachment\""),
            (" ... ", "attachment; filename=\"attachment\""),
        ] {
            assert_eq!(disposition(&safe_name(Some(name))), header, "{name}");
        }
        assert_eq!(safe_name(None), NO_NAME);
        let long = safe_name(Some(&format!("{}.pdf", "x".repeat(300))));
        assert!(long.ends_with("x.pdf") && long.len() == MAX_NAME, "{long}");
    }

    proptest! {
        #[test]
        fn no_name_is_another_parameter_or_another_header(name in any::<String>()) {
            let header = disposition(&safe_name(Some(&name)));
            prop_assert!(HeaderValue::from_str(&header).is_ok());
            prop_assert_eq!(header.matches('"').count(), 2);
            let behind = header.rsplit('"').next().unwrap_or_default();
            let whole = behind.strip_prefix("; filename*=UTF-8''").unwrap_or_default();
            prop_assert!(behind.is_empty() || !whole.is_empty());
            prop_assert!(whole.bytes().all(|byte| byte.is_ascii_graphic() && !b";\",='".contains(&byte)));
        }
    }
}
