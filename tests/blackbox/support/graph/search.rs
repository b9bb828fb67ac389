//! `$search` over messages: the clauses of KQL that this program joins with `AND`. A phrase is found if its words are beside
//! each other.

use serde_json::Value;

use super::letter::Letter;

const PROPERTIES: [&str; 6] = ["from", "to", "cc", "bcc", "subject", "body"];

/// The properties with the words that they must have.
pub struct Search(Vec<(String, Vec<String>)>);

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_owned).collect()
}

fn people<'v>(people: impl IntoIterator<Item = &'v Value>) -> String {
    let one = |person: &Value| {
        let address = &person["emailAddress"];
        let part = |name: &str| address[name].as_str().unwrap_or_default().to_owned();
        format!("{} | {}", part("name"), part("address"))
    };
    people.into_iter().map(one).collect::<Vec<_>>().join(" | ")
}

impl Search {
    /// Reads the value of `$search`; `None` if it is not understood.
    pub fn read(text: &str) -> Option<Self> {
        let inner = text.strip_prefix('"')?.strip_suffix('"')?.replace("\\\"", "\"");
        let mut rest = inner.as_str();
        let mut clauses = Vec::new();
        loop {
            let (property, behind) = rest.split_once(":\"")?;
            let (phrase, behind) = behind.split_once('"')?;
            if !PROPERTIES.contains(&property) {
                return None;
            }
            clauses.push((property.to_owned(), words(phrase)));
            if behind.is_empty() {
                return Some(Self(clauses));
            }
            rest = behind.strip_prefix(" AND ")?;
        }
    }

    pub fn finds(&self, letter: &Letter) -> bool {
        self.0.iter().all(|(property, wanted)| {
            let text = match property.as_str() {
                "from" => people(letter.fields.get("from")),
                "to" => people(letter.list("toRecipients")),
                "cc" => people(letter.list("ccRecipients")),
                "bcc" => people(letter.list("bccRecipients")),
                "subject" => letter.field("subject").to_owned(),
                _ => letter.text.plain(),
            };
            !wanted.is_empty() && words(&text).windows(wanted.len()).any(|window| window == wanted.as_slice())
        })
    }
}
