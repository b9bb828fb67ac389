//! Numbers as screens show them.

/// A number with a comma between thousands, such as `1,000`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number that is counted up to `max`, such as `1,000+` for more than 1,000.
pub fn bounded(number: u64, max: u64) -> String {
    let shown = grouped(usize::try_from(number.min(max)).unwrap_or(usize::MAX));
    if number > max { format!("{shown}+") } else { shown }
}

#[cfg(test)]
mod tests {
    use super::{bounded, grouped};

    #[test]
    fn a_number_past_the_greatest_one_has_a_plus() {
        let words = [0, 999, 1_000, 1_001, u64::MAX].map(|number| bounded(number, 1_000));
        assert_eq!(words, ["0", "999", "1,000", "1,000+", "1,000+"]);
    }

    #[test]
    fn thousands_are_separated() {
        for (number, words) in
            [(0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (26_001, "26,001"), (1_000_000, "1,000,000")]
        {
            assert_eq!(grouped(number), words);
        }
    }
}
