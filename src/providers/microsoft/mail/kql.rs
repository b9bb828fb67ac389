//! Searches in KQL, the query language of Exchange (Microsoft Graph, "Use the $search query parameter").

use time::{Date, format_description::BorrowedFormatItem, macros::format_description};

use crate::providers::mailbox::{Clause, SearchQuery};

/// The value of `$search` for these clauses, with the quotation marks around it; `None` without a clause.
pub(super) fn written(query: &SearchQuery) -> Option<String> {
    let range = query.received.map(|range| during("received", range.first, range.last));
    let all: Vec<_> = query.clauses.iter().map(clause).chain(range).collect();
    // Quotation marks within the value are escaped. A phrase has neither these nor backslashes.
    (!all.is_empty()).then(|| format!("\"{}\"", all.join(" AND ").replace('"', "\\\"")))
}

fn clause(clause: &Clause) -> String {
    match clause {
        Clause::Sender(phrase) | Clause::SenderName(phrase) => format!("from:\"{}\"", phrase.as_str()),
        Clause::To(phrase) => format!("to:\"{}\"", phrase.as_str()),
        Clause::Cc(phrase) => format!("cc:\"{}\"", phrase.as_str()),
        Clause::Bcc(phrase) => format!("bcc:\"{}\"", phrase.as_str()),
        Clause::Subject(phrase) => format!("subject:\"{}\"", phrase.as_str()),
        Clause::Content(phrase) => format!("body:\"{}\"", phrase.as_str()),
        Clause::AttachmentName(phrase) => format!("attachment:\"{}\"", phrase.as_str()),
        Clause::SentOn(date) => during("sent", *date, *date),
        Clause::ReceivedOn(date) => during("received", *date, *date),
        Clause::HasAttachment(has) => format!("hasAttachments:{has}"),
    }
}

/// From the first day to the last one, both included. The end is the next day, because a comparison with a day may mean
/// its first second.
fn during(property: &str, first: Date, last: Date) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!("[year]-[month]-[day]");
    let day = |date: Date| date.format(FORMAT).unwrap_or_default();
    let after = last.next_day().unwrap_or(last);
    format!("{property}>={} AND {property}<{}", day(first), day(after))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use time::macros::date;

    use super::*;
    use crate::providers::mailbox::{DateRange, Phrase, Position};

    fn query(clauses: Vec<Clause>) -> SearchQuery {
        SearchQuery { clauses, received: None, folder: None, position: Position::Skip(0), limit: 10 }
    }

    fn phrase(text: &str) -> Phrase {
        Phrase::parse(text).expect("a phrase")
    }

    #[test]
    fn every_clause_has_its_property() {
        let all = query(vec![
            Clause::Sender(phrase("ada@contoso.test")),
            Clause::SenderName(phrase("Ada Lovelace")),
            Clause::To(phrase("t")),
            Clause::Cc(phrase("c")),
            Clause::Bcc(phrase("b")),
            Clause::Subject(phrase("a: b OR (c)")),
            Clause::Content(phrase("x")),
            Clause::AttachmentName(phrase("a.pdf")),
            Clause::HasAttachment(true),
            Clause::SentOn(date!(2026 - 12 - 31)),
        ]);
        let expected = r#""from:\"ada@contoso.test\" AND from:\"Ada Lovelace\" AND to:\"t\" AND cc:\"c\" AND bcc:\"b\" AND "#
            .to_owned()
            + r#"subject:\"a: b OR (c)\" AND body:\"x\" AND attachment:\"a.pdf\" AND hasAttachments:true AND "#
            + r#"sent>=2026-12-31 AND sent<2027-01-01""#;
        assert_eq!(written(&all), Some(expected));
        let received = Some(DateRange { first: date!(2024 - 02 - 28), last: date!(2024 - 02 - 29) });
        let range = SearchQuery { received, ..query(Vec::new()) };
        assert_eq!(written(&range).as_deref(), Some(r#""received>=2024-02-28 AND received<2024-03-01""#));
        assert_eq!(written(&query(Vec::new())), None);
    }

    /// The clauses as Exchange sees them: the value without its escapes, split outside quotation marks.
    fn seen(value: &str) -> Vec<String> {
        let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).expect("quotation marks");
        let mut clauses = vec![String::new()];
        let (mut is_escaped, mut is_quoted) = (false, false);
        for character in inner.chars() {
            match character {
                '\\' if !is_escaped => {
                    is_escaped = true;
                    continue;
                }
                '"' => {
                    assert!(is_escaped, "the value ends early: {value}");
                    is_quoted = !is_quoted;
                }
                ' ' if !is_quoted => clauses.push(String::new()),
                _ => clauses.last_mut().expect("a clause").push(character),
            }
            is_escaped = false;
        }
        assert!(!is_quoted, "{value}");
        clauses.retain(|clause| clause != "AND");
        clauses
    }

    proptest! {
        #[test]
        fn no_value_changes_the_number_of_clauses(values in vec(
            prop_oneof!["\\PC{1,20}", "[\"\\\\ a()*:&]{1,12}", Just("\" OR from:\"x".to_owned()), Just("a AND b".to_owned()),
                Just("x\\".to_owned()), Just("\u{201d} OR to:\u{201c}y".to_owned()), Just(")".to_owned())],
            1..6,
        )) {
            let phrases: Vec<_> = values.iter().filter_map(|value| Phrase::parse(value)).collect();
            let clauses: Vec<_> = phrases.iter().cloned().map(Clause::Subject).collect();
            let expected: Vec<_> = phrases.iter().map(|phrase| format!("subject:{}", phrase.as_str())).collect();
            match written(&query(clauses)) {
                None => prop_assert!(phrases.is_empty()),
                Some(value) => prop_assert_eq!(seen(&value), expected),
            }
        }
    }
}
