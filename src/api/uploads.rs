//! Files that applications upload before they send them.

use axum::extract::State;
use futures_util::StreamExt;
use http::{HeaderMap, header};

use super::{
    asked::{Asked, AskedWithBody},
    envelope::Envelope,
    errors::Code,
    refused::Refused,
    shapes::Upload,
};
use crate::{
    mail::uploads::{FileName, NewUpload, UploadFailure, Uploads, parse_file_id},
    platform::failure::Failure,
    providers::mailbox::{MailError, MailProblem},
};

/// Types that programs send with any file, without knowing what it is.
const UNKNOWING: [&str; 3] =
    ["application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data"];
/// The type that programs of Mail360 send with every call.
const JSON: &str = "application/json";
/// The refusal of a call without a file, in Mail360's words.
const NO_FILE: &str =
    "Error with file attached. Give its name in fileName, at most 255 characters, without folders.";

impl From<UploadFailure> for Refused {
    fn from(failure: UploadFailure) -> Self {
        match failure {
            UploadFailure::TooLarge => Self::of(Code::ContentTooLarge, "A file has at most 150 MB."),
            UploadFailure::SpaceFull => Self::of(
                Code::UploadSpaceFull,
                "The space for uploads is full. Send or delete uploads that wait. After 24 hours they are erased.",
            ),
            UploadFailure::Slow => Self::of(
                Code::RequestTimeout,
                "The body was slower than 16 kB a second for a minute, and nothing was stored.",
            ),
            UploadFailure::BrokenOff => {
                Self::of(Code::InvalidValue, "The body did not arrive whole, and nothing was stored.")
            }
            UploadFailure::Failure(failure) => failure.into(),
        }
    }
}

/// `POST …/attachments`.
pub async fn add(
    State(uploads): State<Uploads>,
    AskedWithBody { asked, headers, body }: AskedWithBody,
) -> Result<Envelope<Upload>, Refused> {
    let account = asked.account()?;
    let name = asked.given.text("fileName").unwrap_or_default();
    let name = FileName::parse(name).map_err(|_| Refused::of(Code::NotFound, NO_FILE))?;
    let content_type = content_type(&headers, name.as_str());
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    // The caller went away, or sent something that is not HTTP.
    let body = body.into_data_stream();
    let body = body.map(|piece| piece.map_err(|_| MailError::from(MailProblem::Garbled)));
    let new = NewUpload { name, content_type, length };
    let upload = uploads.add(&asked.caller, account, new, Box::pin(body)).await?;
    Ok(Envelope::created(Upload { file_id: upload.file_id() }))
}

/// The media type that the program knows of the file, without parameters.
fn content_type(headers: &HeaderMap, name: &str) -> Option<String> {
    let whole = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = whole.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subkind) = essence.split_once('/')?;
    let is_token = |part: &str| {
        let is_sound = |c: u8| c.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&c);
        (1..=127).contains(&part.len()) && part.bytes().all(is_sound)
    };
    let is_json = name.to_ascii_lowercase().ends_with(".json");
    let is_known = !UNKNOWING.contains(&essence.as_str()) && (essence != JSON || is_json);
    (is_token(kind) && is_token(subkind) && is_known).then_some(essence)
}

/// `DELETE …/attachments`.
pub async fn delete(State(uploads): State<Uploads>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let account = asked.account()?;
    let id = parse_file_id(asked.given.required("fileId")).ok_or(Failure::NotFound)?;
    if uploads.delete(&asked.caller, account, id).await? {
        return Ok(Envelope::done());
    }
    Err(Refused::of(
        Code::InvalidValue,
        "fileId: A message that is scheduled or being sent needs this file. Cancel the message first.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_its_code() {
        for (failure, code) in [
            (UploadFailure::TooLarge, Code::ContentTooLarge),
            (UploadFailure::SpaceFull, Code::UploadSpaceFull),
            (UploadFailure::Slow, Code::RequestTimeout),
            (UploadFailure::BrokenOff, Code::InvalidValue),
        ] {
            let Refused::Error(error) = Refused::from(failure) else { panic!("{code:?}") };
            assert_eq!((error.code(), error.status()), (code.name(), code.status()));
        }
        let failure = Refused::from(UploadFailure::Failure(Failure::NotFound));
        assert!(matches!(failure, Refused::Failure(Failure::NotFound)));
    }

    #[test]
    fn the_type_of_a_file_is_the_one_that_a_program_knows() {
        for (given, name, taken) in [
            ("image/png", "a.png", Some("image/png")),
            ("Text/Plain; charset=utf-8", "a.txt", Some("text/plain")),
            (
                "application/vnd.ms-excel.sheet.macroEnabled.12",
                "a.xlsm",
                Some("application/vnd.ms-excel.sheet.macroenabled.12"),
            ),
            ("application/json", "a.JSON", Some("application/json")),
            ("application/json", "a.png", None),
            ("application/octet-stream", "a.png", None),
            ("application/x-www-form-urlencoded", "a.png", None),
            ("multipart/form-data; boundary=x", "a.png", None),
            ("png", "a.png", None),
            ("image/", "a.png", None),
            ("image/p\"ng", "a.png", None),
            ("image/png\u{e9}", "a.png", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, given.parse().expect("a value"));
            assert_eq!(content_type(&headers, name).as_deref(), taken, "{given} {name}");
        }
        assert_eq!(content_type(&HeaderMap::new(), "a.png"), None);
    }
}
