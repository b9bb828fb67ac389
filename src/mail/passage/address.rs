//! Puts the address of a raw call together from the undecoded rest of the caller's path.
//!
//! The attack: a path that leaves the provider's API, so that the account's access token reaches another host or
//! another part of the provider. Segments that any server may read as a step upwards are refused in every encoding, and
//! the parsed address must be exactly the one that was put together. A caller learns of a mistake before a token is
//! fetched.

use url::Url;

use crate::{platform::text::nfkc, providers::passage::PassagePart};

/// How many times a segment is decoded, because some servers decode a path more than once. A segment that the last
/// decoding still changes is refused.
const MAX_DECODINGS: usize = 4;

/// Why no address was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressProblem {
    /// The path begins with no part of the provider's API that raw calls may reach.
    Elsewhere,
    /// A segment is empty: two slashes in a row, or one at the end.
    EmptySegment,
    /// A segment is `.` or `..`, in some encoding.
    DotSegment,
    /// A character that no address may have, in some encoding.
    Character,
    /// A percent sign without two hexadecimal digits, bytes that are not UTF-8, or too many encodings.
    Encoding,
}

impl AddressProblem {
    /// What the developer can do.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Elsewhere => "The path after proxy/ must begin as an address of the provider's API does.",
            Self::EmptySegment => "The path after proxy/ has an empty segment: leave out the extra slash.",
            Self::DotSegment => "The path after proxy/ has a segment . or .., which no call needs.",
            Self::Character => {
                "The address has a character that is not allowed: percent-encode it. A backslash and control \
                 characters are refused in any form."
            }
            Self::Encoding => {
                "The path after proxy/ is not percent-encoded UTF-8, or it is encoded several times: encode \
                 each segment once."
            }
        }
    }
}

/// The provider's address for a raw call. `rest` is what follows `proxy/` in the caller's path, undecoded.
///
/// # Errors
/// [`AddressProblem`].
pub fn build(parts: &[PassagePart], rest: &str, query: Option<&str>) -> Result<Url, AddressProblem> {
    check_path(rest)?;
    // A bare quote or `>` is sent encoded, which has the same meaning in a query.
    if query.is_some_and(|query| !query.bytes().all(|it| it.is_ascii_graphic() && it != b'\\' && it != b'#'))
    {
        return Err(AddressProblem::Character);
    }
    let (part, below) =
        parts.iter().find_map(|part| Some((part, part.below(rest)?))).ok_or(AddressProblem::Elsewhere)?;
    let base = Url::parse(&part.address).map_err(|_| AddressProblem::Elsewhere)?;
    let path = format!("{}{below}", base.path());
    let mut whole = format!("{}{below}", part.address);
    if let Some(query) = query {
        whole.push('?');
        whole.push_str(query);
    }
    let url = Url::parse(&whole).map_err(|_| AddressProblem::Elsewhere)?;
    let is_same = url.origin() == base.origin()
        && url.path() == path
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    if is_same { Ok(url) } else { Err(AddressProblem::Elsewhere) }
}

/// Whether the last segment of a path is one of these names, in any encoding and case.
pub fn ends_with_segment(path: &str, names: &[&str]) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    let decoded = decode(last).unwrap_or_default();
    names.iter().any(|name| decoded.eq_ignore_ascii_case(name))
}

/// Whether the last segment but one of a path is one of these names, in any encoding and case.
pub fn has_items_of(path: &str, names: &[&str]) -> bool {
    path.rsplit_once('/').is_some_and(|(before, _)| ends_with_segment(before, names))
}

fn check_path(path: &str) -> Result<(), AddressProblem> {
    if !path.bytes().all(is_allowed) {
        return Err(AddressProblem::Character);
    }
    path.split('/').try_for_each(check_segment)
}

/// The characters of a path (RFC 3986, 3.3), which the URL Standard leaves as they are.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte)
}

fn check_segment(segment: &str) -> Result<(), AddressProblem> {
    if segment.is_empty() {
        return Err(AddressProblem::EmptySegment);
    }
    let mut text = segment.to_owned();
    check_text(&text)?;
    // The first encoding must be sound. In a decoded text a percent sign may stand alone.
    let mut decoded = decode(&text)?;
    for _ in 0..MAX_DECODINGS {
        if decoded == text {
            return Ok(());
        }
        check_text(&decoded)?;
        text = decoded;
        decoded = match decode(&text) {
            Ok(decoded) => decoded,
            Err(AddressProblem::Encoding) if !has_encoded_byte(&text) => return Ok(()),
            Err(problem) => return Err(problem),
        };
    }
    Err(AddressProblem::Encoding)
}

/// Checks a segment as a server reads it after some decodings. Ids may contain an encoded slash, and two in a row.
fn check_text(text: &str) -> Result<(), AddressProblem> {
    // Wide and small forms of a dot or a backslash become plain ones on servers that look for the best fit.
    let plain = nfkc(text);
    if plain.contains('\\') || plain.chars().any(char::is_control) {
        return Err(AddressProblem::Character);
    }
    // Some servers drop what follows a semicolon, and spaces at the end.
    let mut names = plain.split('/').map(|piece| piece.split(';').next().unwrap_or_default().trim());
    let has_dots = names.any(|name| !name.is_empty() && name.bytes().all(|it| it == b'.'));
    if has_dots { Err(AddressProblem::DotSegment) } else { Ok(()) }
}

/// Decodes every percent-encoded byte once.
fn decode(text: &str) -> Result<String, AddressProblem> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()].map(|digit| digit.and_then(hex));
        let [Some(high), Some(low)] = digits else { return Err(AddressProblem::Encoding) };
        decoded.push(high * 16 + low);
    }
    String::from_utf8(decoded).map_err(|_| AddressProblem::Encoding)
}

/// Whether some percent sign is followed by two hexadecimal digits.
fn has_encoded_byte(text: &str) -> bool {
    let after = text.split('%').skip(1);
    after
        .map(str::as_bytes)
        .any(|it| matches!(it, [high, low, ..] if hex(*high).is_some() && hex(*low).is_some()))
}

/// The value of a hexadecimal digit.
pub(super) fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
