//! Searches: the operators of Gmail's search box that this program uses.

use super::{mime, state::Letter};

/// One condition of a search.
#[derive(Debug)]
enum Clause {
    Not(Box<Clause>),
    /// One of them holds.
    Any(Vec<Clause>),
    Word {
        field: String,
        value: String,
    },
}

/// A search; all conditions must hold.
#[derive(Debug)]
pub struct Search(Vec<Clause>);

impl Search {
    /// Reads a search. `None` if it is not understood.
    pub fn read(q: &str) -> Option<Self> {
        let mut rest = q.trim();
        let clauses = clauses(&mut rest, None)?;
        Some(Self(clauses))
    }

    pub fn finds(&self, letter: &Letter) -> bool {
        self.0.iter().all(|clause| holds(clause, letter))
    }
}

fn clauses(rest: &mut &str, end: Option<char>) -> Option<Vec<Clause>> {
    let mut found = Vec::new();
    loop {
        *rest = rest.trim_start();
        if rest.is_empty() {
            return end.is_none().then_some(found);
        }
        if let Some(end) = end
            && let Some(behind) = rest.strip_prefix(end)
        {
            *rest = behind;
            return Some(found);
        }
        found.push(clause(rest)?);
    }
}

fn clause(rest: &mut &str) -> Option<Clause> {
    if let Some(behind) = rest.strip_prefix('-') {
        *rest = behind;
        return Some(Clause::Not(Box::new(clause(rest)?)));
    }
    if let Some(behind) = rest.strip_prefix('{') {
        *rest = behind;
        return Some(Clause::Any(clauses(rest, Some('}'))?));
    }
    let end = rest.find([' ', '"', '}', ':']).unwrap_or(rest.len());
    let (head, behind) = rest.split_at(end);
    let (field, behind) = match behind.strip_prefix(':') {
        Some(behind) => (head, behind),
        None => ("", *rest),
    };
    let (value, behind) = if let Some(quoted) = behind.strip_prefix('"') {
        quoted.split_once('"')?
    } else {
        behind.split_at(behind.find([' ', '"', '}']).unwrap_or(behind.len()))
    };
    if value.is_empty() || value == "OR" {
        return None;
    }
    let known = [
        "",
        "in",
        "is",
        "has",
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "filename",
        "after",
        "before",
        "rfc822msgid",
    ];
    *rest = behind;
    known.contains(&field).then(|| Clause::Word { field: field.to_owned(), value: value.to_owned() })
}

fn holds(clause: &Clause, letter: &Letter) -> bool {
    let (field, value) = match clause {
        Clause::Not(clause) => return !holds(clause, letter),
        Clause::Any(clauses) => return clauses.iter().any(|clause| holds(clause, letter)),
        Clause::Word { field, value } => (field.as_str(), value.to_lowercase()),
    };
    let has = |label: &str| letter.labels.contains(label);
    let header = |name: &str| mime::header(&letter.raw, name).to_lowercase();
    let second = |text: &str| text.parse::<i64>().expect("seconds");
    match (field, value.as_str()) {
        ("in", "inbox") => has("INBOX"),
        ("in", "sent") => has("SENT"),
        ("in", "draft" | "drafts") => has("DRAFT"),
        ("in", "trash") => has("TRASH"),
        ("in", "spam") => has("SPAM"),
        ("in", "anywhere") => true,
        ("is", "unread") => has("UNREAD"),
        ("is", "read") => !has("UNREAD"),
        ("is", "starred") => has("STARRED"),
        ("has", "attachment") => mime::has_file(&letter.raw),
        ("has", "userlabels") => letter.has_own_label(),
        ("has", "nouserlabels") => !letter.has_own_label(),
        ("from" | "to" | "cc" | "bcc" | "subject", value) => header(field).contains(value),
        ("rfc822msgid", value) => {
            header("Message-ID").trim_matches(['<', '>']) == value.trim_matches(['<', '>'])
        }
        ("after", value) => letter.at / 1_000 >= second(value),
        ("before", value) => letter.at / 1_000 < second(value),
        ("filename" | "", value) => String::from_utf8_lossy(&letter.raw).to_lowercase().contains(value),
        (field, value) => unreachable!("{field}:{value}"),
    }
}
