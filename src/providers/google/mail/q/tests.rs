use proptest::{collection::vec, prelude::*};
use time::macros::date;
use url::Url;

use super::*;
use crate::providers::mailbox::{DateRange, Position};

fn list() -> MessageQuery {
    MessageQuery { limit: 10, ..MessageQuery::default() }
}

fn search(clauses: Vec<Clause>) -> SearchQuery {
    SearchQuery { clauses, received: None, folder: None, position: Position::Skip(0), limit: 10 }
}

fn phrase(text: &str) -> Phrase {
    Phrase::parse(text).expect("a phrase")
}

/// The parameters, decoded.
fn parameters(asked: &Asked) -> Vec<String> {
    let url = Url::parse(&asked.query().on("https://gmail.example/messages")).expect("a URL");
    url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect()
}

fn problem(query: &MessageQuery) -> Option<MailProblem> {
    of_list(query).err().map(|error| error.problem)
}

#[test]
fn a_list_without_a_folder_leaves_out_trash_spam_and_drafts() {
    let asked = of_list(&list()).expect("a list");
    assert_eq!(parameters(&asked), ["q=-in:draft"]);
    for (label, expected) in [
        ("INBOX", true),
        ("SENT", true),
        ("Label_1", true),
        ("TRASH", false),
        ("SPAM", false),
        ("DRAFT", false),
    ] {
        assert_eq!(asked.conditions.hold(&[label], &Message::default()), expected, "{label}");
    }
}

#[test]
fn a_folder_is_a_label_and_all_mail_is_none() {
    for (folder, includes_sent, expected) in [
        ("INBOX", false, vec!["labelIds=INBOX"]),
        ("Label_1", false, vec!["labelIds=Label_1"]),
        ("SENT", true, vec!["labelIds=SENT"]),
        ("ALL_MAIL", false, vec![]),
        ("ALL_MAIL", true, vec![]),
        ("TRASH", false, vec!["q=-in:spam", "labelIds=TRASH", "includeSpamTrash=true"]),
        ("INBOX", true, vec!["q={in:inbox in:sent}"]),
        ("SPAM", true, vec!["q={in:spam in:sent} -in:trash", "includeSpamTrash=true"]),
    ] {
        let query = MessageQuery { folder: Some(folder.to_owned()), includes_sent, ..list() };
        assert_eq!(parameters(&of_list(&query).expect("a list")), expected, "{folder}");
    }
    let of = |folder: &str| MessageQuery { folder: Some(folder.to_owned()), ..list() };
    for none in ["", "UNREAD", "CATEGORY_FORUMS", "a/b", "..", "in:trash"] {
        assert_eq!(problem(&of(none)), Some(MailProblem::NotFound), "{none}");
    }
    let both = MessageQuery { includes_sent: true, ..of("Label_1") };
    assert_eq!(problem(&both), Some(MailProblem::NotSupported(ONE_FOLDER)));
}

#[test]
fn every_condition_is_asked_of_gmail_and_judged_here() {
    let yes = MessageQuery {
        label: Some("Label_1".to_owned()),
        is_read: Some(false),
        is_flagged: Some(true),
        has_attachment: Some(true),
        ..list()
    };
    let asked = of_list(&yes).expect("a list");
    let expected = ["q=-in:draft has:attachment", "labelIds=Label_1", "labelIds=UNREAD", "labelIds=STARRED"];
    assert_eq!(parameters(&asked), expected);
    let hold = |labels: &[&str]| asked.conditions.hold(labels, &Message::default());
    assert!(hold(&["Label_1", "UNREAD", "STARRED", "INBOX"]));
    assert!(!hold(&["Label_1", "UNREAD"]) && !hold(&["Label_1", "STARRED"]) && !hold(&["UNREAD", "STARRED"]));
    let no =
        MessageQuery { is_read: Some(true), is_flagged: Some(false), has_attachment: Some(false), ..list() };
    let asked = of_list(&no).expect("a list");
    assert_eq!(parameters(&asked), ["q=-in:draft -is:unread -is:starred -has:attachment"]);
    assert!(!asked.conditions.hold(&["UNREAD"], &Message::default()));
    let inline = MessageQuery { has_inline: Some(false), ..list() };
    assert_eq!(problem(&inline), Some(MailProblem::NotSupported(NO_INLINE)));
    let label = MessageQuery { label: Some("INBOX".to_owned()), ..list() };
    assert_eq!(problem(&label), Some(MailProblem::NotFound));
}

#[test]
fn every_clause_has_its_word() {
    let all = search(vec![
        Clause::Sender(phrase("ada@contoso.test")),
        Clause::SenderName(phrase("Ada Lovelace")),
        Clause::To(phrase("t")),
        Clause::Cc(phrase("c")),
        Clause::Bcc(phrase("b")),
        Clause::Subject(phrase("a: b OR (c)")),
        Clause::Content(phrase("x")),
        Clause::AttachmentName(phrase("a.pdf")),
        Clause::HasAttachment(true),
    ]);
    let expected = "q=-in:draft from:\"ada@contoso.test\" from:\"Ada Lovelace\" to:\"t\" cc:\"c\" bcc:\"b\" \
                    subject:\"a: b OR (c)\" \"x\" filename:\"a.pdf\" has:attachment";
    assert_eq!(parameters(&of_search(&all).expect("a search")), [expected]);
    let none = of_search(&search(Vec::new())).expect_err("no search");
    assert_eq!(none.problem, MailProblem::InvalidValue("mailQry"));
}

#[test]
fn days_are_those_of_utc_and_both_are_included() {
    let received = Some(DateRange { first: date!(2026 - 11 - 27), last: date!(2026 - 11 - 28) });
    let asked = of_search(&SearchQuery { received, ..search(Vec::new()) }).expect("a search");
    assert_eq!(parameters(&asked), ["q=-in:draft after:1795737599 before:1795910400"]);
    for (second, expected) in
        [(1_795_737_599, false), (1_795_737_600, true), (1_795_910_399, true), (1_795_910_400, false)]
    {
        let received_at = Some(Timestamp::from_micros(second * 1_000_000));
        let message = Message { received_at, ..Message::default() };
        assert_eq!(asked.conditions.hold(&[], &message), expected, "{second}");
    }
    // No time is a number below zero.
    for (day, expected) in [
        (date!(2026 - 11 - 28), "q=-in:draft after:1795823999 before:1795910400"),
        (date!(1970 - 01 - 01), "q=-in:draft before:86400"),
        (date!(0001 - 01 - 01), "q=-in:draft before:1"),
    ] {
        let on = of_search(&search(vec![Clause::SentOn(day)])).expect("a search");
        assert_eq!(parameters(&on), [expected]);
    }
}

/// The clauses as Gmail sees them: split at spaces outside quotation marks. Outside of them there is no operator
/// that joins two.
fn seen(q: &str) -> Vec<String> {
    let mut clauses = vec![String::new()];
    let mut is_quoted = false;
    for character in q.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => clauses.push(String::new()),
            _ => {
                let is_operator = "(){}|".contains(character);
                assert!(is_quoted || !is_operator, "an operator outside quotation marks: {q}");
                clauses.last_mut().expect("a clause").push(character);
            }
        }
    }
    assert!(!is_quoted, "{q}");
    clauses
}

proptest! {
    #[test]
    fn no_value_changes_the_number_of_clauses(values in vec(
        prop_oneof!["\\PC{1,20}", "[\"\\\\ a()*:{}|-]{1,12}", Just("\" OR from:\"x".to_owned()), Just("a OR b".to_owned()),
            Just("x\\".to_owned()), Just("\u{201d} OR to:\u{201c}y".to_owned()), Just(")".to_owned()),
            Just("} in:trash".to_owned())],
        1..6,
    )) {
        let phrases: Vec<_> = values.iter().filter_map(|value| Phrase::parse(value)).collect();
        let clauses = phrases.iter().cloned().map(Clause::Subject).chain([Clause::HasAttachment(true)]);
        let asked = of_search(&search(clauses.collect())).expect("a search");
        let mut expected = vec!["-in:draft".to_owned()];
        expected.extend(phrases.iter().map(|phrase| format!("subject:{}", phrase.as_str())));
        expected.push("has:attachment".to_owned());
        prop_assert_eq!(seen(&asked.words.join(" ")), expected);
    }
}
