//! Lists of addresses as programs write them: `"Doe, J" <j@x.test>, c@x.test`, in the form in which this API answers them.
//! A list that could be read in two ways is refused, because a message must not go to another recipient than was meant.

use super::shapes::NOT_PROVIDED;
use crate::{platform::text, providers::mailbox::Address};

/// Maximum number of characters of an email address (RFC 3696, errata 1690).
const MAX_EMAIL: usize = 320;
/// Maximum number of characters of a name.
const MAX_NAME: usize = 255;

/// Why a list cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadAddresses {
    /// A quotation mark or an angle bracket has no second one.
    Unclosed,
    /// The one at this place, counted from 1, is no email address.
    NotAnAddress(usize),
}

impl BadAddresses {
    /// What to give instead.
    pub fn advice(self) -> String {
        let give = "Give email addresses with commas between them, such as \"Doe, J\" <j@example.com>, c@example.com";
        match self {
            Self::Unclosed => format!("{give}. A quotation mark or an angle bracket is not closed."),
            Self::NotAnAddress(place) => format!("{give}. Number {place} is no email address."),
        }
    }
}

/// Reads a list. Commas and semicolons separate; a name with one of them must be in quotation marks. Empty items do not
/// count. An email address stays as it was given, except for blanks around it.
///
/// # Errors
/// [`BadAddresses`].
pub fn parse(list: &str) -> Result<Vec<Address>, BadAddresses> {
    // What a program has read from a draft it may write back.
    if text::trim(list) == NOT_PROVIDED {
        return Ok(Vec::new());
    }
    let items = split(list)?;
    let items = items.into_iter().map(text::trim).filter(|item| !item.is_empty());
    items
        .enumerate()
        .map(|(place, item)| parse_one(item).ok_or(BadAddresses::NotAnAddress(place.saturating_add(1))))
        .collect()
}

/// The items of a list, split at the separators outside of quotation marks and angle brackets.
fn split(list: &str) -> Result<Vec<&str>, BadAddresses> {
    let (mut items, mut start) = (Vec::new(), 0);
    let mut marks = Marks::default();
    for (at, c) in list.char_indices() {
        if marks.is_outside() && matches!(c, ',' | ';') {
            items.extend(list.get(start..at));
            start = at.saturating_add(1);
            continue;
        }
        marks.pass(c);
    }
    if !marks.is_outside() {
        return Err(BadAddresses::Unclosed);
    }
    items.extend(list.get(start..));
    Ok(items)
}

/// Where a reader of a list is.
#[derive(Clone, Copy, Debug, Default)]
struct Marks {
    in_quotes: bool,
    /// The character before was a backslash in quotation marks.
    is_escaped: bool,
    in_brackets: bool,
}

impl Marks {
    const fn is_outside(self) -> bool {
        !self.in_quotes && !self.in_brackets
    }

    /// Goes past a character.
    fn pass(&mut self, c: char) {
        if self.is_escaped {
            self.is_escaped = false;
            return;
        }
        match c {
            '\\' => self.is_escaped = self.in_quotes,
            '"' => self.in_quotes = !self.in_quotes,
            '<' if !self.in_quotes => self.in_brackets = true,
            '>' if !self.in_quotes => self.in_brackets = false,
            _ => {}
        }
    }
}

/// Reads one item: an address, or a name and an address in angle brackets.
fn parse_one(item: &str) -> Option<Address> {
    let Some(start) = bracket_in(item) else {
        return is_email(item).then(|| Address { name: None, email: item.to_owned() });
    };
    let (name, rest) = item.split_at_checked(start)?;
    let email = text::trim(rest.strip_prefix('<')?.strip_suffix('>')?);
    let name = unquote(name);
    let is_sound = is_email(email) && name.chars().count() <= MAX_NAME;
    is_sound.then(|| Address { name: Some(name).filter(|name| !name.is_empty()), email: email.to_owned() })
}

/// The place of the first angle bracket outside of quotation marks.
fn bracket_in(item: &str) -> Option<usize> {
    let mut marks = Marks::default();
    for (at, c) in item.char_indices() {
        if c == '<' && !marks.in_quotes {
            return Some(at);
        }
        marks.pass(c);
    }
    None
}

/// A name without its quotation marks, as one line.
fn unquote(name: &str) -> String {
    let mut marks = Marks::default();
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        let is_mark = !marks.is_escaped && (c == '"' || (c == '\\' && marks.in_quotes));
        marks.pass(c);
        if !is_mark {
            plain.push(c);
        }
    }
    text::line(&plain)
}

/// Whether a text is one email address: `local@domain`, where the local part may be in quotation marks, and letters may be
/// of any script. Whether the address exists, only its company knows.
fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.rsplit_once('@') else { return false };
    let is_plain = |c: char| !(text::is_blank(c) || text::is_hidden(c) || c.is_control());
    let is_sound = email.chars().count() <= MAX_EMAIL && email.chars().all(|c| is_plain(c) || c == ' ');
    is_sound && is_local(local) && is_domain(domain)
}

/// The characters that separate or enclose in lists of addresses (RFC 5322, 3.2.3, without the dot).
fn is_special(c: char) -> bool {
    matches!(c, '(' | ')' | '<' | '>' | '[' | ']' | ':' | ';' | '@' | '\\' | ',' | '"')
}

fn is_local(local: &str) -> bool {
    let Some(quoted) = local.strip_prefix('"') else {
        return !local.is_empty() && !local.contains(|c: char| is_special(c) || c == ' ');
    };
    let Some(quoted) = quoted.strip_suffix('"') else { return false };
    let mut is_escaped = false;
    for c in quoted.chars() {
        if !is_escaped && c == '"' {
            return false;
        }
        is_escaped = !is_escaped && c == '\\';
    }
    // A backslash at the end would take the closing mark away.
    !is_escaped && !quoted.is_empty()
}

fn is_domain(domain: &str) -> bool {
    // An address of the network, as in `postmaster@[192.0.2.1]`.
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(literal) = literal {
        return !literal.is_empty() && literal.chars().all(|c| c.is_ascii_alphanumeric() || ".:".contains(c));
    }
    domain.split('.').all(|label| !label.is_empty() && !label.contains(|c: char| is_special(c) || c == ' '))
}

#[cfg(test)]
mod tests;
