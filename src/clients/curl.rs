//! Lines of curl that call the API, for the pages that show a first call.

/// The words in a line in place of the API key, which only its owner has.
pub const YOUR_KEY: &str = "YOUR_API_KEY";

/// The line that reads `path` of the API with an API key.
pub fn read(api: &str, key: &str, path: &str) -> String {
    format!("curl -H \"Authorization: Bearer {key}\" \"{api}/{path}\"")
}

/// The line that sends a mail from a mailbox to itself. It works in the shells of Unix and Windows. Those read some characters
/// between quotation marks, such as `$` and `%`, as commands. So only letters, digits and `@._+-` of the email stay as they
/// are.
pub fn send_to_itself(api: &str, key: &str, path: &str, email: &str) -> String {
    let mut safe = String::with_capacity(email.len());
    for c in email.chars() {
        if c.is_ascii_alphanumeric() || "@._+-".contains(c) {
            safe.push(c);
        } else {
            let mut units = [0; 2];
            // RFC 8259, 7.
            safe.extend(c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    let members = [
        ("fromAddress", safe.as_str()),
        ("toAddress", safe.as_str()),
        ("subject", "A first mail"),
        ("content", "It works."),
        ("mailFormat", "plaintext"),
    ];
    let members = members.map(|(name, value)| format!("\\\"{name}\\\":\\\"{value}\\\""));
    format!(
        "curl -H \"Authorization: Bearer {key}\" -H \"Content-Type: application/json\" -d \"{{{}}}\" \"{api}/{path}\"",
        members.join(",")
    )
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

    /// The body of the line, as a shell of Unix passes it to curl.
    fn body_in(line: &str) -> serde_json::Value {
        let body = line.split(" -d \"").nth(1).and_then(|rest| rest.split("\" \"").next()).expect("a body");
        assert!(!body.contains(['$', '`', '%', '!', '\'']), "{body}");
        serde_json::from_str(&body.replace("\\\"", "\"")).expect("JSON")
    }

    #[test]
    fn the_line_that_sends_has_the_email_as_json_whatever_its_characters_are() {
        let line =
            send_to_itself("https://mail.contoso.test/api", "m360_x", "accounts/1/messages", "grace@x.test");
        assert_eq!(
            line,
            "curl -H \"Authorization: Bearer m360_x\" -H \"Content-Type: application/json\" -d \"{\\\"fromAddress\\\":\
             \\\"grace@x.test\\\",\\\"toAddress\\\":\\\"grace@x.test\\\",\\\"subject\\\":\\\"A first mail\\\",\
             \\\"content\\\":\\\"It works.\\\",\\\"mailFormat\\\":\\\"plaintext\\\"}\" \
             \"https://mail.contoso.test/api/accounts/1/messages\""
        );
        for email in [
            "o'neill@x.test",
            "$(id)`id`@x.test",
            "\"a b\\\"@x.test",
            "100%@x.test",
            "björn🙂@x.test",
            "a!b@x.test",
        ] {
            let line = send_to_itself("https://x.test/api", "m360_x", "accounts/1/messages", email);
            assert_eq!(body_in(&line)["toAddress"], email, "{line}");
        }
    }
}
