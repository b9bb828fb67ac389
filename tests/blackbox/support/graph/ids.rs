//! Ids as Exchange has them: they depend on upper and lower case, and have `/`, `+` and `=`. An item has an id that differs
//! after each move and one that does not; a request chooses. Folders and threads have one id.

use super::{MALFORMED_ID, NOT_FOUND, Refusal};

const CHANGEABLE: &str = "AAMkADA0";
const IMMUTABLE: &str = "AAkALgAA";
const FIXED: &str = "AQMkADA0";
const END: &str = "/+AAA=";

/// Kinds of items.
pub const MESSAGE: char = 'M';
pub const ATTACHMENT: char = 'A';
pub const CONTACT: char = 'C';
/// Kinds of what has one id.
pub const FOLDER: char = 'F';
pub const CONTACT_FOLDER: char = 'K';
pub const THREAD: char = 'T';

/// The id of an item that was moved this number of times.
pub fn of(kind: char, (key, moves): (u64, u64), is_immutable: bool) -> String {
    let (begin, moves) = if is_immutable { (IMMUTABLE, 0) } else { (CHANGEABLE, moves) };
    format!("{begin}{kind}{key:016x}{moves:08x}{END}")
}

/// The id of a folder or a thread.
pub fn fixed(kind: char, key: u64) -> String {
    format!("{FIXED}{kind}{key:016x}00000000{END}")
}

/// Whether an id has the form of one.
pub fn is_sound(id: &str) -> bool {
    parts(id).is_some()
}

/// The beginning, the kind, the key and the number of moves of an id.
fn parts(id: &str) -> Option<(&str, &str, u64, u64)> {
    let inner = id.strip_suffix(END).filter(|inner| inner.is_ascii() && inner.len() == 33)?;
    let (begin, rest) = inner.split_at(8);
    let (kind, rest) = rest.split_at(1);
    let (key, moves) = rest.split_at(16);
    let number = |digits: &str| u64::from_str_radix(digits, 16).ok();
    Some((begin, kind, number(key)?, number(moves)?))
}

/// The key of an item.
///
/// # Errors
/// If the text is no id, or is the id of another kind. `moves_of` gives how often the item was moved, if there is one.
pub fn read(kind: char, id: &str, moves_of: impl Fn(u64) -> Option<u64>) -> Result<u64, Refusal> {
    let (begin, of_kind, key, moves) = parts(id).ok_or(MALFORMED_ID)?;
    let is_kind = of_kind.starts_with(kind);
    let present =
        moves_of(key).filter(|present| begin == IMMUTABLE || (begin == CHANGEABLE && *present == moves));
    if is_kind && present.is_some() { Ok(key) } else { Err(NOT_FOUND) }
}
