//! What is made is read back by two other programs: `mail-parser`, and Python's `email`.

mod memory;
mod python;
mod scripts;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures_util::stream;
use mail_parser::{MessageParser, MimeHeaders};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::providers::mailbox::{Bytes, Content, FileSource, MailProblem, MailStream, read_whole};

pub const NOW: Timestamp = Timestamp::from_micros(1_795_858_200_000_000);

/// A file in memory.
struct Held(Vec<u8>);

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

#[async_trait]
impl FileSource for Held {
    async fn open(&self, from: u64) -> Result<MailStream, MailError> {
        let from = usize::try_from(from).expect("a place");
        let rest = self.0.get(from..).unwrap_or_default();
        let pieces: Vec<_> =
            rest.chunks(1000).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
        Ok(Box::pin(stream::iter(pieces)))
    }
}

pub fn file(name: &str, content: &[u8]) -> OutgoingFile {
    OutgoingFile {
        name: name.to_owned(),
        content_type: Some("application/pdf".to_owned()),
        size: content.len() as u64,
        source: Arc::new(Held(content.to_vec())),
    }
}

pub fn person(name: &str, email: &str) -> Address {
    Address { name: Some(name.to_owned()).filter(|name| !name.is_empty()), email: email.to_owned() }
}

pub fn sender() -> Address {
    person("", "sender@contoso.test")
}

pub fn outgoing() -> Outgoing {
    Outgoing {
        message_id: "<1.a@contoso.test>".to_owned(),
        to: vec![person("", "to@contoso.test")],
        subject: Some("Hello".to_owned()),
        content: Some(Content { text: "Hello\n".to_owned(), is_html: false }),
        ..Outgoing::default()
    }
}

/// The bytes of the message.
pub fn made(outgoing: &Outgoing, files: &[OutgoingFile]) -> Vec<u8> {
    let body = message(outgoing, Some(&sender()), None, files, NOW).expect("a message");
    let length = body.length();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let bytes = runtime.block_on(read_whole(body.into_stream(), usize::MAX)).expect("bytes");
    assert_eq!(bytes.len() as u64, length);
    assert!(length <= max_length(outgoing, files), "{length}");
    bytes
}

/// Whether each line has at most 998 bytes, each line end is CR LF, and there is nothing else than ASCII.
fn is_sound(bytes: &[u8]) -> bool {
    let text = std::str::from_utf8(bytes).expect("ASCII");
    text.is_ascii() && text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n', '\0']))
}

/// The names and addresses of a field.
fn people(field: Option<&mail_parser::Address<'_>>) -> Vec<Address> {
    let list = field.and_then(|field| field.as_list()).unwrap_or_default();
    list.iter().map(|one| person(one.name().unwrap_or_default(), one.address().unwrap_or_default())).collect()
}

#[test]
fn every_field_of_a_message_is_written() {
    let outgoing = Outgoing {
        cc: vec![person("Doe, J", "cc@contoso.test")],
        bcc: vec![person("", "bcc@contoso.test")],
        reply_to: vec![person("Replies", "reply@contoso.test")],
        priority: Some(Priority::High),
        asks_receipt: true,
        in_reply_to: Some("<0@b.test>".to_owned()),
        references: vec!["<-1@b.test>".to_owned(), "<0@b.test>".to_owned()],
        ..outgoing()
    };
    let bytes = made(&outgoing, &[]);
    let expected = "Date: Sat, 28 Nov 2026 09:30:00 +0000\r\n\
        Message-ID: <1.a@contoso.test>\r\n\
        From: <sender@contoso.test>\r\n\
        Reply-To: \"Replies\" <reply@contoso.test>\r\n\
        To: <to@contoso.test>\r\n\
        Cc: \"Doe, J\" <cc@contoso.test>\r\n\
        Bcc: <bcc@contoso.test>\r\n\
        Subject: Hello\r\n\
        In-Reply-To: <0@b.test>\r\n\
        References: <-1@b.test> <0@b.test>\r\n\
        Importance: high\r\n\
        X-Priority: 1\r\n\
        Disposition-Notification-To: <sender@contoso.test>\r\n\
        MIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=\"utf-8\"\r\n\
        Content-Transfer-Encoding: 7bit\r\n\r\n\
        Hello\r\n";
    assert_eq!(String::from_utf8(bytes).expect("ASCII"), expected);
}

#[test]
fn a_text_that_looks_like_a_boundary_or_has_nul_and_odd_line_ends_stays_one_part() {
    let plain = outgoing();
    let own = boundary(plain.message_id.as_bytes(), &text_part(plain.content.as_ref()));
    let text = format!("a\0b\r--{own}--\n--{own}\r\n{}", "x".repeat(3000));
    let outgoing = Outgoing { content: Some(Content { text, is_html: false }), ..plain };
    let bytes = made(&outgoing, &[file("f.pdf", b"content")]);
    assert!(is_sound(&bytes));
    let read = MessageParser::default().parse(&bytes).expect("a message");
    assert_eq!(read.attachment_count(), 1);
    let text = read.body_text(0).expect("a text");
    assert_eq!(text, format!("ab\r\n--{own}--\r\n--{own}\r\n{}", "x".repeat(3000)));
}

#[test]
fn a_message_with_a_value_that_no_message_can_have_is_refused() {
    let wrong = Some(MailProblem::InvalidValue("")).map(|problem| std::mem::discriminant(&problem));
    let problem = |outgoing: &Outgoing, files: &[OutgoingFile]| {
        let refused = message(outgoing, Some(&sender()), None, files, NOW).err();
        refused.map(|error| std::mem::discriminant(&error.problem))
    };
    let of = outgoing;
    assert_eq!(problem(&Outgoing { to: vec![person("", "a@b\r\nX: y")], ..of() }, &[]), wrong);
    assert_eq!(problem(&Outgoing { message_id: "<a>\r\nX: y".to_owned(), ..of() }, &[]), wrong);
    assert_eq!(problem(&Outgoing { references: vec!["a@b".to_owned()], ..of() }, &[]), wrong);
    assert_eq!(problem(&of(), &[file(&"x".repeat(256), b"")]), wrong);
    assert_eq!(problem(&of(), &[]), None);
}

proptest! {
    #[test]
    fn a_message_is_read_back_as_it_was(
        subject in scripts::text(), name in scripts::text(), file_names in vec(scripts::text(), 0..3),
        text in "\\PC{0,300}", is_html in any::<bool>(), content in vec(any::<u8>(), 0..3000),
    ) {
        let outgoing = Outgoing {
            to: vec![person(&name, "to@contoso.test"), person(&name, "two@contoso.test")],
            subject: Some(subject.clone()),
            content: Some(Content { text: text.clone(), is_html }),
            references: vec!["<0@b.test>".to_owned()],
            ..outgoing()
        };
        let files: Vec<_> = file_names.iter().map(|name| file(name, &content)).collect();
        let bytes = made(&outgoing, &files);
        prop_assert!(is_sound(&bytes));
        let read = MessageParser::default().parse(&bytes).expect("a message");
        prop_assert_eq!(read.subject().unwrap_or_default(), subject.as_str());
        prop_assert_eq!(people(read.to()), outgoing.to.clone());
        prop_assert_eq!(people(read.from()), [sender()]);
        prop_assert_eq!(read.message_id(), Some("1.a@contoso.test"));
        let body = if is_html { read.body_html(0) } else { read.body_text(0) }.unwrap_or_default();
        prop_assert_eq!(body.trim_end(), text.trim_end());
        let found: Vec<_> = read.attachments().map(|part| part.attachment_name().unwrap_or_default()).collect();
        prop_assert_eq!(found, file_names);
        prop_assert!(read.attachments().all(|part| part.contents() == content.as_slice()));
    }
}
