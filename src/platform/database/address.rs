//! Parses the address of the database, as the operator writes it.

use std::path::PathBuf;

use url::Url;

use super::{DatabaseUrl, Secret, postgres, words::ENCODING};

/// The allowed number of connections to PostgreSQL per process.
pub const CONNECTIONS: std::ops::RangeInclusive<u32> = 1..=500;

const EXAMPLE: &str = "write postgres://USER:PASSWORD@HOST:5432/NAME or sqlite:PATH, or leave it out for a file in the data \
                       folder";

impl DatabaseUrl {
    /// Parses an address.
    ///
    /// # Errors
    /// A message with the mistake and the right form. It repeats no part that may belong to a password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(format!("is empty: {EXAMPLE}"));
        }
        let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" | "sqlite3" => sqlite(rest),
            "postgres" | "postgresql" if rest.starts_with("//") => postgres(rest),
            "mysql" | "mariadb" | "mssql" | "sqlserver" | "oracle" | "mongodb" => {
                Err(format!("names a kind of database that cannot be used here: {EXAMPLE}"))
            }
            _ if text.contains("postgres") || text.contains("host=") => {
                Err("must begin with postgres://, with nothing before it: write postgres://USER:PASSWORD@HOST:5432/NAME"
                    .to_owned())
            }
            _ => Err(EXAMPLE.to_owned()),
        }
    }

    /// Puts the role that the address names in place of the word `ROLE`, if a shell and SQL need no quotation marks
    /// around it.
    pub fn name_role(&self, text: &str) -> String {
        let Self::Postgres(Secret(url)) = self else { return text.to_owned() };
        let Ok(options) = postgres::parse(url) else { return text.to_owned() };
        let role = options.get_username();
        let is_plain =
            role.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        if is_plain && !role.is_empty() { text.replace("ROLE", role) } else { text.to_owned() }
    }
}

fn sqlite(path: &str) -> Result<DatabaseUrl, String> {
    // In memory, each connection would have a database of its own.
    if path.trim_start_matches('/').starts_with(":memory:") {
        return Err("a SQLite database in memory cannot be used: name a file, as sqlite:PATH".to_owned());
    }
    if path.contains(['?', '#']) {
        return Err(
            "cannot have settings after `?` or `#` for SQLite: write sqlite:PATH and nothing more".to_owned()
        );
    }
    match path.strip_prefix("//").unwrap_or(path) {
        "" => Err("names no file: write sqlite:PATH".to_owned()),
        path if path.ends_with('/') => {
            Err("names a folder: write sqlite:PATH with a file's name at its end".to_owned())
        }
        path => Ok(DatabaseUrl::Sqlite(PathBuf::from(path))),
    }
}

fn postgres(rest: &str) -> Result<DatabaseUrl, String> {
    let text = format!("postgres:{rest}");
    let unreadable = |why: &str| format!("the address of PostgreSQL cannot be read ({why}); {ENCODING}");
    let url = Url::parse(&text).map_err(|error| unreadable(&error.to_string()))?;
    // A password with one of these characters is cut off there, and the rest may look like another address.
    if url.fragment().is_some() {
        return Err(unreadable("there is a # in it"));
    }
    if url.path().contains('@') || url.query().is_some_and(|query| query.contains('@')) {
        return Err(unreadable("there is a / or a ? before the last @"));
    }
    if url.path().trim_matches('/').contains('/') {
        return Err(unreadable("the name of the database has a / in it"));
    }
    for part in [url.username(), url.password().unwrap_or_default(), url.path()] {
        if !is_encoded(part) {
            return Err(unreadable("there is a % without a hexadecimal code after it"));
        }
    }
    let options = postgres::parse(&text).map_err(|_| {
        "the address of PostgreSQL has a setting after `?` that cannot be read: sslmode is disable, require, verify-ca or \
         verify-full, and port a number"
            .to_owned()
    })?;
    let asked = url.query_pairs().any(|(name, _)| ["sslmode", "ssl-mode"].contains(&&*name));
    if postgres::may_fall_back(&options, asked) {
        let sign = if url.query().is_some() { '&' } else { '?' };
        return Err(format!(
            "the connection to {} might be unencrypted, and so might the password: add {sign}sslmode=verify-full, and for a \
             certificate authority of your own &sslrootcert=/path/to/ca.pem. If the server's certificate cannot be checked, add \
             {sign}sslmode=require; only if no one else can read the traffic between the two, {sign}sslmode=disable",
            options.get_host()
        ));
    }
    Ok(DatabaseUrl::Postgres(Secret(text)))
}

/// Whether each `%` is followed by two hexadecimal digits, and the encoded bytes are UTF-8.
fn is_encoded(text: &str) -> bool {
    let mut parts = text.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let Some((code, rest)) = part.split_at_checked(2) else { return false };
        let is_hexadecimal = code.bytes().all(|digit| digit.is_ascii_hexdigit());
        let Some(byte) = u8::from_str_radix(code, 16).ok().filter(|_| is_hexadecimal) else { return false };
        decoded.push(byte);
        decoded.extend_from_slice(rest.as_bytes());
    }
    std::str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::form_urlencoded;

    use super::*;

    #[test]
    fn a_printed_command_has_the_role_of_the_address_if_it_needs_no_quotation_marks() {
        let named = |url: &str| DatabaseUrl::parse(url).expect("an address").name_role("--owner=ROLE");
        assert_eq!(named("postgres://mail360:canary@localhost/d"), "--owner=mail360");
        for other in ["postgres://a%20b:canary@localhost/d", "postgres://Mail:canary@localhost/d", "sqlite:x"]
        {
            assert_eq!(named(other), "--owner=ROLE", "{other}");
        }
    }

    #[test]
    fn c41_each_character_of_a_password_that_breaks_an_address_is_refused_with_its_encoding() {
        for password in
            ["a#b", "a/b", "a?b", "1#b", "1/b", "1?b", "a%b", "a%zz", "%80", "5432/x", "80?x=y", "1/x#y"]
        {
            let text = format!("postgres://mail360:{password}@localhost/mail360");
            let mistake = DatabaseUrl::parse(&text).expect_err(password);
            assert!(
                mistake.contains("in a password write # as %23, / as %2F, ? as %3F, @ as %40, % as %25"),
                "{password}: {mistake}"
            );
            assert!(!mistake.contains(password), "{mistake}");
        }
    }

    proptest! {
        #[test]
        fn c41_a_password_is_read_as_it_is_or_refused_with_its_encoding(password in "[!-~]{1,12}") {
            let encoded: String = form_urlencoded::byte_serialize(password.as_bytes()).collect();
            let encoded = encoded.replace('+', "%20");
            let address = |password: &str| format!("postgres://u:{password}@localhost:5432/d");
            prop_assert!(DatabaseUrl::parse(&address(&encoded)).is_ok());
            match DatabaseUrl::parse(&address(&password)) {
                Err(mistake) => prop_assert!(mistake.contains("%23")),
                Ok(DatabaseUrl::Postgres(Secret(url))) => {
                    let options = postgres::parse(&url).expect("it was read");
                    prop_assert_eq!(options.get_host(), "localhost");
                    prop_assert_eq!(options.get_database(), Some("d"));
                }
                Ok(other) => prop_assert!(false, "{other:?}"),
            }
        }
    }

    #[test]
    fn n24_an_address_off_this_machine_must_choose_whether_it_is_encrypted() {
        for local in [
            "postgres://u@localhost/d",
            "postgres://u@127.0.0.1:5433/d",
            "postgres://u@[::1]/d",
            "postgres:///d?host=/run/postgresql",
            "postgres://u@%2Frun%2Fpostgresql/d",
        ] {
            assert!(DatabaseUrl::parse(local).is_ok(), "{local}");
        }
        for (remote, sign) in [
            ("postgres://u:canary@db/d", "?"),
            ("postgres://u:canary@10.0.0.7/d", "?"),
            ("postgres://u:canary@localhost.example.com/d", "?"),
            ("postgres://u:canary@db/d?application_name=x", "&"),
            ("postgres://u:canary@localhost/d?host=db", "&"),
            ("postgres://u:canary@localhost/d?hostaddr=192.0.2.7", "&"),
        ] {
            let mistake = DatabaseUrl::parse(remote).expect_err(remote);
            assert!(mistake.contains(&format!("{sign}sslmode=verify-full")), "{mistake}");
            assert!(!mistake.contains("canary"), "{mistake}");
            for choice in ["disable", "prefer", "require", "verify-ca", "verify-full"] {
                assert!(DatabaseUrl::parse(&format!("{remote}{sign}sslmode={choice}")).is_ok(), "{choice}");
            }
            assert!(DatabaseUrl::parse(&format!("{remote}{sign}sslmode=yes")).is_err());
        }
    }

    #[test]
    fn c41_every_other_mistake_says_what_to_write() {
        for (text, words) in [
            ("", "postgres://USER:PASSWORD@HOST:5432/NAME or sqlite:PATH"),
            ("mysql://u:canary@h/d", "sqlite:PATH"),
            ("jdbc:postgresql://u:canary@h/d", "must begin with postgres://"),
            ("postgresql+psycopg2://u:canary@h/d", "must begin with postgres://"),
            ("host=db user=u password=canary", "must begin with postgres://"),
            ("postgres:u:canary@h/d", "must begin with postgres://"),
            ("/var/lib/mail360.sqlite", "sqlite:PATH"),
            ("sqlite::memory:", "name a file"),
            ("sqlite:data/x.sqlite?mode=rwc", "nothing more"),
            ("sqlite:", "sqlite:PATH"),
            ("sqlite:data/", "a file's name"),
        ] {
            let mistake = DatabaseUrl::parse(text).expect_err(text);
            assert!(mistake.contains(words), "{text}: {mistake}");
            assert!(!mistake.contains("canary"), "{mistake}");
        }
    }
}
