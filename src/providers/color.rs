//! Colours of labels, of which a provider has some.

use crate::providers::mailbox::{MailError, MailProblem};

pub const NO_COLOR: &str = "Give the colour of a label as # and six hexadecimal digits, such as #e74856.";

/// The position of the colour that is nearest to one that is written as `#rrggbb`.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if it is no colour.
pub fn nearest(color: &str, palette: &[&str]) -> Result<usize, MailError> {
    let wanted = rgb(color).ok_or_else(|| MailError::from(MailProblem::InvalidValue(NO_COLOR)))?;
    let distance_of = |known: &str| rgb(known).map_or(u32::MAX, |known| distance(wanted, known));
    let nearest = palette.iter().enumerate().min_by_key(|(_, known)| distance_of(known));
    Ok(nearest.map_or(0, |(number, _)| number))
}

/// Red, green and blue of a colour that is written as `#rrggbb`.
pub fn rgb(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let [_, red, green, blue] = u32::from_str_radix(digits, 16).ok()?.to_be_bytes();
    Some([red, green, blue])
}

/// The square of the distance of two colours.
pub fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let parts = one.into_iter().zip(other);
    parts.map(|(one, other)| u32::from(one.abs_diff(other))).map(|part| part * part).sum()
}
