//! The expressions of `$filter` that this program writes: comparisons, `startswith`, `any` over a list, `and`, `or`.

use std::{cmp::Ordering, iter::Peekable, vec::IntoIter};

use serde_json::Value;

/// Properties whose values differ in upper and lower case.
const IDS: [&str; 3] = ["id", "conversationId", "parentFolderId"];

pub enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Compare {
        path: String,
        operator: String,
        value: Value,
    },
    Begins {
        path: String,
        text: String,
    },
    /// Holds for an item of a list.
    Within {
        path: String,
        inner: Box<Filter>,
    },
}

/// The value at a path; that of an empty one is the item.
pub fn at<'v>(item: &'v Value, path: &str) -> &'v Value {
    path.split('/').filter(|name| !name.is_empty()).fold(item, |value, name| &value[name])
}

/// A text as it is compared: without regard to upper and lower case.
pub fn folded(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_lowercase)
}

impl Filter {
    /// Reads a filter; `None` if it is not understood.
    pub fn read(text: &str) -> Option<Self> {
        let mut tokens = tokens(text)?.into_iter().peekable();
        let filter = any(&mut tokens)?;
        tokens.next().is_none().then_some(filter)
    }

    /// The properties that it names, in their order.
    pub fn properties(&self) -> Vec<&str> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::properties).collect(),
            Self::Compare { path, .. } | Self::Begins { path, .. } | Self::Within { path, .. } => {
                vec![path.as_str()]
            }
        }
    }

    pub fn fits(&self, item: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(item)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(item)),
            Self::Begins { path, text } => folded(at(item, path)).starts_with(&text.to_lowercase()),
            Self::Within { path, inner } => {
                at(item, path).as_array().is_some_and(|items| items.iter().any(|item| inner.fits(item)))
            }
            Self::Compare { path, operator, value } => {
                let is = at(item, path);
                let is_id = path.rsplit('/').next().is_some_and(|name| IDS.contains(&name));
                if is_id {
                    return (is == value) == (operator == "eq");
                }
                let order = folded(is).cmp(&folded(value));
                match operator.as_str() {
                    "eq" => order == Ordering::Equal,
                    "ne" => order != Ordering::Equal,
                    "lt" => order == Ordering::Less,
                    _ => order != Ordering::Less,
                }
            }
        }
    }
}

type Tokens = Peekable<IntoIter<String>>;

fn tokens(text: &str) -> Option<Vec<String>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' => end_of_text(rest)?,
            '(' | ')' | ',' | ':' => 1,
            // A time has colons.
            '0'..='9' => rest.find([' ', ')']).unwrap_or(rest.len()),
            _ => rest.find([' ', '(', ')', ',', ':', '\'']).unwrap_or(rest.len()),
        };
        let (token, behind) = rest.split_at(end);
        tokens.push(token.to_owned());
        rest = behind.trim_start();
    }
    Some(tokens)
}

/// The length of a text in quotation marks. Two marks within it are one.
fn end_of_text(text: &str) -> Option<usize> {
    let mut end = 1;
    loop {
        end += text.get(end..)?.find('\'')? + 1;
        if !text.get(end..)?.starts_with('\'') {
            return Some(end);
        }
        end += 1;
    }
}

fn take(tokens: &mut Tokens, wanted: &str) -> Option<()> {
    tokens.next_if(|token| token == wanted).map(drop)
}

fn any(tokens: &mut Tokens) -> Option<Filter> {
    let mut parts = vec![all(tokens)?];
    while take(tokens, "or").is_some() {
        parts.push(all(tokens)?);
    }
    Some(Filter::Any(parts))
}

fn all(tokens: &mut Tokens) -> Option<Filter> {
    let mut parts = vec![one(tokens)?];
    while take(tokens, "and").is_some() {
        parts.push(one(tokens)?);
    }
    Some(Filter::All(parts))
}

fn one(tokens: &mut Tokens) -> Option<Filter> {
    let name = tokens.next()?;
    if name == "startswith" {
        take(tokens, "(")?;
        let path = tokens.next()?;
        take(tokens, ",")?;
        let text = literal(&tokens.next()?, &path)?.as_str()?.to_owned();
        take(tokens, ")")?;
        return Some(Filter::Begins { path, text });
    }
    let Some(path) = name.strip_suffix("/any") else { return compare(tokens, name) };
    take(tokens, "(")?;
    let variable = tokens.next()?;
    take(tokens, ":")?;
    let inner = tokens.next()?.strip_prefix(variable.as_str())?.to_owned();
    let inner = Box::new(compare(tokens, inner)?);
    take(tokens, ")")?;
    Some(Filter::Within { path: path.to_owned(), inner })
}

fn compare(tokens: &mut Tokens, path: String) -> Option<Filter> {
    let operator = tokens.next().filter(|operator| ["eq", "ne", "lt", "ge"].contains(&operator.as_str()))?;
    let value = literal(&tokens.next()?, &path)?;
    Some(Filter::Compare { path, operator, value })
}

/// A value of the type of the property with this path.
fn literal(token: &str, path: &str) -> Option<Value> {
    let name = path.rsplit('/').next()?;
    if name.ends_with("DateTime") {
        let is_time = token.starts_with(|first: char| first.is_ascii_digit()) && token.ends_with('Z');
        return is_time.then(|| token.into());
    }
    if name.starts_with("is") || name.starts_with("has") {
        return token.parse::<bool>().ok().map(Value::from);
    }
    let text = token.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(text.replace("''", "'").into())
}
