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

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_separated() {
        for (number, words) in
            [(0, "0"), (7, "7"), (999, "999"), (1_000, "1,000"), (26_001, "26,001"), (1_000_000, "1,000,000")]
        {
            assert_eq!(grouped(number), words);
        }
    }
}
