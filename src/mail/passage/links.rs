//! Rewrites the links to further pages in a JSON answer, so that a program that follows them comes back here.
//!
//! The values of keys that end as the provider says are rewritten if they begin with an address of the provider. A
//! tokenizer of JSON strings finds them while the body streams. Searching the text would
//! change mail that quotes such an answer. A key is a string with a colon behind it, so nested values need no stack,
//! and the memory is bounded whatever the body is. Bytes that are not JSON pass unchanged.

use super::address::hex;

/// Maximum length of the end of a key by which it is known. A longer one is never found.
const MAX_KEY: usize = 32;
/// A character outside ASCII that was written as an escape. No key and no address of ours has it.
const OTHER: u8 = 0;

/// What an address begins with, and what it begins with afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRule {
    pub from: String,
    /// Written into JSON as it is: without quotes, backslashes and control characters.
    pub to: String,
}

/// Rewrites the chunks of one body.
#[derive(Debug)]
pub struct LinkRewriter {
    /// The ends of the keys whose values are links.
    link_keys: &'static [&'static str],
    rules: Vec<LinkRule>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Between strings. `follows` is what the last string or colon means for the next byte.
    Between { follows: Follows },
    /// In a string that may be a key: the last characters of it.
    Text { escape: Escape, tail: Tail },
    /// In a string that may be a link: its bytes as they came, and its characters.
    Link { escape: Escape, raw: Vec<u8>, text: Vec<u8> },
}

impl State {
    /// The rest of a value, which passes as it is. No colon follows a value, so it is no key.
    fn rest_of_value() -> Self {
        Self::Text { escape: Escape::None, tail: Tail::default() }
    }
}

/// What came before the next byte, white space aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    Other,
    /// A string that is the key of a link, if a colon follows.
    LinkKey,
    /// The key of a link and its colon.
    LinkColon,
}

/// How much of an escape was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    None,
    Backslash,
    /// `\u` with this number of digits, which have this value.
    Unicode {
        digits: u8,
        value: u16,
    },
}

/// What a byte of a string means.
enum Read {
    /// A character, or a byte of one.
    Character(u8),
    /// A part of an escape.
    Part,
    /// The quote at the end.
    End,
}

impl Escape {
    /// Reads the next byte of a string.
    fn read(&mut self, byte: u8) -> Read {
        match (*self, byte) {
            (Self::None, b'"') => return Read::End,
            (Self::None, b'\\') => *self = Self::Backslash,
            (Self::None, byte) => return Read::Character(byte),
            (Self::Backslash, b'u') => *self = Self::Unicode { digits: 0, value: 0 },
            (Self::Backslash, byte) => {
                *self = Self::None;
                // The other escapes mean control characters.
                return Read::Character(if matches!(byte, b'"' | b'\\' | b'/') { byte } else { OTHER });
            }
            (Self::Unicode { digits, value }, byte) => match hex(byte) {
                Some(digit) if digits < 3 => {
                    *self = Self::Unicode { digits: digits + 1, value: value * 16 + u16::from(digit) };
                }
                Some(digit) => {
                    *self = Self::None;
                    let value = value * 16 + u16::from(digit);
                    let ascii = u8::try_from(value).ok().filter(u8::is_ascii);
                    return Read::Character(ascii.unwrap_or(OTHER));
                }
                // Not JSON. The string ends where a reader without escapes would end it.
                None => {
                    *self = Self::None;
                    return if byte == b'"' { Read::End } else { Read::Character(OTHER) };
                }
            },
        }
        Read::Part
    }
}

/// The last characters of a string.
#[derive(Debug, Default)]
struct Tail(Vec<u8>);

impl Tail {
    fn push(&mut self, characters: &[u8]) {
        let kept = characters.len().min(MAX_KEY);
        let (_, last) = characters.split_at(characters.len() - kept);
        let surplus = (self.0.len() + kept).saturating_sub(MAX_KEY);
        self.0.drain(..surplus);
        self.0.extend_from_slice(last);
    }

    fn is_key_of(&self, link_keys: &[&str]) -> bool {
        link_keys.iter().any(|key| self.0.ends_with(key.as_bytes()))
    }
}

impl LinkRewriter {
    /// For these ends of keys, with these rules. None of the rules begins with another one.
    pub fn new(link_keys: &'static [&'static str], rules: Vec<LinkRule>) -> Self {
        Self { link_keys, rules, state: State::Between { follows: Follows::Other } }
    }

    /// Reads the next chunk, and gives what can be sent of the body now.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.len());
        let mut rest = chunk;
        while let Some((byte, after)) = rest.split_first() {
            if let State::Text { escape: Escape::None, tail } = &mut self.state {
                // Bodies of mail are long strings.
                let end = rest.iter().position(|it| matches!(it, b'"' | b'\\')).unwrap_or(rest.len());
                let (run, beyond) = rest.split_at(end);
                if !run.is_empty() {
                    tail.push(run);
                    out.extend_from_slice(run);
                    rest = beyond;
                    continue;
                }
            }
            self.read(*byte, &mut out);
            rest = after;
        }
        out
    }

    /// What is left when the body has ended.
    pub fn finish(&mut self) -> Vec<u8> {
        match std::mem::replace(&mut self.state, State::Between { follows: Follows::Other }) {
            State::Link { raw, .. } => raw,
            State::Between { .. } | State::Text { .. } => Vec::new(),
        }
    }

    fn read(&mut self, byte: u8, out: &mut Vec<u8>) {
        let next = match &mut self.state {
            State::Between { follows } => {
                out.push(byte);
                match (byte, *follows) {
                    (b'"', Follows::LinkColon) => {
                        Some(State::Link { escape: Escape::None, raw: Vec::new(), text: Vec::new() })
                    }
                    (b'"', _) => Some(State::Text { escape: Escape::None, tail: Tail::default() }),
                    (b':', Follows::LinkKey) => Some(State::Between { follows: Follows::LinkColon }),
                    (b' ' | b'\t' | b'\n' | b'\r', _) | (_, Follows::Other) => None,
                    (_, Follows::LinkKey | Follows::LinkColon) => {
                        Some(State::Between { follows: Follows::Other })
                    }
                }
            }
            State::Text { escape, tail } => {
                out.push(byte);
                match escape.read(byte) {
                    Read::Character(character) => {
                        tail.push(&[character]);
                        None
                    }
                    Read::Part => None,
                    Read::End => {
                        let follows =
                            if tail.is_key_of(self.link_keys) { Follows::LinkKey } else { Follows::Other };
                        Some(State::Between { follows })
                    }
                }
            }
            State::Link { escape, raw, text } => {
                raw.push(byte);
                match escape.read(byte) {
                    Read::Part => None,
                    Read::End => {
                        out.append(raw);
                        Some(State::Between { follows: Follows::Other })
                    }
                    Read::Character(character) => {
                        text.push(character);
                        let text: &[u8] = text;
                        if let Some(rule) = self.rules.iter().find(|rule| rule.from.as_bytes() == text) {
                            out.extend_from_slice(rule.to.as_bytes());
                            Some(State::rest_of_value())
                        } else if self.rules.iter().any(|rule| rule.from.as_bytes().starts_with(text)) {
                            None
                        } else {
                            out.append(raw);
                            Some(State::rest_of_value())
                        }
                    }
                }
            }
        };
        if let Some(next) = next {
            self.state = next;
        }
    }
}

#[cfg(test)]
mod tests;
