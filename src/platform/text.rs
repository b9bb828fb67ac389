//! Cleans text that people type or paste, before a parser reads it: blanks, invisible characters, quotation
//! marks, masks, the encodings of URLs and HTML, and look-alikes of ASCII. Every parser of typed values uses
//! these functions, so that all parsers agree, on the server and in the browser. The parsers decide which
//! values are valid; only names are parsed here, because several features have them.
//!
//! The tables of Unicode are too large for the browser. Functions that need them are in [`normal`].

mod normal;
#[cfg(test)]
mod tests;

pub use normal::*;

/// Whether a character is a blank: Unicode's `White_Space`, and the empty Braille pattern.
pub fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Whether a character shows nothing itself, or changes the text around it. It covers Unicode's
/// `Default_Ignorable_Code_Point` (such as zero-width characters, marks of direction, soft hyphens, fillers,
/// variation selectors and tags) and the other format characters, except those that are drawn
/// (`Prepended_Concatenation_Mark`). Two values that differ only in such characters look alike (Unicode
/// Technical Report 36, 2.10).
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a character may not be inside a value: it is invisible, or a control character.
pub fn is_hidden(c: char) -> bool {
    is_invisible(c) || (c.is_control() && !is_blank(c))
}

/// The text without blanks and invisible characters at its ends.
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c| is_blank(c) || is_invisible(c))
}

/// The text without its invisible characters.
pub fn without_invisible(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).collect()
}

/// The text as one visible line: no hidden characters, one space for each run of blanks, none at the ends.
pub fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars().filter(|&c| !is_hidden(c)) {
        push_collapsed(&mut line, c);
    }
    let end = line.trim_end().len();
    line.truncate(end);
    line
}

/// Appends a character. A run of blanks becomes one space, and none at the beginning.
fn push_collapsed(line: &mut String, c: char) {
    if !is_blank(c) {
        line.push(c);
    } else if !line.is_empty() && !line.ends_with(' ') {
        line.push(' ');
    }
}

/// The text as ASCII where possible, for values that are ASCII by definition, such as ids, codes and dates.
/// Removes invisible characters. Turns blanks into spaces, and full-width characters, digits of other scripts
/// and the typographic characters of word processors into ASCII. Other characters stay.
pub fn ascii(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).map(ascii_sign).collect()
}

/// The zero of each row of decimal digits in Unicode 16 (general category Nd), except ASCII's. The other nine
/// digits follow it.
const ZEROS: [u32; 75] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50,
    0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x10D40, 0x11066,
    0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730,
    0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50,
    0x16D70, 0x1CCF0, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1,
    0x1E950, 0x1FBF0,
];

/// The ASCII character that this character is a form of, or the character itself.
fn ascii_sign(c: char) -> char {
    let code = u32::from(c);
    match c {
        c if c.is_ascii() && !is_blank(c) => c,
        c if is_blank(c) => ' ',
        c if is_dash(c) => '-',
        c if is_tilde(c) => '~',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(code - 0xfee0).unwrap_or(c),
        '\u{fe6b}' => '@',
        '\u{2024}' | '\u{3002}' | '\u{ff61}' => '.',
        '‘' | '’' | '‛' | 'ʼ' | '′' => '\'',
        '“' | '”' | '‟' | '″' => '"',
        c => {
            let row = ZEROS.partition_point(|&zero| zero <= code).checked_sub(1).map(|at| code - ZEROS[at]);
            row.filter(|&digit| digit < 10).and_then(|digit| char::from_digit(digit, 10)).unwrap_or(c)
        }
    }
}

/// Whether a character is a dash that looks like ASCII's `-`.
pub fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{2d7}'
                | '\u{2796}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
    )
}

/// Whether a character is a tilde that looks like ASCII's `~`.
pub fn is_tilde(c: char) -> bool {
    matches!(c, '\u{2dc}' | '\u{2053}' | '\u{223c}' | '\u{301c}' | '\u{ff5e}')
}

/// Quotation marks by kind. Opening and closing ones are together, because languages use them either way.
const QUOTATION_MARKS: [&str; 4] = ["\"“”„‟＂〝〞〟″", "'‘’‚‛＇′`´", "«»‹›", "「」『』"];

/// Whether a character is a quotation mark.
pub fn is_quotation_mark(c: char) -> bool {
    QUOTATION_MARKS.iter().any(|kind| kind.contains(c))
}

/// Whether the text has quotation marks of the same kind at both ends.
pub fn is_quoted(text: &str) -> bool {
    ends(trim(text)).is_some_and(|(first, _, last)| is_pair_of_quotation_marks(first, last))
}

fn is_pair_of_quotation_marks(first: char, last: char) -> bool {
    QUOTATION_MARKS.iter().any(|kind| kind.contains(first) && kind.contains(last))
}

/// The first character, the last one, and the text in between.
fn ends(text: &str) -> Option<(char, &str, char)> {
    let mut signs = text.chars();
    let (first, last) = (signs.next()?, signs.next_back()?);
    Some((first, signs.as_str(), last))
}

/// The text without what was copied around it: pairs of quotation marks and brackets, and trailing commas and
/// semicolons.
pub fn unwrapped(text: &str) -> &str {
    let mut text = trim(text);
    loop {
        let before = text.len();
        text = trim(text.trim_end_matches([',', ';']));
        if let Some((first, inner, last)) = ends(text)
            && (is_pair_of_quotation_marks(first, last)
                || matches!((first, last), ('{', '}') | ('<', '>') | ('(', ')') | ('[', ']')))
        {
            text = trim(inner);
        }
        if text.len() == before {
            return text;
        }
    }
}

/// Whether a text is masked, as on pages that only show the beginning of a secret: an ellipsis, or four
/// asterisks or mask dots in a row. A value may contain full stops, so four of them count only at an end, and
/// six anywhere. Blanks between mask characters are ignored.
pub fn is_masked(text: &str) -> bool {
    let signs: String = text.chars().filter(|&c| !is_blank(c) && !is_invisible(c)).collect();
    let mut row = 0;
    signs.contains(['…', '⋯'])
        || signs.starts_with("....")
        || signs.ends_with("....")
        || signs.contains("......")
        || signs.chars().any(|c| {
            row = if is_mask_sign(c) { row + 1 } else { 0 };
            row == 4
        })
}

/// Whether pages draw this character in place of a hidden one. The full stop is not included.
pub fn is_mask_sign(c: char) -> bool {
    "*＊﹡∗⁎✱•●·∙⋅・･․‧⬤⚫○◦⦁⏺▪■█".contains(c)
}

/// Whether the text contains a percent sign with two hexadecimal digits, as percent-encoding writes a byte
/// (RFC 3986, 2.1).
pub fn is_percent_encoded(text: &str) -> bool {
    (0..text.len()).any(|at| decode_byte(&text.as_bytes()[at..]).is_some())
}

/// Decodes percent-encoding once. Bytes that are not UTF-8 become U+FFFD.
pub fn percent_decode(text: &str) -> String {
    let mut rest = text.as_bytes();
    let mut decoded = Vec::with_capacity(rest.len());
    while let [first, after @ ..] = rest {
        let byte = decode_byte(rest);
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[3..] } else { after };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The percent-encoded byte at the beginning of `bytes`; `None` if there is none.
fn decode_byte(bytes: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = bytes else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

/// Names of HTML character references for characters that occur in values, or are copied together with
/// values.
const REFERENCES: [&str; 15] = [
    "amp", "lt", "gt", "quot", "apos", "nbsp", "shy", "tilde", "num", "percnt", "plus", "equals", "sol",
    "ndash", "minus",
];

/// Whether the text contains an HTML character reference, such as `&amp;`, `&#39;` or `&#x27;`, as in the
/// source of a page.
pub fn is_html_encoded(text: &str) -> bool {
    text.split('&').skip(1).any(|rest| rest.split_once(';').is_some_and(|(name, _)| is_reference(name)))
}

/// Whether the text between `&` and `;` is a character reference.
fn is_reference(name: &str) -> bool {
    let Some(number) = name.strip_prefix('#') else {
        return REFERENCES.iter().any(|known| known.eq_ignore_ascii_case(name));
    };
    let (digits, base) = number.strip_prefix(['x', 'X']).map_or((number, 10), |digits| (digits, 16));
    (1..=7).contains(&digits.len()) && digits.chars().all(|c| c.is_digit(base))
}

/// Why a text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadName {
    /// The name has no visible character.
    Empty,
    /// The name has too many characters.
    TooLong,
    /// The name contains an invisible character.
    Hidden,
}

/// Parses the name of a person or a thing: at most `max` characters, in NFC (in the browser, as typed). It
/// removes or refuses what would let two names look alike. A run of blanks becomes one space; invisible
/// characters at the ends and variation selectors are removed; other invisible characters are refused.
/// Joiners stay where they join: Persian, many Indian scripts and emoji need them.
///
/// # Errors
/// Why it is not a valid name.
pub fn name(text: &str, max: usize) -> Result<String, BadName> {
    let mut name = String::with_capacity(text.len());
    let mut signs = trim(text).chars().peekable();
    while let Some(c) = signs.next() {
        let before = name.chars().next_back();
        match c {
            '\u{fe00}'..='\u{fe0f}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{e0100}'..='\u{e01ef}' => {}
            '\u{200c}' | '\u{200d}' if joins(before, signs.peek().copied()) => name.push(c),
            c if is_hidden(c) => return Err(BadName::Hidden),
            c => push_collapsed(&mut name, c),
        }
    }
    // NFC composes at most four characters into one. A longer text is refused before it costs time.
    if name.chars().count() > 4 * max {
        return Err(BadName::TooLong);
    }
    let name = nfc(&name).into_owned();
    match name.chars().count() {
        0 => Err(BadName::Empty),
        count if count > max => Err(BadName::TooLong),
        _ => Ok(name),
    }
}

/// Whether a joiner between these two characters changes how they are drawn: letters of joining scripts, or
/// emoji.
fn joins(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else { return false };
    let is_letter = |c| {
        matches!(c,
            '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{1800}'..='\u{18af}' | '\u{1a00}'..='\u{1cff}' | '\u{a800}'..='\u{abff}' | '\u{fb50}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}' | '\u{10a00}'..='\u{11fff}' | '\u{1e900}'..='\u{1e95f}')
    };
    let is_emoji = |c| matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    (is_letter(before) && is_letter(after)) || (is_emoji(before) && is_emoji(after))
}

/// Parses a host name: ASCII labels in lower case. Other scripts are converted to the form of the DNS
/// (`xn--…`), so that all spellings of one name give the same text.
pub fn domain(text: &str) -> Option<String> {
    let text = ascii(text);
    let text = unwrapped(&text).trim_end_matches('.');
    let name = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        // Characters that would end the host in a URL must not reach the URL parser.
        let sound = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        text.chars().all(sound).then(|| ascii_domain(text))??
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (name.len() <= 253 && name.contains('.') && name.split('.').all(label)).then_some(name)
}
