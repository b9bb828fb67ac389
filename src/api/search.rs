//! Reads what a search looks for: Mail360's `mailQry` and `dateRange`. Its clauses are `name:value` joined by `::`, or
//! `(name=value)`, which Mail360's published sample has, one behind the other.

use time::{Date, Month};

use super::{
    errors::{ApiError, Code},
    parameters::{Given, MAX_ID},
};
use crate::providers::mailbox::{Clause, DateRange, Phrase};

/// Maximum number of clauses.
const MAX_CLAUSES: usize = 20;
/// The beginning and the end of a clause in the form `(name=value)`.
const PARENTHESES: [char; 2] = ['(', ')'];
/// Clauses of Mail360 that no provider can search for.
const NOT_SUPPORTED: [&str; 6] = ["hasinline", "attachid", "attachlabel", "attachtype", "threadid", "flagid"];
const MONTHS: [(&str, Month); 12] = [
    ("jan", Month::January),
    ("feb", Month::February),
    ("mar", Month::March),
    ("apr", Month::April),
    ("may", Month::May),
    ("jun", Month::June),
    ("jul", Month::July),
    ("aug", Month::August),
    ("sep", Month::September),
    ("oct", Month::October),
    ("nov", Month::November),
    ("dec", Month::December),
];

/// What a search looks for. All conditions must hold. Without a clause and a range it is a list of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    pub clauses: Vec<Clause>,
    pub received: Option<DateRange>,
    pub folder: Option<String>,
}

/// Reads the conditions of a call.
///
/// # Errors
/// `INVALID_VALUE`; `NOT_SUPPORTED` for a clause that only Mail360 has.
pub fn parse(given: &Given) -> Result<Conditions, ApiError> {
    let mut conditions = given.text("mailQry").map(parse_query).transpose()?.unwrap_or_default();
    conditions.received = given.text("dateRange").map(parse_range).transpose()?;
    // Mail360 requires emailId, so that a program may give nothing else.
    if conditions == Conditions::default() && given.texts("emailId").is_empty() {
        return Err(invalid("Give emailId, mailQry or dateRange."));
    }
    Ok(conditions)
}

impl Conditions {
    /// Whether nothing is looked for, so that a list of messages answers the call.
    pub const fn is_list(&self) -> bool {
        self.clauses.is_empty() && self.received.is_none()
    }
}

fn invalid(more_info: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    ApiError::of(Code::InvalidValue, more_info)
}

fn parse_query(query: &str) -> Result<Conditions, ApiError> {
    let mut conditions = Conditions::default();
    for (name, value) in split(query)? {
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        if NOT_SUPPORTED.contains(&name.as_str()) {
            let more_info = format!("mailQry: {name} is not supported.");
            return Err(ApiError::of(Code::NotSupported, more_info));
        }
        if name == "folderid" {
            if value.is_empty() || value.chars().count() > MAX_ID || conditions.folder.is_some() {
                return Err(invalid("mailQry: folderid: Give the id of one folder."));
            }
            conditions.folder = Some(value.to_owned());
            continue;
        }
        conditions.clauses.push(parse_clause(&name, value)?);
        if conditions.clauses.len() > MAX_CLAUSES {
            return Err(invalid("mailQry: Give at most 20 clauses."));
        }
    }
    Ok(conditions)
}

/// The names and the values of the clauses.
fn split(query: &str) -> Result<Vec<(&str, &str)>, ApiError> {
    let query = query.trim();
    if query.starts_with(PARENTHESES) {
        return split_parentheses(query).ok_or_else(|| {
            invalid(
                "mailQry: Write each clause as (name=value), without parentheses in a value, or write name:value clauses \
                 joined by ::.",
            )
        });
    }
    let clauses = query.split("::").map(|clause| clause.split_once(':')).collect::<Option<Vec<_>>>();
    clauses.ok_or_else(|| invalid("mailQry: Write each clause as name:value, and join clauses by ::."))
}

/// Clauses in the form `(name=value)`. A value has no parentheses, so that none can begin or end a clause.
fn split_parentheses(query: &str) -> Option<Vec<(&str, &str)>> {
    let mut clauses = Vec::new();
    let mut rest = query;
    while !rest.is_empty() {
        let (clause, behind) = rest.strip_prefix('(')?.split_once(')')?;
        let (name, value) = clause.split_once('=')?;
        if clause.contains(PARENTHESES) {
            return None;
        }
        clauses.push((name, value));
        rest = behind.trim_start();
    }
    Some(clauses)
}

fn parse_clause(name: &str, value: &str) -> Result<Clause, ApiError> {
    let phrase = || {
        Phrase::parse(value).ok_or_else(|| {
            invalid(format!(
                "mailQry: {name}: Give 1 to 256 characters, without quotation marks, backslashes and control characters."
            ))
        })
    };
    let day = || {
        parse_day(value).ok_or_else(|| {
            invalid(format!("mailQry: {name}: Give a day, such as 13-May-2026 or 2026-05-13."))
        })
    };
    Ok(match name {
        "sender" => Clause::Sender(phrase()?),
        "sendername" => Clause::SenderName(phrase()?),
        "to" => Clause::To(phrase()?),
        "cc" => Clause::Cc(phrase()?),
        "bcc" => Clause::Bcc(phrase()?),
        "subject" => Clause::Subject(phrase()?),
        "content" => Clause::Content(phrase()?),
        "attachname" => Clause::AttachmentName(phrase()?),
        "senddate" => Clause::SentOn(day()?),
        "receiveddate" => Clause::ReceivedOn(day()?),
        "hasattach" => match value.to_ascii_lowercase().as_str() {
            "true" | "1" => Clause::HasAttachment(true),
            "false" | "0" => Clause::HasAttachment(false),
            _ => return Err(invalid("mailQry: hasattach: Give true or false.")),
        },
        _ => {
            return Err(invalid(
                "mailQry: Use these names: sender, sendername, to, cc, bcc, subject, content, senddate, receiveddate, \
                 hasattach, attachname, folderid.",
            ));
        }
    })
}

fn parse_range(text: &str) -> Result<DateRange, ApiError> {
    let days = text.split_once(':').and_then(|(first, last)| Some((parse_day(first)?, parse_day(last)?)));
    match days {
        Some((first, last)) if first <= last => Ok(DateRange { first, last }),
        _ => Err(invalid("dateRange: Give two days, the earlier first, such as 01-Jan-2026:31-Jan-2026.")),
    }
}

/// `13-May-2026`, or `2026-05-13`.
fn parse_day(text: &str) -> Option<Date> {
    let mut parts = text.trim().split('-');
    let (first, month, last) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let is_number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (year, month, day) = if is_number(first, 4..=4) && is_number(month, 2..=2) && is_number(last, 2..=2) {
        (first, Month::try_from(month.parse::<u8>().ok()?).ok()?, last)
    } else if is_number(first, 1..=2) && is_number(last, 4..=4) {
        let known = MONTHS.iter().find(|(name, _)| month.eq_ignore_ascii_case(name));
        (last, known.map(|(_, month)| *month)?, first)
    } else {
        return None;
    };
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn day(year: i32, month: Month, day: u8) -> Date {
        Date::from_calendar_date(year, month, day).expect("a day")
    }

    fn phrase(text: &str) -> Phrase {
        Phrase::parse(text).expect("a phrase")
    }

    #[test]
    fn clauses_are_joined_by_two_colons_and_a_value_may_have_one() {
        let read = parse_query("sender:ada@x.test::subject: Re: the plan ::hasattach:True::folderid:AAMk=")
            .expect("a query");
        assert_eq!(
            read.clauses,
            [
                Clause::Sender(phrase("ada@x.test")),
                Clause::Subject(phrase("Re: the plan")),
                Clause::HasAttachment(true)
            ]
        );
        assert_eq!(read.folder.as_deref(), Some("AAMk="));
        let dates = parse_query("senddate:13-May-2024::ReceivedDate:2024-05-14").expect("a query");
        assert_eq!(
            dates.clauses,
            [Clause::SentOn(day(2024, Month::May, 13)), Clause::ReceivedOn(day(2024, Month::May, 14))]
        );
    }

    #[test]
    fn each_mistake_names_the_clause() {
        for (query, words) in [
            ("", "name:value"),
            ("ada", "name:value"),
            ("sender:a::", "name:value"),
            ("from:a", "Use these names"),
            ("sender:", "sender: Give 1 to 256"),
            ("subject:say \"hi\"", "subject: Give 1 to 256"),
            ("subject:a\\b", "subject: Give 1 to 256"),
            ("senddate:yesterday", "senddate: Give a day"),
            ("hasattach:maybe", "hasattach: Give true or false"),
            ("folderid:a::folderid:b", "folderid: Give the id of one folder"),
            ("threadid:1", "threadid is not supported"),
            ("(sender:a)", "(name=value)"),
            ("(sender=a", "(name=value)"),
            ("sender=a", "name:value"),
            ("(sender=a)b", "(name=value)"),
            ("(sender=a)::(to=b)", "(name=value)"),
            ("(subject=the (first) plan)", "without parentheses"),
            ("(sender=)", "sender: Give 1 to 256"),
            ("(threadid=1)", "threadid is not supported"),
        ] {
            let error = format!("{:?}", parse_query(query).expect_err("a mistake"));
            assert!(error.replace("\\\"", "\"").contains(words), "{query}: {error}");
        }
        assert!(parse_query(&vec!["to:a"; 21].join("::")).is_err());
        assert!(parse_query(&"(to=a)".repeat(21)).is_err());
    }

    #[test]
    fn clauses_in_parentheses_are_taken_alone_and_in_a_row() {
        let published = parse_query("(sender=rebecca@gmailcom)").expect("Mail360's published sample");
        assert_eq!(published.clauses, [Clause::Sender(phrase("rebecca@gmailcom"))]);
        let several =
            parse_query(" (Sender=ada@x.test)(subject=a=b::c:d) (folderid=AAMk=) ").expect("a query");
        assert_eq!(
            several.clauses,
            [Clause::Sender(phrase("ada@x.test")), Clause::Subject(phrase("a=b::c:d"))]
        );
        assert_eq!(several.folder.as_deref(), Some("AAMk="));
    }

    #[test]
    fn a_range_has_two_days_in_their_order() {
        let range = parse_range("31-Dec-1969:13-May-2024").expect("a range");
        assert_eq!((range.first, range.last), (day(1969, Month::December, 31), day(2024, Month::May, 13)));
        for wrong in
            ["", "13-May-2024", "13-May-2024:12-May-2024", "30-Feb-2024:01-Mar-2024", "a:b", "1-1-1:2-2-2"]
        {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_value_adds_a_clause_or_makes_the_reader_fail(value in any::<String>()) {
            let Ok(read) = parse_query(&format!("subject:{value}")) else { return Ok(()) };
            // The caller's own separator is the only one.
            prop_assert_eq!(read.clauses.len() + usize::from(read.folder.is_some()), value.matches("::").count() + 1);
        }

        #[test]
        fn no_value_in_parentheses_adds_a_clause(values in vec(
            prop_oneof!["[a()=:& ]{1,9}", Just("a)(to=b".to_owned()), Just("a) (cc=b".to_owned())],
            1..4,
        )) {
            let query = values.iter().fold(String::new(), |query, value| query + "(subject=" + value + ")");
            let Ok(read) = parse_query(&query) else { return Ok(()) };
            // Only what the caller wrote as the end of a clause and the beginning of another one is that.
            let is_written = |text: &str| values.iter().map(|value| value.matches(text).count()).sum::<usize>();
            prop_assert_eq!(read.clauses.len(), values.len() + is_written(")(") + is_written(") ("));
        }

        #[test]
        fn no_text_makes_the_readers_fail(text in any::<String>()) {
            let _ = (parse_query(&text), parse_range(&text), parse_day(&text));
        }
    }
}
