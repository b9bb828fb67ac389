use futures_util::stream;
use mail_parser::{Message as Parsed, MessageParser, MimeHeaders};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::providers::{
    mailbox::{Bytes, Outgoing, Priority, read_whole},
    mime::{
        outline::tests::outline_of,
        tests::{file, made, outgoing, person},
    },
};

/// What a splice makes of a message.
fn done(splice: Splice, message: &[u8]) -> Vec<u8> {
    let length = splice.length();
    let pieces: Vec<_> =
        message.chunks(100).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let read = read_whole(splice.into_stream(Box::pin(stream::iter(pieces))), usize::MAX);
    let bytes = runtime.block_on(read).expect("bytes");
    assert_eq!(bytes.len() as u64, length);
    bytes
}

fn mark() -> FileMark {
    FileMark("0123".to_owned())
}

fn parsed(message: &[u8]) -> Parsed<'_> {
    MessageParser::new().parse(message).expect("a message")
}

/// The names and contents of the attachments.
fn files(message: &[u8]) -> Vec<(String, Vec<u8>)> {
    let message = parsed(message);
    let files = message.attachments();
    files
        .map(|file| (file.attachment_name().unwrap_or_default().to_owned(), file.contents().to_vec()))
        .collect()
}

fn text(message: &[u8]) -> String {
    parsed(message)
        .body_text(0)
        .map(|text| text.replace("\r\n", "\n").trim_end().to_owned())
        .unwrap_or_default()
}

fn content(text: &str) -> Content {
    Content { text: text.to_owned(), is_html: false }
}

proptest! {
    #[test]
    fn files_are_added_and_removed_one_by_one_and_the_rest_stays(
        contents in vec(vec(any::<u8>(), 1..300), 1..4), added in vec(any::<u8>(), 0..300), has_text in any::<bool>(),
    ) {
        let own: Vec<_> = contents.iter().enumerate().map(|(at, content)| file(&format!("{at}.pdf"), content)).collect();
        let content = has_text.then(|| Content { text: "Hello".to_owned(), is_html: true });
        let message = made(&Outgoing { content, ..outgoing() }, &own);
        let outline = outline_of(&message, 64);
        prop_assert!(!mark().is_in(&outline));
        let with = done(with_file(&outline, &file("new.pdf", &added), &mark()).expect("a file"), &message);
        let mut expected: Vec<_> =
            contents.iter().enumerate().map(|(at, content)| (format!("{at}.pdf"), content.clone())).collect();
        expected.push(("new.pdf".to_owned(), added));
        prop_assert_eq!(files(&with), expected.clone());
        let outline = outline_of(&with, 64);
        prop_assert!(mark().is_in(&outline));
        // The text is the first part.
        let first = outline.by_number("1").expect("a file");
        let without = done(without_parts(&outline, &[first]).expect("a splice"), &with);
        expected.remove(0);
        prop_assert_eq!(files(&without), expected);
        let read = parsed(&without);
        prop_assert_eq!(read.subject(), Some("Hello"));
    }

    #[test]
    fn a_change_replaces_what_it_names_and_keeps_the_rest(
        contents in vec(vec(any::<u8>(), 1..300), 0..3), subject in "[a-z]{1,60}", words in "[a-zä-ü =\\-]{1,300}",
    ) {
        let own: Vec<_> = contents.iter().enumerate().map(|(at, content)| file(&format!("{at}.pdf"), content)).collect();
        let message = made(&outgoing(), &own);
        let words = words.trim().to_owned();
        let change = DraftChange {
            to: Some(vec![person("Doe, J", "j@contoso.test")]),
            subject: Some(subject.clone()),
            content: Some(content(&words)),
            priority: Some(Priority::High),
            ..DraftChange::default()
        };
        let changed = done(with_changes(&outline_of(&message, 64), &change).expect("a change"), &message);
        let read = parsed(&changed);
        prop_assert_eq!(read.subject(), Some(subject.as_str()));
        prop_assert_eq!(read.message_id(), Some("1.a@contoso.test"));
        prop_assert_eq!(read.to().and_then(|to| to.first()).and_then(|to| to.address()), Some("j@contoso.test"));
        prop_assert_eq!(read.header_raw("Importance").map(str::trim), Some("high"));
        prop_assert_eq!(text(&changed), words);
        let expected: Vec<_> =
            contents.iter().enumerate().map(|(at, content)| (format!("{at}.pdf"), content.clone())).collect();
        prop_assert_eq!(files(&changed), expected);
        let names: Vec<_> = outline_of(&changed, 64).root().map(|root| root.head.fields()).unwrap_or_default()
            .into_iter().map(|(name, _)| name).collect();
        for name in ["to", "subject", "from", "message-id", "mime-version", "content-type"] {
            prop_assert_eq!(names.iter().filter(|known| *known == name).count(), 1, "{}", name);
        }
    }
}

#[test]
fn an_empty_list_and_an_empty_text_remove_what_is_there() {
    let before = Outgoing { cc: vec![person("", "cc@contoso.test")], asks_receipt: true, ..outgoing() };
    let message = made(&before, &[]);
    let change = DraftChange {
        cc: Some(Vec::new()),
        asks_receipt: Some(false),
        content: Some(content("")),
        ..DraftChange::default()
    };
    let changed = done(with_changes(&outline_of(&message, 9), &change).expect("a change"), &message);
    let read = parsed(&changed);
    assert!(read.cc().is_none() && read.header_raw("Disposition-Notification-To").is_none());
    assert_eq!((text(&changed).as_str(), read.subject()), ("", Some("Hello")));
}

#[test]
fn images_of_the_old_html_are_kept_beside_the_new_text() {
    let message = b"Subject: a\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
        --m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nold\r\n\
        --a\r\nContent-Type: multipart/related; boundary=r\r\n\r\n\
        --r\r\nContent-Type: text/html\r\n\r\n<img src=\"cid:1\">\r\n\
        --r\r\nContent-Type: image/png; name=\"i.png\"\r\nContent-ID: <1>\r\n\r\npng\r\n--r--\r\n--a--\r\n\
        --m\r\nContent-Type: application/pdf; name=\"f.pdf\"\r\nContent-Disposition: attachment\r\n\r\npdf\r\n--m--\r\n";
    let change = DraftChange { content: Some(content("new")), ..DraftChange::default() };
    let changed = done(with_changes(&outline_of(message, 11), &change).expect("a change"), message);
    assert_eq!(text(&changed), "new");
    let outline = outline_of(&changed, 11);
    let kept: Vec<_> = outline.files().map(|file| file.head.text("content-type")).collect();
    assert_eq!(
        kept,
        [r#"image/png; name="i.png""#, r#"application/pdf; name="f.pdf""#].map(|kind| Some(kind.to_owned()))
    );
    assert!(!String::from_utf8_lossy(&changed).contains("cid:1"));
}

#[test]
fn a_message_that_is_one_text_or_one_file_gets_parts() {
    let text_only = made(&outgoing(), &[]);
    let with = with_file(&outline_of(&text_only, 64), &file("a.pdf", b"hello"), &mark()).expect("a file");
    let with = done(with, &text_only);
    assert_eq!(
        (text(&with).as_str(), files(&with)),
        ("Hello", vec![("a.pdf".to_owned(), b"hello".to_vec())])
    );
    let file_only = b"Subject: a\r\nContent-Type: application/pdf; name=\"a.pdf\"\r\n\
        Content-Disposition: attachment; filename=\"a.pdf\"\r\n\r\npdf\r\n";
    let change = DraftChange { content: Some(content("new")), ..DraftChange::default() };
    let changed = done(with_changes(&outline_of(file_only, 5), &change).expect("a change"), file_only);
    assert_eq!(text(&changed), "new");
    assert_eq!(files(&changed).first().map(|(name, _)| name.as_str()), Some("a.pdf"));
}

#[test]
fn the_only_part_of_a_multipart_leaves_an_empty_one() {
    let message = b"Subject: a\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n\
        --m\r\nContent-Type: application/pdf; name=\"f.pdf\"\r\n\r\npdf\r\n--m--\r\n";
    let outline = outline_of(message, 11);
    assert!(without_parts(&outline, &[0]).is_none() && without_parts(&outline, &[7]).is_none());
    let without = done(without_parts(&outline, &[1]).expect("a splice"), message);
    let outline = outline_of(&without, 11);
    assert_eq!((outline.files().count(), outline.children(0).count()), (0, 1));
}

#[test]
fn several_files_are_removed_together() {
    let own: Vec<_> = (0..4_u8).map(|number| file(&format!("{number}.pdf"), &[number])).collect();
    let message = made(&outgoing(), &own);
    let outline = outline_of(&message, 64);
    let at = |number: &str| outline.by_number(number).expect("a file");
    let without = without_parts(&outline, &[at("3"), at("1"), at("3")]).expect("a splice");
    let left: Vec<_> = files(&done(without, &message)).into_iter().map(|(name, _)| name).collect();
    assert_eq!(left, ["1.pdf", "3.pdf"]);
    let all = [at("1"), at("2"), at("3"), at("4")];
    let without = done(without_parts(&outline, &all).expect("a splice"), &message);
    assert_eq!((files(&without).len(), text(&without).as_str()), (0, "Hello"));
}

#[test]
fn each_file_of_a_new_message_has_its_own_mark() {
    let message = made(&outgoing(), &[file("a.pdf", b"a"), file("a.pdf", b"a")]);
    let outline = outline_of(&message, 64);
    let marks: Vec<_> = outline.files().filter_map(|file| file.head.text("x-attachment-id")).collect();
    assert_eq!(marks.len(), 2);
    assert_ne!(marks[0], marks[1]);
    for (position, mark) in marks.iter().enumerate() {
        let found: Vec<_> = outline.marked(mark).collect();
        assert_eq!(found, [outline.by_number(&(position + 1).to_string()).expect("a file")]);
    }
}

#[test]
fn an_address_that_could_end_its_field_is_refused() {
    let message = made(&outgoing(), &[]);
    let to = Some(vec![person("A", "a@b\r\nBcc: x@y")]);
    let change = DraftChange { to, ..DraftChange::default() };
    assert!(with_changes(&outline_of(&message, 64), &change).is_err());
}
