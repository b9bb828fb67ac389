//! Error texts for the operator: why the database cannot be used, and what to do about it. No text contains a
//! password.

use std::{io, path::Path, time::Duration};

use sea_orm::{
    DbErr, RuntimeErr, SqlxError,
    sqlx::{error::DatabaseError, postgres::PgConnectOptions},
};

use super::sqlite;
use crate::platform::exposure::{self, FileKind};

/// How to write the characters of a password that have a meaning in a URL.
pub(super) const ENCODING: &str = "in a password write # as %23, / as %2F, ? as %3F, @ as %40, % as %25";

const POOLER: &str =
    "This looks like PgBouncer in transaction mode: use session mode, or connect to PostgreSQL itself";

/// The server as the operator knows it: host and port, or the folder of its socket.
fn at(options: &PgConnectOptions) -> String {
    match options.get_socket() {
        Some(socket) => format!("{} (port {})", socket.display(), options.get_port()),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    }
}

/// Why one plain connection failed.
pub(super) fn of_connecting(error: &SqlxError, options: &PgConnectOptions) -> String {
    let at = at(options);
    match error {
        SqlxError::Database(error) => of_refusal(&**error, options, &at),
        SqlxError::Io(error) => of_network(error, options, &at),
        SqlxError::Tls(error) => of_tls(&error.to_string(), &at),
        SqlxError::Protocol(error) => of_protocol(error, options, &at),
        error => {
            format!("PostgreSQL at {at} cannot be used: {error}. Check that MAIL360_DATABASE_URL is right.")
        }
    }
}

/// The server speaks another protocol, or wants an authentication method that the driver lacks (sqlx-postgres
/// 0.9, `message/authentication.rs`, `connection/establish.rs` and `connection/sasl.rs`).
fn of_protocol(error: &str, options: &PgConnectOptions, at: &str) -> String {
    let asked = [
        "unknown authentication method: ",
        "unsupported authentication method: ",
        "unsupported SASL authentication mechanisms: ",
    ];
    let Some(method) = asked.iter().find_map(|text| Some(error.split_once(*text)?.1)) else {
        return format!(
            "The server at {at} is not a PostgreSQL server ({error}): check that host and port in MAIL360_DATABASE_URL are \
             those of the server (its default port is 5432)."
        );
    };
    // The driver appends its own source location.
    let method = method.split(" (").next().unwrap_or(method);
    // The numbers of the messages (PostgreSQL, "Message Formats").
    let method = match method {
        "2" => "krb5 (Kerberos)",
        "7" => "gss (Kerberos)",
        "9" => "sspi (Kerberos or NTLM of Windows)",
        method => method,
    };
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    let line = if options.get_socket().is_some() || options.get_host().starts_with('/') {
        format!("local {database} {user} scram-sha-256")
    } else {
        format!("host {database} {user} ADDRESS-OF-THIS-MACHINE/32 scram-sha-256")
    };
    format!(
        "PostgreSQL at {at} requires the authentication method {method} from the user {user}, which this program does not \
         support. The server's pg_hba.conf must name scram-sha-256 for this user: put the line `{line}` before the line that \
         names the other method, and reload the file (SELECT pg_reload_conf()). Then give the user a password \
         (in psql: \\password {user}), and put that into MAIL360_DATABASE_URL; {ENCODING}."
    )
}

fn of_network(error: &io::Error, options: &PgConnectOptions, at: &str) -> String {
    let text = error.to_string();
    let host = options.get_host();
    if text.contains("lookup address") {
        return format!(
            "The name {host} of PostgreSQL's host cannot be found ({text}): check that it is spelled correctly in \
             MAIL360_DATABASE_URL, and in a container that the database is in the same network."
        );
    }
    // An invalid certificate arrives as an I/O error.
    if ["certificate", "tls"].iter().any(|word| text.to_ascii_lowercase().contains(word)) {
        return of_tls(&text, at);
    }
    let is_socket = options.get_socket().is_some() || host.starts_with('/');
    let advice = match error.kind() {
        io::ErrorKind::ConnectionRefused if ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&host) => {
            "check that it runs, and on that port. In a container this host is the container itself: name the database's \
             host in MAIL360_DATABASE_URL"
        }
        io::ErrorKind::ConnectionRefused => {
            "check that it runs, listens on that address (listen_addresses) and on that port"
        }
        io::ErrorKind::NotFound if is_socket => "check that it runs, and that its socket is in that folder",
        io::ErrorKind::PermissionDenied if is_socket => {
            "its socket may not be used by the user that this program runs as"
        }
        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
            "a file that MAIL360_DATABASE_URL names (sslrootcert, sslcert, sslkey) is not there, or may not be read by the \
             user that this program runs as"
        }
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => {
            "it ended the connection at once: check that a PostgreSQL server is there, and not something else; its own \
             log says why"
        }
        _ => "check that the host is right, and that no firewall is between",
    };
    format!("PostgreSQL at {at} cannot be reached ({text}): {advice}.")
}

fn of_tls(error: &str, at: &str) -> String {
    if error.contains("does not support TLS") {
        return format!(
            "PostgreSQL at {at} offers no encryption: turn `ssl` on in its configuration. Only if no one else can \
             read the traffic between the two, write sslmode=disable in MAIL360_DATABASE_URL."
        );
    }
    let folded = error.to_ascii_lowercase();
    if folded.contains("fatal alert") && folded.contains("certificate") {
        return format!(
            "PostgreSQL at {at} requires a certificate from this program, or does not accept it ({error}): check that sslcert \
             and sslkey in MAIL360_DATABASE_URL name the right files. If the certificate has expired, \
             `openssl x509 -noout -dates -in FILE` and `date -u` show it."
        );
    }
    // rustls: `CertificateError::ExpiredContext` and `NotValidYetContext`, and both without times.
    let is_outside_its_dates =
        ["certificate expired", "certificate not valid yet", "certificate: expired", "notvalidyet"]
            .iter()
            .any(|text| folded.contains(text));
    if is_outside_its_dates {
        return format!(
            "The encrypted connection to PostgreSQL at {at} failed ({error}). Either the server's certificate has expired \
             or is not valid yet, or the clock of this machine is wrong. Compare the output of `date -u` here with the \
             correct time, and with the dates that this command prints: openssl s_client -starttls postgres -connect {at} \
             </dev/null | openssl x509 -noout -dates. If the clock is right, renew the server's certificate."
        );
    }
    format!(
        "The encrypted connection to PostgreSQL at {at} failed ({error}). Its certificate must be for the host that \
         MAIL360_DATABASE_URL names, and from a known certificate authority: add \
         sslrootcert=/path/to/ca.pem for an authority of your own."
    )
}

/// By error code: PostgreSQL, Appendix A, "Error Codes".
fn of_refusal(error: &dyn DatabaseError, options: &PgConnectOptions, at: &str) -> String {
    let (message, code) = (error.message(), error.code().unwrap_or_default());
    let user = options.get_username();
    let database = options.get_database().unwrap_or(user);
    if is_poolers(&code, message) {
        return format!("PostgreSQL at {at} refuses the connection ({message}). {POOLER}.");
    }
    let advice = match &*code {
        "28000" if message.contains("no encryption") => format!(
            "either the server's pg_hba.conf has no line that lets the user {user} in from this machine, or only lines for \
             encrypted connections (hostssl): add a line there, or put sslmode=verify-full or sslmode=require in \
             MAIL360_DATABASE_URL"
        ),
        _ if message.contains("SSL required") => {
            "it asks for encryption: put sslmode=verify-full or sslmode=require in MAIL360_DATABASE_URL"
                .to_owned()
        }
        "28P01" => format!("the password of the user {user} is wrong. See MAIL360_DATABASE_URL; {ENCODING}"),
        "28000" => format!(
            "check that the user {user} exists and may log in, and that the server's pg_hba.conf lets this machine in (with \
             or without encryption, as sslmode in MAIL360_DATABASE_URL says)"
        ),
        "3D000" => format!(
            "create it (createdb --owner={user} {database}), or name another at the end of MAIL360_DATABASE_URL"
        ),
        "42501" => format!("let the user in: GRANT CONNECT ON DATABASE \"{database}\" TO \"{user}\""),
        "53300" => "all connections are in use: end some, raise max_connections or the \
                    role's CONNECTION LIMIT, or set a lower MAIL360_DATABASE_CONNECTIONS in each process"
            .to_owned(),
        "57P03" => "it is starting or stopping: try again in a moment".to_owned(),
        "55000" => format!(
            "the database {database} accepts no connections at the moment: ALTER DATABASE \"{database}\" \
             ALLOW_CONNECTIONS true"
        ),
        _ => "read its own log, and check that MAIL360_DATABASE_URL is right".to_owned(),
    };
    format!("PostgreSQL at {at} refuses the connection ({message}): {advice}.")
}

/// The server did not answer in this time.
pub(super) fn of_silence(options: &PgConnectOptions, patience: Duration) -> String {
    format!(
        "PostgreSQL at {} does not answer within {} seconds: check that it runs, that the host is right, that no firewall \
         is between, and that a pooler in front of it has a connection left.",
        at(options),
        patience.as_secs()
    )
}

/// Two connections got the same session.
pub(super) fn of_pooler(options: &PgConnectOptions) -> String {
    format!("Two connections to PostgreSQL at {} got one and the same session. {POOLER}.", at(options))
}

/// Whether an error comes from a pooler in transaction mode, or from PostgreSQL because two clients of such a
/// pooler shared a session.
fn is_poolers(code: &str, message: &str) -> bool {
    let prepared = message.contains("prepared statement") && ["42P05", "26000"].contains(&code);
    prepared || message.contains("unsupported startup parameter")
}

/// The server's words about a failed statement, and what the operator can do; `None` for other errors. `ROLE` is the
/// program's role (see `DatabaseUrl::name_role`).
pub(super) fn advice(error: &DbErr) -> Option<String> {
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return None;
    };
    let error = error.as_database_error()?;
    let code = error.code()?;
    if is_poolers(&code, error.message()) {
        return Some(format!("{}. {POOLER}", error.message()));
    }
    let advice = match &*code {
        "42501" if error.message().contains("schema") => {
            "Let the program's role create tables there. As an administrator of PostgreSQL, run in this database: GRANT \
             USAGE, CREATE ON SCHEMA public TO ROLE"
        }
        "42501" => {
            "The tables belong to another role: put the role that created them in MAIL360_DATABASE_URL, or give them to \
             the new one with REASSIGN OWNED"
        }
        "25006" => {
            "The server is read-only, perhaps a standby: name the primary server in MAIL360_DATABASE_URL"
        }
        "53100" => "The disk of the database's server is full: free some space there",
        "55P03" => {
            "Another session holds the lock, perhaps VACUUM FULL or ALTER TABLE: pg_stat_activity shows it"
        }
        "57014" => "The statement took too long: pg_stat_activity shows what else the server is doing",
        _ => return None,
    };
    Some(format!("{}. {advice}", error.message()))
}

/// A file or folder that cannot be created or opened.
pub(super) fn of_file(path: &Path, error: &io::Error) -> String {
    let advice = exposure::describe_refusal(path, FileKind::Database, error);
    let advice =
        advice.unwrap_or_else(|| "check that MAIL360_DATA_DIR or MAIL360_DATABASE_URL is right.".to_owned());
    format!("The database file {} cannot be opened or created ({error}): {advice}", path.display())
}

/// An error of opening a SQLite file, with the path and what to do (SQLite, "Result and Error Codes").
pub(super) fn of_sqlite(path: &Path, error: DbErr) -> DbErr {
    let shown = path.display();
    let text = match sqlite::code(&error) {
        Some(26) => format!(
            "{shown} is not a SQLite database: check that MAIL360_DATA_DIR or MAIL360_DATABASE_URL names the right file. If it \
             is the right one it is damaged: put a backup in its place with `mail360 restore FILE`."
        ),
        Some(11) => {
            format!("The database {shown} is damaged: put a backup in its place with `mail360 restore FILE`.")
        }
        Some(code @ (8 | 14)) => format!(
            "The database {shown} cannot be opened for writing (SQLite's code {code}): its folder, the file and the \
             files beside it whose names end in -wal and -shm must belong to the user that this program runs as."
        ),
        Some(10) => format!(
            "The database {shown} cannot be read or written ({error}): look at the disk and the system's log. A network \
             file system is not suitable for SQLite."
        ),
        Some(13) => format!("There is no room for the database {shown}: free some space on its disk."),
        _ => return error,
    };
    DbErr::Custom(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c42_network_and_certificate_errors_lead_to_the_setting_to_change() {
        let options = |url: &str| url.parse::<PgConnectOptions>().expect("an address");
        let near = options("postgres://u:canary@localhost/d");
        let far = options("postgres://u:canary@db.contoso.test/d?sslmode=verify-full");
        let socket = options("postgres://u:canary@localhost/d?host=/run/postgresql");
        for (kind, text, options, words) in [
            (
                io::ErrorKind::InvalidData,
                "invalid peer certificate: UnknownIssuer",
                &far,
                "sslrootcert=/path/to/ca.pem",
            ),
            (
                io::ErrorKind::InvalidData,
                "invalid peer certificate: NotValidForName",
                &far,
                "must be for the host",
            ),
            (
                io::ErrorKind::ConnectionRefused,
                "Connection refused",
                &near,
                "In a container this host is the container",
            ),
            (io::ErrorKind::ConnectionRefused, "Connection refused", &far, "listen_addresses"),
            (io::ErrorKind::NotFound, "No such file or directory", &far, "sslrootcert, sslcert, sslkey"),
            (io::ErrorKind::NotFound, "No such file or directory", &socket, "its socket is in that folder"),
            (io::ErrorKind::PermissionDenied, "Permission denied", &socket, "its socket may not be used"),
            (io::ErrorKind::Other, "failed to lookup address information: x", &far, "spelled correctly"),
            (
                io::ErrorKind::ConnectionReset,
                "Connection reset by peer",
                &far,
                "ended the connection at once",
            ),
            (io::ErrorKind::HostUnreachable, "No route to host", &far, "no firewall is between"),
        ] {
            let message = of_connecting(&SqlxError::Io(io::Error::new(kind, text)), options);
            assert!(
                message.contains(words) && message.contains(text) && !message.contains("canary"),
                "{message}"
            );
        }
    }

    #[test]
    fn c42_a_certificate_outside_its_dates_leads_to_the_clock_as_well_as_to_the_certificate() {
        use rustls::{CertificateError, pki_types::UnixTime};

        let options =
            "postgres://u:canary@db.contoso.test/d?sslmode=verify-full".parse().expect("an address");
        let time = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        let message_of = |error: &dyn std::fmt::Display| {
            let error = io::Error::new(io::ErrorKind::InvalidData, error.to_string());
            of_connecting(&SqlxError::Io(error), &options)
        };
        for found in [
            CertificateError::Expired,
            CertificateError::ExpiredContext { time: time(1_796_000_000), not_after: time(1_795_000_000) },
            CertificateError::NotValidYet,
            CertificateError::NotValidYetContext { time: time(1_000), not_before: time(1_795_000_000) },
        ] {
            let message = message_of(&rustls::Error::InvalidCertificate(found));
            for words in ["the clock of this machine is wrong", "`date -u`", "-connect db.contoso.test:5432"]
            {
                assert!(message.contains(words), "{words}: {message}");
            }
            assert!(!message.contains("sslrootcert") && !message.contains("canary"), "{message}");
        }
        let other = message_of(&rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert!(other.contains("sslrootcert") && !other.contains("date -u"), "{other}");
        for alert in
            [rustls::AlertDescription::CertificateExpired, rustls::AlertDescription::CertificateRequired]
        {
            let message = message_of(&rustls::Error::AlertReceived(alert));
            assert!(message.contains("sslcert and sslkey") && !message.contains("sslrootcert"), "{message}");
        }
    }

    #[test]
    fn c42_a_method_of_authentication_that_the_driver_lacks_leads_to_scram_sha_256() {
        let options = |url: &str| url.parse::<PgConnectOptions>().expect("an address");
        let far = options("postgres://u:canary@db.contoso.test/d");
        let socket = options("postgres://u:canary@localhost/d?host=/run/postgresql");
        for (text, name) in [
            (
                "Postgres protocol error (reading Authentication): unknown authentication method: 7 \
                 (sqlx_postgres::message::authentication:89) (sqlx_postgres::message:139)",
                "gss",
            ),
            ("unknown authentication method: 9 (sqlx_postgres::message::authentication:89)", "sspi"),
            ("unknown authentication method: 2 (sqlx_postgres::message::authentication:89)", "krb5"),
            ("unsupported SASL authentication mechanisms: OAUTHBEARER (sqlx_postgres::x:47)", "OAUTHBEARER"),
        ] {
            for (options, line) in [
                (&far, "`host d u ADDRESS-OF-THIS-MACHINE/32 scram-sha-256`"),
                (&socket, "`local d u scram-sha-256`"),
            ] {
                let message = of_connecting(&SqlxError::Protocol(text.to_owned()), options);
                for words in [name, line, "pg_hba.conf must name scram-sha-256 for this user", "\\password u"]
                {
                    assert!(message.contains(words), "{words}: {message}");
                }
                let wrong = ["not a PostgreSQL server", "sqlx_postgres", "canary"];
                assert!(!wrong.iter().any(|wrong| message.contains(wrong)), "{message}");
            }
        }
        let other = of_connecting(&SqlxError::Protocol("unexpected message: 72".to_owned()), &far);
        assert!(other.contains("is not a PostgreSQL server"), "{other}");
    }
}
