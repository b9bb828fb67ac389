//! Changes of drafts. Gmail replaces the whole message of a draft, so the present one is read twice: for its outline, and
//! then while the new one is sent. The content of a message with one id never changes; a change of the draft gives it a
//! message with another id. So both readings have the same bytes, whatever another program does in the meantime.

use super::{
    super::{GmailMailbox, address::segment, changes, parts, place},
    draft::{self, Draft},
    upload::{self, Target},
};
use crate::providers::{
    google::permissions::GMAIL_MODIFY,
    mailbox::{
        DraftChange, MailCall, MailError, MailProblem, MailStream, Mailbox, OutgoingFile, empty_stream,
    },
    mime::{self, Body, FileMark, Outline, Splice},
};

/// The labels that Gmail itself puts on the message of a draft, and those that no change of a draft touches.
const OF_GMAIL: [&str; 5] = [place::DRAFT, place::SENT, place::INBOX, place::TRASH, place::SPAM];

async fn open(mailbox: &GmailMailbox, call: &MailCall<'_>, draft: &Draft) -> Result<MailStream, MailError> {
    let raw = mailbox.get_raw(call, &draft.message).await.map_err(MailError::before_sending)?;
    Ok(raw.body)
}

async fn outline(mailbox: &GmailMailbox, call: &MailCall<'_>, draft: &Draft) -> Result<Outline, MailError> {
    let read = Outline::read(open(mailbox, call, draft).await?).await;
    read.map_err(MailError::before_sending)
}

/// Adds a file to a draft, if it is not there already.
pub(super) async fn attach(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    id: &str,
    file: &OutgoingFile,
) -> Result<(), MailError> {
    let draft = draft::get(&mailbox.google(call), id).await?;
    let content = if file.size > 0 { file.source.open(0).await? } else { empty_stream() };
    let mark = FileMark(mime::fingerprint(&file.name, content).await?);
    let outline = outline(mailbox, call, &draft).await?;
    if mark.is_in(&outline) {
        return Ok(());
    }
    let splice = mime::with_file(&outline, file, &mark)?;
    replace(mailbox, call, &draft, &outline, splice, None).await
}

/// The number of files of a draft.
pub(super) async fn files(mailbox: &GmailMailbox, call: &MailCall<'_>, id: &str) -> Result<usize, MailError> {
    let draft = draft::get(&mailbox.google(call), id).await?;
    Ok(outline(mailbox, call, &draft).await?.files().count())
}

/// Deletes attachments of a draft.
pub(super) async fn detach(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    id: &str,
    attachments: &[String],
) -> Result<(), MailError> {
    let draft = draft::get(&mailbox.google(call), id).await?;
    let outline = outline(mailbox, call, &draft).await?;
    let removed: Vec<usize> =
        attachments.iter().filter_map(|attachment| place_of(&outline, attachment)).collect();
    if removed.is_empty() {
        return Ok(());
    }
    let splice = mime::without_parts(&outline, &removed);
    let splice = splice.ok_or_else(|| MailError::from(MailProblem::NotFound))?;
    replace(mailbox, call, &draft, &outline, splice, None).await
}

/// The part of the attachment with this id. The mark decides: with each part that is gone, those behind it have other
/// numbers. The attack on the files of a draft: a repeated deletion by a number deletes the next file.
fn place_of(outline: &Outline, attachment: &str) -> Option<usize> {
    let (number, mark) = parts::read_id(attachment);
    let numbered = outline.by_number(number).filter(|at| outline.is_file(*at));
    let Some(mark) = mark else { return numbered };
    let marked: Vec<usize> = outline.marked(mark).collect();
    match marked.as_slice() {
        [only] => Some(*only),
        // Copies of a file may have one mark.
        several => numbered.filter(|at| several.contains(at)),
    }
}

/// Changes a draft. Labels are changed without a new message.
pub(super) async fn update(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    id: &str,
    change: &DraftChange,
) -> Result<(), MailError> {
    let google = mailbox.google(call);
    let draft = draft::get(&google, id).await?;
    let wanted = match &change.labels {
        Some(labels) => {
            changes::check_labels(&google, labels).await?;
            Some(labels.as_slice())
        }
        None => None,
    };
    let is_of_labels = DraftChange { labels: None, ..change.clone() } == DraftChange::default();
    if is_of_labels {
        return relabel(mailbox, call, &draft, &draft.message, &draft.labels, wanted).await;
    }
    let outline = outline(mailbox, call, &draft).await?;
    let splice = mime::with_changes(&outline, change)?;
    replace(mailbox, call, &draft, &outline, splice, wanted).await
}

/// Replaces the message of a draft, and puts its labels on the new one. `wanted` are the labels of the user that it gets
/// instead of those that it had.
async fn replace(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    draft: &Draft,
    outline: &Outline,
    splice: Splice,
    wanted: Option<&[String]>,
) -> Result<(), MailError> {
    let google = mailbox.google(call);
    let mut body = Body::default();
    body.push_splice(splice, open(mailbox, call, draft).await?);
    // A draft that answers nothing has a thread of its own.
    let is_answer = outline.root().is_some_and(|root| {
        root.head.text("in-reply-to").is_some() || root.head.text("references").is_some()
    });
    let thread = draft.thread.as_deref().filter(|_| is_answer);
    let answer =
        upload::give(&google, GMAIL_MODIFY, Target::Draft(&segment(&draft.id)?), thread, body).await?;
    let new = Draft::read(&answer).ok_or_else(|| MailError::from(MailProblem::Garbled))?;
    drop(answer);
    relabel(mailbox, call, draft, &new.message, &new.labels, wanted).await
}

/// Gives the message with this id, which has the labels `present`, those of the draft before its change.
async fn relabel(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    before: &Draft,
    message: &str,
    present: &[String],
    wanted: Option<&[String]>,
) -> Result<(), MailError> {
    let is_users = |label: &&String| !place::is_systems(label);
    let mut all: Vec<String> =
        before.labels.iter().filter(|label| !OF_GMAIL.contains(&label.as_str())).cloned().collect();
    if let Some(wanted) = wanted {
        all.retain(|label| place::is_systems(label));
        all.extend(wanted.iter().cloned());
    }
    let added: Vec<String> = all.iter().filter(|label| !present.contains(label)).cloned().collect();
    let removed: Vec<String> =
        present.iter().filter(is_users).filter(|label| !all.contains(label)).cloned().collect();
    if added.is_empty() && removed.is_empty() {
        return Ok(());
    }
    changes::modify(&mailbox.google(call), message, &added, &removed).await.map(drop)
}
