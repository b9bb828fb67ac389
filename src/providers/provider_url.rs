//! Checks the configured URLs of providers, which may contain a placeholder in braces.

use url::{Host, Url};

/// Replaces the placeholder to see in which part of the URL it ends up. A host keeps it unchanged.
const MARK: &str = "placeholder0mark";

/// Accepts a whole URL that contains the placeholder, if the provider has one, only in its path. In the host, a typed
/// value could send the client secret to an attacker's server. It accepts http only for this machine.
///
/// # Errors
/// What is wrong with it, and how to correct it.
pub fn check(template: &str, placeholder: Option<&'static str>) -> Result<String, String> {
    let template = template.trim();
    let Some((_, rest)) = template.split_once("://") else {
        return Err(format!("`{template}` is not a complete address: begin it with https://"));
    };
    // URL parsers read a backslash as a slash and drop tabs and line ends. Refuse them, because the parsed
    // URL would differ from the written one.
    if template.contains(|c: char| c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err("has a space, a backslash or an invisible character in it: leave it out".to_owned());
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // URL parsers skip further slashes here, so that the authority would be another one than this.
    if authority.is_empty() {
        return Err(format!(
            "`{template}` has no host behind ://: write host and path, as in https://HOST/PATH"
        ));
    }
    // Credentials in the URL would be sent to every browser, and stored.
    if authority.contains('@') {
        return Err("has a user or a password in it: leave out everything before the @".to_owned());
    }
    let written_out = || match placeholder {
        Some(name) => format!(
            "`{template}` has braces in its host or port: write those out; {name} is only allowed in the path"
        ),
        None => format!("`{template}` has braces in it: write the address out"),
    };
    if authority.contains(['{', '}']) {
        return Err(written_out());
    }
    let filled = placeholder.map_or_else(|| template.to_owned(), |name| template.replace(name, MARK));
    let url = Url::parse(&filled)
        .map_err(|_| format!("`{template}` cannot be read: write host and path, as in https://HOST/PATH"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    // Braces that were encoded, or come from look-alike characters.
    if url.host_str().is_none_or(|host| host.contains(['{', '}']) || host.contains(MARK)) {
        return Err(written_out());
    }
    match url.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return Err(format!("`{template}` would send secrets unencrypted: write https://…")),
        _ => {
            return Err(format!(
                "`{template}` begins neither with https:// nor with http://: write https://{rest}"
            ));
        }
    }
    // A path percent-encodes other braces, so they would be sent as they are.
    if filled.contains(['{', '}']) {
        return Err(placeholder.map_or_else(written_out, |name| {
            format!("`{template}` holds braces that are not {name}: leave them out, or write {name}")
        }));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{template}` has a query or a fragment: leave out the ? or # and what follows"));
    }
    Ok(template.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    const TENANT: &str = "{tenant}";

    /// Checks the URL of a provider with a placeholder.
    fn check(template: &str) -> Result<String, String> {
        super::check(template, Some(TENANT))
    }

    #[test]
    fn a_provider_without_a_placeholder_takes_no_braces_at_all() {
        for right in ["https://login.example.com/token", "http://localhost:4220/token"] {
            assert_eq!(super::check(right, None).as_deref(), Ok(right));
        }
        for wrong in
            ["https://{tenant}/token", "https://login.example.com/{tenant}/token", "https://a.example/}"]
        {
            let mistake = super::check(wrong, None).expect_err(wrong);
            assert!(mistake.contains("write the address out"), "{mistake}");
        }
    }

    #[test]
    fn n22_a_tenant_is_only_allowed_in_the_path() {
        for right in [
            "https://login.example.com/{tenant}/token",
            "https://login.example.com:8443/a/{tenant}",
            "https://login.example.com/a{tenant}b/{tenant}",
            "https://graph.example.com",
            "http://127.0.0.1:4220/{tenant}/token",
            "http://localhost:4220/token",
        ] {
            assert_eq!(check(right).as_deref(), Ok(right));
        }
        for wrong in [
            "https://{tenant}/token",
            "https://{tenant}.example.com/token",
            "https://login.{tenant}/token",
            "https://login.example.com{tenant}/token",
            "https://login.example.com:{tenant}/token",
            "https://login.example.com:8{tenant}/token",
            "https://{tenant}@login.example.com/token",
            "https://me:{tenant}@login.example.com/token",
            "https://{other}/token",
            "https://}/token",
            "https://%7Btenant%7D/token",
            "https://\u{ff5b}tenant\u{ff5d}/token",
            "https:///{tenant}/token",
            "https:////{tenant}@login.example.com/token",
            "https:////login.example.com/{tenant}",
            "https:{tenant}/token",
            "https:/{tenant}/token",
            "https:\\\\{tenant}\\token",
            "https://\\{tenant}/token",
            "https://\t{tenant}/token",
            "{tenant}://login.example.com/token",
            "{tenant}",
            "",
            "https://login.example.com/{other}/token",
            "https://login.example.com/token?tenant={tenant}",
            "https://login.example.com/token#{tenant}",
            "https://login.example.com/token#",
            "https://login.example.com/token?",
            "https://me@login.example.com/token",
            "https://me:secret@login.example.com/token",
            "https://@login.example.com/token",
            "http://192.168.0.1/token",
            "http://localhost.example.com/token",
            "ftp://login.example.com/token",
        ] {
            assert!(check(wrong).is_err(), "{wrong} was taken");
        }
        assert!(!check("https://me:canary@login.example.com/").expect_err("refused").contains("canary"));
    }

    proptest! {
        #[test]
        fn n22_no_tenant_changes_the_host_that_gets_a_secret(
            pieces in vec(select(vec![
                "https:", "http:", "//", "/", "{tenant}", "{", "}", "a.example", "localhost", ":", "443", "@", "\\", "?", "#", "%7B",
                "[::1]", "\u{ff5b}", "\t", " ", ".", "token",
            ]), 1..8),
            tenant in select(vec!["common", "evil.example", "1", "5a1e0000-7e57-4000-8000-00000000c0de", "..", "@evil.example"]),
        ) {
            let template = pieces.concat();
            for template in [template.clone(), format!("https://{template}"), format!("https://a.example{template}")] {
                if let Ok(taken) = check(&template) {
                    let [plain, filled] = ["x", tenant].map(|tenant| Url::parse(&taken.replace(TENANT, tenant)).expect("a URL"));
                    prop_assert_eq!(plain.origin(), filled.origin(), "{}", taken);
                    prop_assert!(filled.username().is_empty() && filled.password().is_none());
                    prop_assert!(filled.query().is_none() && filled.fragment().is_none());
                }
            }
        }
    }
}
