//! Lines of curl that call the API, for the pages that show a first call.

/// The words in a line in place of the API key, which only its owner has.
pub const YOUR_KEY: &str = "YOUR_API_KEY";

/// The line that reads `path` of the API with an API key.
pub fn read(api: &str, key: &str, path: &str) -> String {
    format!("curl -H \"Authorization: Bearer {key}\" \"{api}/{path}\"")
}

/// The line that lists the accounts with an API key.
pub fn list_accounts(api: &str, key: &str) -> String {
    read(api, key, "accounts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_key_and_the_address_in_their_places() {
        assert_eq!(
            list_accounts("https://mail.contoso.test/api", "m360_x"),
            "curl -H \"Authorization: Bearer m360_x\" \"https://mail.contoso.test/api/accounts\""
        );
    }
}
