//! Reads the values of calls that send messages or write drafts.

use std::collections::HashSet;

use super::{
    addresses,
    calls::{IDEMPOTENCY_KEY, MAX_RECIPIENTS},
    errors::{ApiError, Code},
    parameters::Given,
    refused::{Refused, unknown_upload},
};
use crate::{
    mail::{
        schedules::schedule_time,
        sending::{Key, SendRequest, Shown},
        uploads::{UploadId, parse_file_id},
    },
    platform::{clock::Timestamp, text},
    providers::mailbox::{Address, Basis, Content, DraftChange, Outgoing, Priority},
};

/// Maximum number of addresses to which answers go.
const MAX_REPLY_TO: usize = 25;
/// Maximum number of characters of a Message-ID, with its angle brackets.
const MAX_MESSAGE_ID: usize = 998;
/// What a message that is sent later needs.
const SCHEDULING: [&str; 3] = ["scheduleType", "timeZone", "scheduleTime"];

fn wrong(name: &str, give: impl std::fmt::Display) -> ApiError {
    ApiError::of(Code::InvalidValue, format!("{name}: {give}"))
}

/// The key under which the call may be repeated; `None` without the header.
///
/// # Errors
/// `INVALID_VALUE`.
pub(super) fn key(given: &Given) -> Result<Option<Key>, ApiError> {
    if !given.has(IDEMPOTENCY_KEY) {
        return Ok(None);
    }
    let key = Key::parse(given.required(IDEMPOTENCY_KEY));
    key.map(Some).map_err(|_| wrong(IDEMPOTENCY_KEY, "Give 1 to 255 printable ASCII characters."))
}

/// The message that a call asks for.
///
/// # Errors
/// `INVALID_VALUE`, which names the parameter.
pub(super) fn request(given: &Given, basis: Basis) -> Result<SendRequest, Refused> {
    let recipients = Recipients::read(given)?;
    let threading = Threading::read(given)?;
    // An answer belongs to the thread of its original, and to no other.
    let is_new = basis == Basis::New;
    let message = Outgoing {
        basis,
        message_id: String::new(),
        from: sender(given)?,
        to: recipients.to.unwrap_or_default(),
        cc: recipients.cc.unwrap_or_default(),
        bcc: recipients.bcc.unwrap_or_default(),
        reply_to: threading.reply_to.unwrap_or_default(),
        subject: given.text("subject").map(str::to_owned),
        content: content(given),
        priority: priority(given),
        asks_receipt: given.text("askReceipt") == Some("yes"),
        labels: given.texts("labelId").to_vec(),
        in_reply_to: threading.in_reply_to.filter(|_| is_new),
        references: if is_new { threading.references } else { Vec::new() },
    };
    let shown = |name: &str| given.required(name).to_owned();
    let shown = Shown { from: shown("fromAddress"), to: shown("toAddress"), subject: shown("subject") };
    Ok(SendRequest { message, files: files(given)?, shown })
}

/// The change of a draft that a call asks for: what it names.
///
/// # Errors
/// `INVALID_VALUE`, which names the parameter.
pub(super) fn change(given: &Given) -> Result<DraftChange, ApiError> {
    if given.has("mailFormat") && !given.has("content") {
        return Err(wrong("mailFormat", "Give content too."));
    }
    let recipients = Recipients::read(given)?;
    let named = |name: &str| given.has(name).then(|| given.required(name).to_owned());
    Ok(DraftChange {
        from: sender(given)?,
        to: recipients.to,
        cc: recipients.cc,
        bcc: recipients.bcc,
        reply_to: reply_to(given)?,
        subject: named("subject"),
        content: named("content").map(|text| Content { text, is_html: is_html(given) }),
        priority: priority(given),
        asks_receipt: given.text("askReceipt").map(|asks| asks == "yes"),
        labels: given.has("labelId").then(|| given.texts("labelId").to_vec()),
    })
}

/// The uploads that a call names, in their order.
///
/// # Errors
/// `INVALID_VALUE` for a text that is the id of no upload, and for one that is named twice.
pub(super) fn files(given: &Given) -> Result<Vec<UploadId>, Refused> {
    let mut seen = HashSet::new();
    let file_id = |file: &super::parameters::Object| file.get("fileId").cloned().unwrap_or_default();
    let files = given.objects("attachments").iter().map(file_id);
    files
        .map(|text| {
            let id = parse_file_id(&text).ok_or_else(|| unknown_upload(&text::line(&text)))?;
            if seen.insert(id) { Ok(id) } else { Err(wrong("attachments", "Give each fileId once.").into()) }
        })
        .collect()
}

/// When the message of a call is to be sent; `None` to send it at once. It may be over: the call may repeat an earlier one.
///
/// # Errors
/// `INVALID_VALUE`, which names the parameter.
pub(super) fn due_at(given: &Given) -> Result<Option<Timestamp>, Refused> {
    if !given.is_set("isSchedule") {
        // A message whose program means a time must not be sent at once.
        let only = SCHEDULING.iter().find(|name| given.has(name) && !given.has("isSchedule"));
        return match only {
            Some(name) => Err(wrong(name, "Give it only with isSchedule.").into()),
            None => Ok(None),
        };
    }
    let is_missing = |name: &&&str| given.text(name).is_none() && given.integer(name) == 0;
    if let Some(name) = SCHEDULING.iter().find(is_missing) {
        let more_info = format!("{name} is missing. isSchedule needs it.");
        return Err(Refused::of(Code::InvalidValue, more_info));
    }
    Ok(Some(schedule_time(given.required("scheduleTime"), given.required("timeZone"))?))
}

/// The lists of recipients; `None` for one that the call does not name.
struct Recipients {
    to: Option<Vec<Address>>,
    cc: Option<Vec<Address>>,
    bcc: Option<Vec<Address>>,
}

impl Recipients {
    fn read(given: &Given) -> Result<Self, ApiError> {
        let [to, cc, bcc] = ["toAddress", "ccAddress", "bccAddress"].map(|name| list(given, name));
        let recipients = Self { to: to?, cc: cc?, bcc: bcc? };
        let lists = [&recipients.to, &recipients.cc, &recipients.bcc];
        let count: usize = lists.into_iter().flatten().map(Vec::len).sum();
        if count > MAX_RECIPIENTS {
            let give = format!("Give at most {MAX_RECIPIENTS} recipients of a message. These are {count}.");
            return Err(wrong("toAddress", give));
        }
        Ok(recipients)
    }
}

/// A list of addresses; `None` if the call does not name it.
fn list(given: &Given, name: &str) -> Result<Option<Vec<Address>>, ApiError> {
    if !given.has(name) {
        return Ok(None);
    }
    let read = addresses::parse(given.required(name));
    read.map(Some).map_err(|bad| wrong(name, bad.advice()))
}

/// The one address of `fromAddress`.
fn sender(given: &Given) -> Result<Option<Address>, ApiError> {
    let mut from = list(given, "fromAddress")?.unwrap_or_default();
    match from.len() {
        0 => Ok(None),
        1 => Ok(from.pop()),
        _ => Err(wrong("fromAddress", "Give one email address.")),
    }
}

fn reply_to(given: &Given) -> Result<Option<Vec<Address>>, ApiError> {
    let reply_to = list(given, "replyTo")?;
    if reply_to.as_ref().is_some_and(|list| list.len() > MAX_REPLY_TO) {
        return Err(wrong("replyTo", format!("Give at most {MAX_REPLY_TO} addresses.")));
    }
    Ok(reply_to)
}

fn content(given: &Given) -> Option<Content> {
    let text = given.text("content")?;
    Some(Content { text: text.to_owned(), is_html: is_html(given) })
}

fn is_html(given: &Given) -> bool {
    given.text("mailFormat") != Some("plaintext")
}

fn priority(given: &Given) -> Option<Priority> {
    match given.text("priority")? {
        "high" => Some(Priority::High),
        "low" => Some(Priority::Low),
        _ => Some(Priority::Normal),
    }
}

/// What a message answers, and where its answers go.
struct Threading {
    in_reply_to: Option<String>,
    references: Vec<String>,
    reply_to: Option<Vec<Address>>,
}

impl Threading {
    fn read(given: &Given) -> Result<Self, ApiError> {
        let mut references = references(given)?;
        let mut reply_to = reply_to(given)?;
        let text = text::trim(given.required("inReplyTo"));
        let in_reply_to = text.starts_with('<').then(|| text.to_owned());
        match &in_reply_to {
            Some(id) if is_message_id(id) => {
                // RFC 5322, 3.6.4: the references end with the message that is answered.
                if references.last() != Some(id) {
                    references.push(id.clone());
                }
            }
            Some(_) => {
                return Err(wrong(
                    "inReplyTo",
                    "Give one Message-ID in angle brackets, or an email address.",
                ));
            }
            None if text.is_empty() => {}
            None if reply_to.is_some() => {
                return Err(wrong(
                    "inReplyTo",
                    "Give a Message-ID in angle brackets, because there is replyTo.",
                ));
            }
            // Mail360 describes it as an email address.
            None => {
                let read = addresses::parse(text).map_err(|bad| wrong("inReplyTo", bad.advice()))?;
                if read.len() > MAX_REPLY_TO {
                    return Err(wrong("inReplyTo", format!("Give at most {MAX_REPLY_TO} addresses.")));
                }
                reply_to = Some(read);
            }
        }
        Ok(Self { in_reply_to, references, reply_to })
    }
}

/// The Message-IDs of `refHeader`.
fn references(given: &Given) -> Result<Vec<String>, ApiError> {
    let ids: Vec<String> = given.required("refHeader").split_whitespace().map(str::to_owned).collect();
    if ids.iter().all(|id| is_message_id(id)) {
        return Ok(ids);
    }
    Err(wrong("refHeader", "Give Message-IDs in angle brackets, with blanks between them."))
}

/// Whether a text is a Message-ID in angle brackets, which cannot add anything to the header of a message.
fn is_message_id(text: &str) -> bool {
    let inner = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    inner.is_some_and(|inner| {
        let is_sound = |c: u8| c.is_ascii_graphic() && !matches!(c, b'<' | b'>');
        !inner.is_empty() && text.len() <= MAX_MESSAGE_ID && inner.bytes().all(is_sound)
    })
}

#[cfg(test)]
mod tests;
