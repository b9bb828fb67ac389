//! What Gmail is asked for: labels, and the words of its search box (Gmail help, "Refine searches in Gmail"). What can be
//! judged by the labels and the time of a message is judged here too, because a message may change between two requests.

use time::Date;

use super::{
    address::{Query, segment},
    place::{ALL_MAIL, DRAFT, INBOX, SENT, SPAM, STARRED, TRASH, UNREAD, is_systems, kind_of},
};
use crate::{
    platform::clock::Timestamp,
    providers::mailbox::{
        Clause, FolderKind, MailError, MailProblem, Message, MessageQuery, Phrase, SearchQuery,
    },
};

const NO_INLINE: &str = "inlinedMails: Gmail lists no messages by inline pictures";
const ONE_FOLDER: &str = "includesent: Gmail lists sent messages only beside those of the inbox, the trash, the spam or the \
                          drafts";

/// Which messages belong to a list, as far as their labels and times tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    /// Labels that a message must have.
    all: Vec<String>,
    /// Labels of which it must have one, if there are any.
    some: Vec<String>,
    /// Labels that it must not have.
    none: Vec<&'static str>,
    /// The first second in which it may have been received, and the first one behind the last.
    from: Option<i64>,
    before: Option<i64>,
}

impl Conditions {
    /// Whether a message with these labels is in the list.
    pub(super) fn hold(&self, labels: &[&str], message: &Message) -> bool {
        let has = |label: &str| labels.contains(&label);
        let second = message.received_at.map(Timestamp::seconds);
        let is_within = |second: i64| {
            self.from.is_none_or(|from| from <= second) && self.before.is_none_or(|before| second < before)
        };
        self.all.iter().all(|label| has(label))
            && (self.some.is_empty() || self.some.iter().any(|label| has(label)))
            && !self.none.iter().any(|label| has(label))
            && second.is_none_or(is_within)
    }
}

/// A list of messages to ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// The clauses of `q`.
    words: Vec<String>,
    labels: Vec<String>,
    /// Whether messages in trash and spam are found too.
    has_hidden: bool,
    pub conditions: Conditions,
}

impl Asked {
    /// The parameters.
    pub(super) fn query(&self) -> Query {
        let mut query = Query::default();
        if !self.words.is_empty() {
            query = query.with("q", &self.words.join(" "));
        }
        for label in &self.labels {
            query = query.with("labelIds", label);
        }
        if self.has_hidden { query.with("includeSpamTrash", "true") } else { query }
    }

    /// Those with this label.
    fn require(&mut self, label: &str) {
        self.labels.push(label.to_owned());
        self.conditions.all.push(label.to_owned());
    }

    /// Those with or without a label for which the search box has a word.
    fn choose(&mut self, is: Option<bool>, label: &'static str, word: &str) {
        match is {
            None => {}
            Some(true) => self.require(label),
            Some(false) => {
                self.words.push(format!("-{word}"));
                self.conditions.none.push(label);
            }
        }
    }

    /// Those of a folder; without one, those of all folders but trash, spam and drafts.
    fn within(&mut self, folder: Option<&str>, includes_sent: bool) -> Result<(), MailError> {
        let Some(folder) = folder else {
            self.conditions.none.extend([TRASH, SPAM]);
            self.choose(Some(false), DRAFT, "in:draft");
            return Ok(());
        };
        segment(folder)?;
        let kind = kind_of(folder);
        if kind == FolderKind::User && is_systems(folder) {
            return Err(MailProblem::NotFound.into());
        }
        self.has_hidden = matches!(folder, TRASH | SPAM);
        for hidden in [TRASH, SPAM] {
            // Gmail leaves out both, or neither.
            if folder != hidden {
                self.conditions.none.push(hidden);
                if self.has_hidden {
                    self.words.push(format!("-{}", word_of(hidden)));
                }
            }
        }
        match folder {
            ALL_MAIL => {}
            _ if !includes_sent || folder == SENT => self.require(folder),
            _ if kind == FolderKind::User => return Err(MailProblem::NotSupported(ONE_FOLDER).into()),
            _ => {
                self.words.insert(0, format!("{{{} {}}}", word_of(folder), word_of(SENT)));
                self.conditions.some.extend([folder.to_owned(), SENT.to_owned()]);
            }
        }
        Ok(())
    }
}

/// The word for a folder of the system.
fn word_of(folder: &str) -> &'static str {
    match folder {
        INBOX => "in:inbox",
        SENT => "in:sent",
        TRASH => "in:trash",
        SPAM => "in:spam",
        _ => "in:draft",
    }
}

/// What a list asks for.
///
/// # Errors
/// [`MailProblem::NotSupported`] for a condition that Gmail has not; [`MailProblem::NotFound`] for a folder or a label
/// that cannot exist.
pub(super) fn of_list(query: &MessageQuery) -> Result<Asked, MailError> {
    if query.has_inline.is_some() {
        return Err(MailProblem::NotSupported(NO_INLINE).into());
    }
    let mut asked = Asked::default();
    asked.within(query.folder.as_deref(), query.includes_sent)?;
    if let Some(label) = &query.label {
        segment(label)?;
        if is_systems(label) {
            return Err(MailProblem::NotFound.into());
        }
        asked.require(label);
    }
    asked.choose(query.is_read.map(|is_read| !is_read), UNREAD, "is:unread");
    asked.choose(query.is_flagged, STARRED, "is:starred");
    asked.words.extend(query.has_attachment.map(attachment));
    Ok(asked)
}

/// What a search asks for.
///
/// # Errors
/// [`MailProblem::InvalidValue`] for a search without clauses and dates, and those of [`of_list`].
pub(super) fn of_search(query: &SearchQuery) -> Result<Asked, MailError> {
    if query.clauses.is_empty() && query.received.is_none() {
        return Err(MailProblem::InvalidValue("mailQry").into());
    }
    let mut asked = Asked::default();
    asked.within(query.folder.as_deref(), false)?;
    if let Some(range) = query.received {
        asked.received(range.first, range.last);
    }
    for clause in &query.clauses {
        match clause {
            // Gmail searches both in the same field.
            Clause::Sender(phrase) | Clause::SenderName(phrase) => asked.phrase("from:", phrase),
            Clause::To(phrase) => asked.phrase("to:", phrase),
            Clause::Cc(phrase) => asked.phrase("cc:", phrase),
            Clause::Bcc(phrase) => asked.phrase("bcc:", phrase),
            Clause::Subject(phrase) => asked.phrase("subject:", phrase),
            // Words without a field are looked for everywhere: Gmail has no field for the body alone.
            Clause::Content(phrase) => asked.phrase("", phrase),
            Clause::AttachmentName(phrase) => asked.phrase("filename:", phrase),
            // Gmail knows one time of a message: when it took it, which is that of sending for a sent message.
            Clause::SentOn(date) | Clause::ReceivedOn(date) => asked.received(*date, *date),
            Clause::HasAttachment(has) => asked.words.push(attachment(*has)),
        }
    }
    Ok(asked)
}

fn attachment(has: bool) -> String {
    if has { "has:attachment" } else { "-has:attachment" }.to_owned()
}

impl Asked {
    /// Those with a phrase in a field. It has no quotation mark, so that nothing in it is an operator.
    fn phrase(&mut self, field: &str, phrase: &Phrase) {
        self.words.push(format!("{field}\"{}\"", phrase.as_str()));
    }

    /// Those of these days in UTC, both included. Gmail takes seconds too, and days would be those of the mailbox's time
    /// zone. No page says whether the second behind `after:` is included: the second before is asked for, and judged here.
    fn received(&mut self, first: Date, last: Date) {
        let from = first.midnight().assume_utc().unix_timestamp();
        let last = last.midnight().assume_utc().unix_timestamp();
        let before = last.saturating_add(24 * 60 * 60);
        self.words.push(format!("after:{} before:{before}", from.saturating_sub(1)));
        let conditions = &mut self.conditions;
        conditions.from = Some(conditions.from.map_or(from, |known| known.max(from)));
        conditions.before = Some(conditions.before.map_or(before, |known| known.min(before)));
    }
}

#[cfg(test)]
mod tests {
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
        let expected =
            ["q=-in:draft has:attachment", "labelIds=Label_1", "labelIds=UNREAD", "labelIds=STARRED"];
        assert_eq!(parameters(&asked), expected);
        let hold = |labels: &[&str]| asked.conditions.hold(labels, &Message::default());
        assert!(hold(&["Label_1", "UNREAD", "STARRED", "INBOX"]));
        assert!(
            !hold(&["Label_1", "UNREAD"]) && !hold(&["Label_1", "STARRED"]) && !hold(&["UNREAD", "STARRED"])
        );
        let no = MessageQuery {
            is_read: Some(true),
            is_flagged: Some(false),
            has_attachment: Some(false),
            ..list()
        };
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
        let on = of_search(&search(vec![Clause::SentOn(date!(2026 - 11 - 28))])).expect("a search");
        assert_eq!(parameters(&on), ["q=-in:draft after:1795823999 before:1795910400"]);
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
}
