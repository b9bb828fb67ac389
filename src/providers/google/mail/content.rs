//! The body of a message.

use ::http::Method;
use mail_parser::{HeaderValue, decoders::charsets::map::charset_decoder, parsers::MessageStream};

use super::{
    address::{encoded, segment},
    decoding::{bytes_of, decode},
    json::text,
    messages::{Wanted, ask},
    parts::{self, Part},
    request::Google,
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{Content, MailBody, MailError, MailProblem, Room, read_with_room},
};

/// Maximum number of bytes of what a message has besides its texts.
const MAX_HEAD: usize = 1024 * 1024;

/// The body of a message as its sender wrote it, of at most `max` bytes: its texts in HTML, and otherwise its plain ones.
pub(super) async fn content(google: &Google<'_>, message: &str, max: usize) -> Result<Content, MailError> {
    // A text is often there twice, plain and in HTML, and in base64 it is a third longer.
    let longest = max.saturating_mul(3).saturating_add(MAX_HEAD);
    let fields = format!("id,payload({})", parts::fields(true));
    let answer = ask(google, Wanted::new(message, "full", &fields), longest).await?;
    let value = answer.message();
    let root = value.get("payload").filter(|root| root.is_object());
    let leaves = parts::leaves(root.ok_or_else(|| MailError::from(MailProblem::NotFound))?);
    let is_html = leaves.iter().any(Part::is_html);
    let is_chosen = |part: &&Part<'_>| if is_html { part.is_html() } else { part.is_plain() };
    let chosen: Vec<_> = leaves.iter().filter(is_chosen).collect();
    let id = text(value, "id").unwrap_or(message);
    let mut whole = String::new();
    for part in chosen {
        let left = max.saturating_sub(whole.len());
        let (bytes, _room) = bytes_of_text(google, id, part, left).await?;
        let text = decoded(bytes, charset(part).as_deref());
        if text.len() > left {
            return Err(MailProblem::TooLarge.into());
        }
        whole.push_str(&text);
    }
    Ok(Content { text: whole, is_html })
}

/// The bytes of a text, which come with the message or, if there are many, by a request of their own.
async fn bytes_of_text(
    google: &Google<'_>,
    message: &str,
    part: &Part<'_>,
    max: usize,
) -> Result<(Vec<u8>, Room), MailError> {
    if let Some(data) = part.data() {
        let bytes = decode(data).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
        return Ok((bytes, Room::default()));
    }
    let Some(attachment) = part.attachment_id() else { return Ok((Vec::new(), Room::default())) };
    let path = format!("/messages/{}/attachments/{}", segment(message)?, encoded(attachment));
    let url = google.gmail(&path);
    let answer = google.send(Method::GET, GMAIL_READ, &url, &[], MailBody::Empty, false).await?;
    read_with_room(google.call.http, bytes_of(answer.body, "data"), max).await
}

/// The charset of a text, as its sender names it.
fn charset(part: &Part<'_>) -> Option<String> {
    let line = format!("{}\n", part.header("Content-Type")?.replace(['\r', '\n'], " "));
    match MessageStream::new(line.as_bytes()).parse_content_type() {
        HeaderValue::ContentType(kind) => kind.attribute("charset").map(str::to_owned),
        _ => None,
    }
}

/// The text of these bytes. Gmail has converted most texts to UTF-8, whatever charset their sender names.
fn decoded(bytes: Vec<u8>, charset: Option<&str>) -> String {
    // Texts in charsets with escapes, and in UTF-16, may look like UTF-8.
    let is_special = bytes.contains(&0x1b) || bytes.contains(&0);
    let named = charset.and_then(|name| charset_decoder(name.trim().as_bytes()));
    if is_special && let Some(decoder) = named {
        return decoder(&bytes);
    }
    let bytes = match String::from_utf8(bytes) {
        Ok(text) => return without_mark(text),
        Err(error) => error.into_bytes(),
    };
    named.map_or_else(|| String::from_utf8_lossy(&bytes).into_owned(), |decoder| decoder(&bytes))
}

fn without_mark(text: String) -> String {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn a_text_is_read_in_its_charset_unless_it_is_utf_8() {
        for (bytes, charset, expected) in [
            (&b"Gr\xfc\xdfe"[..], Some("iso-8859-1"), "Grüße"),
            ("Grüße".as_bytes(), Some("iso-8859-1"), "Grüße"),
            ("\u{feff}Grüße".as_bytes(), None, "Grüße"),
            (&b"\xcf\xf0\xe8\xe2\xe5\xf2"[..], Some("Windows-1251"), "Привет"),
            (&b"\x1b$B$\"\x1b(B"[..], Some("ISO-2022-JP"), "あ"),
            (&b"\x83n"[..], Some("shift_jis"), "ハ"),
            (&b"a\xff"[..], Some("nonsense"), "a\u{fffd}"),
            (&b"a\xff"[..], None, "a\u{fffd}"),
            (&b""[..], Some("utf-8"), ""),
        ] {
            assert_eq!(decoded(bytes.to_vec(), charset), expected, "{charset:?}");
        }
    }

    proptest! {
        #[test]
        fn a_text_in_utf_8_stays_as_it_is(text in "[^\\p{Cc}\u{feff}]{0,40}", charset in "[a-zA-Z0-9_-]{0,20}") {
            prop_assert_eq!(decoded(text.clone().into_bytes(), Some(&charset)), text);
        }

        #[test]
        fn any_bytes_in_any_charset_are_some_text(
            bytes in vec(any::<u8>(), 0..60),
            charset in prop::sample::select(vec!["utf-16", "iso-2022-jp", "gb18030", "euc-kr", "utf-7", "koi8-r", "x"]),
        ) {
            decoded(bytes, Some(charset));
        }
    }
}
