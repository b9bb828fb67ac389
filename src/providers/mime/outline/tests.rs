use futures_util::stream;
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::providers::{
    mailbox::{Bytes, Content, Outgoing},
    mime::tests::{file, made, outgoing},
};

fn pieces(bytes: &[u8], length: usize) -> MailStream {
    let pieces: Vec<_> =
        bytes.chunks(length).map(|piece| Ok::<_, MailError>(Bytes::copy_from_slice(piece))).collect();
    Box::pin(stream::iter(pieces))
}

pub fn outline_of(message: &[u8], length: usize) -> Outline {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(Outline::read(pieces(message, length))).expect("an outline")
}

/// The kinds of the parts, with their bodies.
fn parts<'m>(message: &'m str, outline: &Outline) -> Vec<(String, &'m str)> {
    let place = |at: u64| usize::try_from(at).expect("a place");
    let body = |part: &Part| &message[place(part.body)..place(part.end)];
    outline.0.iter().map(|part| (part.head.kind().to_owned(), body(part))).collect()
}

const NESTED: &str = "From: a@b.test\r\nContent-Type: multipart/mixed;\r\n boundary=\"out\"\r\n\r\npreamble\r\n\
    --out\r\nContent-Type: multipart/alternative; boundary=in\r\n\r\n\
    --in\r\n\r\nplain\r\n--in\r\nContent-Type: text/html\r\n\r\n<p>--out</p>\r\n--in--\r\nbetween\r\n\
    --out \r\nContent-Type: image/png; name=a.png\r\nContent-ID: <1>\r\n\r\niVBO\r\nRw0K\r\n\
    --out--\r\nepilogue\r\n";

#[test]
fn each_part_is_found_with_its_header_and_its_body() {
    for length in [1, 2, 7, 64, 1_000] {
        let outline = outline_of(NESTED.as_bytes(), length);
        let found = parts(NESTED, &outline);
        assert_eq!(found[1].0, "multipart/alternative");
        assert_eq!(found[2], ("text/plain".to_owned(), "plain"));
        assert_eq!(found[3], ("text/html".to_owned(), "<p>--out</p>"));
        assert_eq!(found[4], ("image/png".to_owned(), "iVBO\r\nRw0K"));
        assert_eq!(found.len(), 5);
        assert_eq!(outline.length(), NESTED.len() as u64);
        assert_eq!(outline.text(), Some(1));
        assert_eq!(outline.by_number("0.1"), Some(3));
        assert_eq!((outline.by_number("1"), outline.by_number("2")), (Some(4), None));
        let files: Vec<_> = outline.files().map(|part| part.head.text("content-id")).collect();
        assert_eq!(files, [Some("<1>".to_owned())]);
        let close = outline.root().and_then(|root| root.close).and_then(|at| usize::try_from(at).ok());
        assert_eq!(close, NESTED.find("--out--"));
    }
}

#[test]
fn a_field_in_several_lines_is_one_and_its_text_is_one_line() {
    let head = Head::of("Subject: a\r\n b\r\nReferences: <1@a>\r\n\t<2@a>\r\nFrom: \"A, B\" <a@b.test>\r\n");
    let names: Vec<_> = head.fields().into_iter().map(|(name, field)| (name, field.len())).collect();
    assert_eq!(names, [("subject".to_owned(), 16), ("references".to_owned(), 27), ("from".to_owned(), 25)]);
    assert_eq!(head.text("references").as_deref(), Some("<1@a> <2@a>"));
    assert_eq!((head.text("to"), head.emails("From")), (None, vec!["a@b.test".to_owned()]));
}

#[test]
fn a_message_that_breaks_off_has_the_parts_that_have_begun() {
    let end = NESTED.find("</p>").expect("a place");
    let outline = outline_of(&NESTED.as_bytes()[..end], 5);
    let found = parts(&NESTED[..end], &outline);
    assert_eq!(found.last(), Some(&("text/html".to_owned(), "<p>--out")));
    assert!(outline.0.iter().all(|part| part.next == end as u64 || part.head.kind() == "text/plain"));
    for empty in ["", "\r\n", "Subject: a", "Subject: a\r\n"] {
        let outline = outline_of(empty.as_bytes(), 3);
        assert_eq!((outline.0.len(), outline.length()), (1, empty.len() as u64), "{empty:?}");
    }
}

#[test]
fn endless_headers_and_parts_are_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let read = |message: &str| {
        let read = runtime.block_on(Outline::read(pieces(message.as_bytes(), 4_096)));
        read.err().map(|error| error.problem)
    };
    let many = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{}", "--b\r\n\r\n".repeat(501));
    let refused = Some(MailProblem::TooMany(TOO_MANY_PARTS));
    assert_eq!(read(&many), refused);
    assert_eq!(read(&format!("Subject: {}", "x".repeat(600_000))), refused);
    assert_eq!(read(&"X: y\r\n".repeat(100_000)), refused);
    let long = format!("Subject: a\r\n\r\n{}\r\n", "x".repeat(1_000_000));
    assert_eq!(read(&long), None);
}

proptest! {
    #[test]
    fn what_this_program_makes_has_the_parts_that_it_was_made_of(
        text in "[a-z\r\n-]{0,200}", is_html in any::<bool>(), contents in vec(vec(any::<u8>(), 0..200), 0..4),
        length in 1_usize..300,
    ) {
        let content = Some(Content { text, is_html });
        let files: Vec<_> = contents.iter().map(|content| file("f.pdf", content)).collect();
        let message = made(&Outgoing { content, ..outgoing() }, &files);
        let outline = outline_of(&message, length);
        prop_assert_eq!(outline.files().count(), files.len());
        prop_assert_eq!(outline.length(), message.len() as u64);
        prop_assert_eq!(outline.text(), Some(usize::from(!files.is_empty())));
    }

    #[test]
    fn any_bytes_have_an_outline_whose_parts_are_within_them(message in "[-=b:;/\r\n a]{0,200}", length in 1_usize..50) {
        let head = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        let message = format!("{head}{message}");
        let outline = outline_of(message.as_bytes(), length);
        for part in &outline.0 {
            prop_assert!(part.delimiter <= part.start && part.start <= part.body.max(part.next));
            prop_assert!(part.body <= part.end && part.end <= part.next.max(part.body));
            prop_assert!(part.next <= message.len() as u64);
        }
    }
}
