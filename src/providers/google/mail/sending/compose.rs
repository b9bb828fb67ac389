//! Makes whole what an application wants to send: the sender, the recipients and the thread of an answer, the text with the
//! original below it, and the files of a forwarded message. Gmail does none of this. A message belongs to the thread of
//! its original only with the id of the thread, In-Reply-To, References and the same subject (Gmail API, "Managing
//! threads").

use super::{
    super::{
        GmailMailbox,
        address::Query,
        json::{items, owned},
        messages,
        request::Google,
    },
    addresses, draft,
};
use crate::providers::{
    google::permissions::GMAIL_READ,
    mailbox::{
        Address, Basis, Content, MailCall, MailError, MailProblem, Mailbox, Message, Outgoing, OutgoingFile,
    },
    mime::{self, Body, Carried, Head, Outline},
    quote::Original,
};

/// Maximum number of bytes of the text of an original.
const MAX_TEXT: usize = 3_000_000;
/// Maximum number of Message-IDs in References: the first one, and the last ones.
const MAX_REFERENCES: usize = 50;

/// A message that is ready to be given to Gmail.
pub(super) struct Composed {
    pub body: Body,
    pub thread: Option<String>,
}

/// Makes a message with its files.
///
/// # Errors
/// None leaves a doubt.
pub(super) async fn compose(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    outgoing: &Outgoing,
    files: &[OutgoingFile],
) -> Result<Composed, MailError> {
    let composed = compose_all(mailbox, call, outgoing, files).await;
    composed.map_err(MailError::before_sending)
}

async fn compose_all(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    outgoing: &Outgoing,
    files: &[OutgoingFile],
) -> Result<Composed, MailError> {
    let google = mailbox.google(call);
    let own = match addresses::own(&google).await {
        Ok(own) => own,
        // Gmail writes the sender. A receipt needs an address.
        Err(error)
            if matches!(error.problem, MailProblem::PermissionNotGranted(_))
                && (outgoing.from.is_some() || !outgoing.asks_receipt) =>
        {
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let main = || own.first().map(|email| Address { name: None, email: email.clone() });
    let from = outgoing.from.clone().or_else(main);
    let mut message = outgoing.clone();
    let (thread, carried) = match &outgoing.basis {
        Basis::New => (thread_of(&google, outgoing).await?, None),
        Basis::Reply(id) => (answer(mailbox, call, &mut message, id, &own, false).await?, None),
        Basis::ReplyAll(id) => (answer(mailbox, call, &mut message, id, &own, true).await?, None),
        Basis::Forward(id) => (None, pass_on(mailbox, call, &mut message, id).await?),
    };
    let body = mime::message(&message, from.as_ref(), carried, files, call.now)?;
    Ok(Composed { body, thread })
}

/// The thread of the message that a new one names as answered, if the mailbox has it and may be read.
async fn thread_of(google: &Google<'_>, message: &Outgoing) -> Result<Option<String>, MailError> {
    let Some(q) = message.in_reply_to.as_deref().and_then(draft::query_of) else { return Ok(None) };
    let path = Query::default().with("q", &q).with("maxResults", "1").on("/messages");
    match google.get(GMAIL_READ, &google.gmail(&path)).await {
        Ok(found) => Ok(items(&found, "messages").first().and_then(|found| owned(found, "threadId"))),
        Err(error) if matches!(error.problem, MailProblem::PermissionNotGranted(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Adds to a message what it has as an answer to the original with this id.
///
/// # Returns
/// The thread of the original.
async fn answer(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    message: &mut Outgoing,
    id: &str,
    own: &[String],
    to_all: bool,
) -> Result<Option<String>, MailError> {
    let original = mailbox.get_message(call, id).await?;
    let header = mailbox.get_header(call, id).await?;
    let content = match mailbox.get_content(call, id, MAX_TEXT).await {
        Ok(content) => Some(content),
        Err(error) if error.problem == MailProblem::TooLarge => None,
        Err(error) => return Err(error),
    };
    address_answer(message, &original, own, to_all);
    refer_to(message, &Head::of(&header));
    if message.subject.is_none() {
        message.subject = Some(prefixed("Re:", &original.subject));
    }
    let thread = original.thread.clone();
    if let Some(content) = content {
        quote(message, Original { message: original, content });
    }
    Ok(thread)
}

/// Puts the original below the text of the message.
fn quote(message: &mut Outgoing, original: Original) {
    let empty = Content { text: String::new(), is_html: original.content.is_html };
    let text = message.content.take().unwrap_or(empty);
    message.content = Some(original.below(&text));
}

/// The recipients of an answer: those that the application names, and otherwise those of the original.
fn address_answer(message: &mut Outgoing, original: &Message, own: &[String], to_all: bool) {
    let is_own = |address: &Address| own.iter().any(|own| own.eq_ignore_ascii_case(&address.email));
    let others =
        |list: &[Address]| list.iter().filter(|address| !is_own(address)).cloned().collect::<Vec<_>>();
    let mut named = Vec::new();
    if message.to.is_empty() {
        let is_from_here = original.from.as_ref().is_some_and(is_own);
        let mut to = if is_from_here {
            // An answer to a message of the mailbox itself goes on with its recipients.
            others(&original.to)
        } else if original.reply_to.is_empty() {
            original.from.clone().or_else(|| original.sender.clone()).into_iter().collect()
        } else {
            original.reply_to.clone()
        };
        if to_all && !is_from_here {
            to.extend(others(&original.to));
        }
        if to.is_empty() {
            to.clone_from(&original.to);
        }
        message.to = each_once(to, &mut named);
    } else {
        named.extend(message.to.iter().map(|to| to.email.to_ascii_lowercase()));
    }
    if message.cc.is_empty() && to_all {
        message.cc = each_once(others(&original.cc), &mut named);
    }
}

/// The addresses that are not named yet.
fn each_once(addresses: Vec<Address>, named: &mut Vec<String>) -> Vec<Address> {
    let mut found = Vec::with_capacity(addresses.len());
    for address in addresses {
        let email = address.email.to_ascii_lowercase();
        if !email.is_empty() && !named.contains(&email) {
            named.push(email);
            found.push(address);
        }
    }
    found
}

/// Makes the message one of the thread of an original with this header.
fn refer_to(message: &mut Outgoing, header: &Head) {
    let ids = |name: &str| -> Vec<String> {
        let text = header.text(name).unwrap_or_default();
        text.split_whitespace().filter(|id| mime::is_message_id(id)).map(str::to_owned).collect()
    };
    let original = ids("message-id").into_iter().next();
    if message.references.is_empty() {
        let mut before = ids("references");
        if before.is_empty() {
            before = ids("in-reply-to");
        }
        before.extend(original.clone());
        let excess = before.len().saturating_sub(MAX_REFERENCES);
        let first = before.len().min(1);
        before.drain(first..first.saturating_add(excess).min(before.len()));
        message.references = before;
    }
    message.in_reply_to = message.in_reply_to.take().or(original);
}

/// The subject of an answer or a forwarded message.
fn prefixed(prefix: &str, subject: &str) -> String {
    let has_prefix =
        subject.get(..prefix.len()).is_some_and(|beginning| beginning.eq_ignore_ascii_case(prefix));
    if has_prefix { subject.to_owned() } else { format!("{prefix} {subject}").trim_end().to_owned() }
}

/// Adds to a message what it has as the original with this id, passed on.
///
/// # Returns
/// The files of the original, which are read while the message is sent.
async fn pass_on(
    mailbox: &GmailMailbox,
    call: &MailCall<'_>,
    message: &mut Outgoing,
    id: &str,
) -> Result<Option<Carried>, MailError> {
    let google = mailbox.google(call);
    // The content of a draft may change between two looks, that of its present message does not.
    let id = messages::present_id(&google, id).await?;
    let original = mailbox.get_message(call, &id).await?;
    let content = mailbox.get_content(call, &id, MAX_TEXT).await?;
    if message.subject.is_none() {
        message.subject = Some(prefixed("Fwd:", &original.subject));
    }
    let may_have_files = original.has_attachment != Some(false) || original.has_inline != Some(false);
    quote(message, Original { message: original, content });
    if !may_have_files {
        return Ok(None);
    }
    let outline = Outline::read(mailbox.get_raw(call, &id).await?.body).await?;
    let parts: Vec<_> = outline.files().map(mime::Part::whole).collect();
    if parts.is_empty() {
        return Ok(None);
    }
    let original = mailbox.get_raw(call, &id).await?.body;
    Ok(Some(Carried { original, parts }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_has_its_prefix_once() {
        for (prefix, subject, expected) in [
            ("Re:", "Plans", "Re: Plans"),
            ("Re:", "RE: Plans", "RE: Plans"),
            ("Re:", "Regarding", "Re: Regarding"),
            ("Re:", "", "Re:"),
            ("Re:", "\u{e4}\u{e4}\u{e4}", "Re: \u{e4}\u{e4}\u{e4}"),
            ("Fwd:", "Re: Plans", "Fwd: Re: Plans"),
        ] {
            assert_eq!(prefixed(prefix, subject), expected);
        }
    }

    #[test]
    fn of_a_long_thread_the_first_and_the_last_messages_are_named() {
        let before: Vec<_> = (0..60).map(|number| format!("<{number}@b.test>")).collect();
        let header =
            Head::of(&format!("Message-ID: <60@b.test>\r\nReferences: {} odd\r\n", before.join(" ")));
        let mut message = Outgoing::default();
        refer_to(&mut message, &header);
        assert_eq!(message.references.len(), MAX_REFERENCES);
        let ends = [message.references.first(), message.references.get(1), message.references.last()];
        let ends = ends.map(|id| id.map(String::as_str));
        assert_eq!(ends, [Some("<0@b.test>"), Some("<12@b.test>"), Some("<60@b.test>")]);
        assert_eq!(message.in_reply_to.as_deref(), Some("<60@b.test>"));
    }

    #[test]
    fn an_original_without_a_message_id_leaves_the_answer_without_one() {
        let mut message = Outgoing::default();
        refer_to(&mut message, &Head::of("Message-ID: none\r\n"));
        assert_eq!((message.in_reply_to, message.references), (None, Vec::<String>::new()));
    }
}
