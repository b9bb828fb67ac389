//! Configuration by flag or environment variable. [`Options::check`] checks it as a whole before anything is
//! opened. The settings of providers are in `providers::ProviderOptions`.
//!
//! An empty setting counts as not set, because settings files for Compose and systemd often have `NAME=` for
//! an unused setting. Only `MAIL360_DATABASE_URL` must not be empty: a secret that was not filled in would
//! otherwise create a new, empty database.

use std::{
    ffi::OsStr,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use clap::{
    Args,
    builder::{OsStringValueParser, StringValueParser, TypedValueParser},
};
use ipnet::IpNet;

pub(crate) mod doctor;
pub mod outgoing_proxy;
mod public_url;

use super::{
    database::{DatabaseUrl, address::CONNECTIONS},
    telemetry::LogFormat,
};
pub use public_url::{PublicUrl, REDIRECT_PATH};

const GIGABYTE: u64 = 1024 * 1024 * 1024;
/// The space for uploads that may be configured, in [`GIGABYTE`].
const UPLOAD_SPACE: RangeInclusive<u64> = 1..=10_000;

/// The configuration as typed.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Settings")]
pub struct Options {
    /// Address and port to listen on.
    #[arg(long, global = true, env = "MAIL360_LISTEN", default_value = "127.0.0.1:3000", value_parser = text())]
    pub listen: String,

    /// The address of the console in the browser. It must begin with https unless the host is localhost
    /// [default: `http://localhost` with the port of the setting above].
    #[arg(long, global = true, env = "MAIL360_PUBLIC_URL")]
    pub public_url: Option<String>,

    /// `postgres://USER:PASSWORD@HOST:5432/NAME?sslmode=verify-full`, or `sqlite:PATH` [default: the file
    /// mail360.sqlite in the data folder].
    #[arg(long, global = true, env = "MAIL360_DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,

    /// Maximum number of connections to PostgreSQL that this process opens, from 1 to 500.
    #[arg(long, global = true, env = "MAIL360_DATABASE_CONNECTIONS", default_value = "10", value_parser = text())]
    pub database_connections: String,

    /// Space for files that applications upload before they send them, in GB, from 1 to 10000.
    #[arg(long, global = true, env = "MAIL360_UPLOAD_SPACE", default_value = "5", value_parser = text())]
    pub upload_space: String,

    /// Folder for the SQLite file and, unless a key file is configured, the encryption key.
    #[arg(long, global = true, env = "MAIL360_DATA_DIR", default_value = "data", value_parser = path())]
    pub data_dir: PathBuf,

    /// File with the encryption keys, newest first, one per line: `id:base64` [default: encryption.key in the
    /// data folder].
    #[arg(long, global = true, env = "MAIL360_ENCRYPTION_KEY_FILE", value_parser = path())]
    pub encryption_key_file: Option<PathBuf>,

    /// Networks (CIDR, separated by commas) whose X-Forwarded-For header is trusted [default: none].
    #[arg(long, global = true, env = "MAIL360_TRUSTED_PROXIES")]
    pub trusted_proxies: Option<String>,

    /// Memory for hashing one password with argon2id, in KiB. At most half the cores hash at the same time.
    #[arg(long, global = true, env = "MAIL360_PASSWORD_MEMORY", default_value = "19456", value_parser = text())]
    pub password_memory: String,

    /// Passes over that memory. After a change of either setting, a password is rehashed when its user logs in.
    #[arg(long, global = true, env = "MAIL360_PASSWORD_PASSES", default_value = "2", value_parser = text())]
    pub password_passes: String,

    /// The level of the log on standard error: error, warn, info, debug or trace, or filters such as
    /// `info,mail360::sign_ins=debug`.
    #[arg(long, global = true, env = "MAIL360_LOG", default_value = "info", value_parser = text())]
    pub log: String,

    /// Format of the log: `text` for people, `json` for programs; `auto` is text at a terminal and JSON
    /// otherwise.
    #[arg(long, global = true, env = "MAIL360_LOG_FORMAT", default_value = "auto", value_parser = text())]
    pub log_format: String,
}

/// The configuration after the check.
#[derive(Clone, Debug)]
pub struct Config {
    /// See [`Options::listen`].
    pub listen: SocketAddr,
    /// See [`Options::public_url`].
    pub public_url: PublicUrl,
    /// See [`Options::database_url`].
    pub database: DatabaseUrl,
    /// See [`Options::database_connections`].
    pub database_connections: u32,
    /// See [`Options::upload_space`], in bytes.
    pub upload_space: u64,
    /// See [`Options::encryption_key_file`].
    pub encryption_key_file: PathBuf,
    /// See [`Options::trusted_proxies`].
    pub trusted_proxies: Vec<IpNet>,
    /// The work for hashing a password: the more, the harder is guessing for an attacker who has the hashes.
    pub password_work: PasswordWork,
}

impl Config {
    /// Warnings about settings that can be used, but seldom are meant so.
    pub fn warnings(&self) -> Vec<String> {
        let all = self.trusted_proxies.iter().filter(|network| network.prefix_len() == 0);
        all.map(|network| {
            format!(
                "MAIL360_TRUSTED_PROXIES has {network}, which is every address: any client can choose the address that \
                 the limits on wrong passwords and the activity see. Name only the addresses of your proxies."
            )
        })
        .collect()
    }
}

/// The work that argon2id does for one password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordWork {
    /// Memory, in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordWork {
    /// The first recommendation of OWASP's Password Storage Cheat Sheet for one lane.
    pub const LEAST: Self = Self { memory: 19_456, passes: 2 };

    fn parse(memory: &str, passes: &str) -> Result<Self, String> {
        match (memory.trim().parse(), passes.trim().parse()) {
            (Ok(memory), Ok(passes)) => Self { memory, passes }.check(),
            _ => Err(format!("`{memory}` and `{passes}` must be whole numbers, such as 19456 and 2")),
        }
    }

    /// Refuses work that is weaker than the least, and work with which one log-in takes minutes or all
    /// memory.
    fn check(self) -> Result<Self, String> {
        let Self { memory, passes } = Self::LEAST;
        if (memory..=4 * 1024 * 1024).contains(&self.memory) && (passes..=20).contains(&self.passes) {
            return Ok(self);
        }
        Err(format!(
            "must be at least {memory} KiB and {passes} passes, and at most 4194304 KiB and 20 passes"
        ))
    }
}

impl Options {
    /// Checks all settings.
    ///
    /// # Errors
    /// Every mistake, each with its setting and how to correct it.
    pub fn check(&self) -> Result<Config, Vec<String>> {
        let mut mistakes = Vec::new();
        let mut note = |setting: &str, mistake: String| {
            mistakes.push(format!("{setting}: {mistake}"));
        };

        let listen = self.listen.parse::<SocketAddr>().map_err(|_| {
            note("MAIL360_LISTEN", mistaken_listen(&self.listen));
        });
        let own = || format!("http://localhost:{}", listen.as_ref().map_or(3000, SocketAddr::port));
        let public_url = non_blank(self.public_url.as_deref()).map_or_else(own, str::to_owned);
        let public_url =
            public_url.parse::<PublicUrl>().map_err(|mistake| note("MAIL360_PUBLIC_URL", mistake));
        let database = self.database().map_err(|mistake| note("MAIL360_DATABASE_URL", mistake));
        let connections = self.connections().map_err(|mistake| note("MAIL360_DATABASE_CONNECTIONS", mistake));
        let upload_space = self.upload_space().map_err(|mistake| note("MAIL360_UPLOAD_SPACE", mistake));
        let trusted_proxies = self.proxies().map_err(|mistake| note("MAIL360_TRUSTED_PROXIES", mistake));
        let work = PasswordWork::parse(&self.password_memory, &self.password_passes)
            .map_err(|mistake| note("MAIL360_PASSWORD_MEMORY and _PASSES", mistake));
        // A word that is not a level would be read as the name of a module, and the program would log nothing.
        let is_level = |word: &str| {
            let levels = ["off", "error", "warn", "info", "debug", "trace"];
            word.contains(['=', '[', '_', ':']) || levels.contains(&word.to_ascii_lowercase().as_str())
        };
        if let Some(word) = self.log.split(',').map(str::trim).find(|word| !is_level(word)) {
            let mistake = format!("`{word}` is not a level: write error, warn, info, debug or trace");
            note("MAIL360_LOG", mistake);
        } else if let Err(error) = tracing_subscriber::EnvFilter::builder().parse(&self.log) {
            let mistake =
                format!("`{}` is not a filter ({error}): write error, warn, info, debug or trace", self.log);
            note("MAIL360_LOG", mistake);
        }
        if let Err(mistake) = self.log_format.parse::<LogFormat>() {
            note("MAIL360_LOG_FORMAT", mistake);
        }

        match (listen, public_url, database, connections, upload_space, trusted_proxies, work) {
            (
                Ok(listen),
                Ok(public_url),
                Ok(database),
                Ok(database_connections),
                Ok(upload_space),
                Ok(trusted_proxies),
                Ok(password_work),
            ) if mistakes.is_empty() => Ok(Config {
                listen,
                public_url,
                database,
                database_connections,
                upload_space,
                encryption_key_file: self
                    .encryption_key_file
                    .as_deref()
                    .filter(|file| !is_blank(file.as_os_str()))
                    .map_or_else(|| self.data_dir.join("encryption.key"), Path::to_path_buf),
                trusted_proxies,
                password_work,
            }),
            _ => Err(mistakes),
        }
    }

    fn database(&self) -> Result<DatabaseUrl, String> {
        match self.database_url.as_deref() {
            None => Ok(DatabaseUrl::Sqlite(self.data_dir.join("mail360.sqlite"))),
            Some(text) => DatabaseUrl::parse(text),
        }
    }

    fn connections(&self) -> Result<u32, String> {
        let text = self.database_connections.trim();
        text.parse().ok().filter(|count| CONNECTIONS.contains(count)).ok_or_else(|| {
            format!("`{text}` is not a number from {} to {}", CONNECTIONS.start(), CONNECTIONS.end())
        })
    }

    fn upload_space(&self) -> Result<u64, String> {
        let text = self.upload_space.trim();
        let gigabytes = text.parse::<u64>().ok().filter(|space| UPLOAD_SPACE.contains(space));
        gigabytes.map(|space| space * GIGABYTE).ok_or_else(|| {
            format!("`{text}` is not a number from {} to {}", UPLOAD_SPACE.start(), UPLOAD_SPACE.end())
        })
    }

    fn proxies(&self) -> Result<Vec<IpNet>, String> {
        self.trusted_proxies
            .as_deref()
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(|text| {
                text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| {
                    format!(
                        "`{text}` is not an IP address or a network. Example: 10.0.0.0/8. Write several separated by \
                             commas: 10.0.0.0/8,192.0.2.7"
                    )
                })
            })
            .collect()
    }
}

/// The message if the listen address cannot be read. The example in it keeps the port that was typed.
fn mistaken_listen(text: &str) -> String {
    let behind_host = if text.parse::<IpAddr>().is_ok() { None } else { text.rsplit(':').next() };
    let port = behind_host.and_then(|port| port.parse::<u16>().ok()).unwrap_or(3000);
    format!(
        "`{text}` is not an IP address with a port: write 127.0.0.1:{port} if only this machine and a proxy on it connect, \
         or 0.0.0.0:{port} if other machines connect too ([::]:{port} with IPv6)"
    )
}

/// A setting without a default; `None` if it is empty.
fn non_blank(setting: Option<&str>) -> Option<&str> {
    setting.filter(|text| !is_blank(OsStr::new(text)))
}

/// Whether a setting is empty or blank.
fn is_blank(value: &OsStr) -> bool {
    value.to_str().is_some_and(|text| text.trim().is_empty())
}

/// Parses a setting, and the default of an empty one. (For a setting without a default, see [`non_blank`].)
#[derive(Clone)]
struct OrDefault<P>(P);

impl<P: TypedValueParser> TypedValueParser for OrDefault<P> {
    type Value = P::Value;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<P::Value, clap::Error> {
        let default = argument.and_then(|argument| argument.get_default_values().first());
        let value = default.map(clap::builder::OsStr::as_os_str).filter(|_| is_blank(value)).unwrap_or(value);
        self.0.parse_ref(command, argument, value)
    }
}

fn text() -> impl TypedValueParser<Value = String> {
    OrDefault(StringValueParser::new())
}

/// Not clap's own parser of paths, because it refuses an empty path.
fn path() -> impl TypedValueParser<Value = PathBuf> {
    OrDefault(OsStringValueParser::new().map(PathBuf::from))
}

#[cfg(test)]
mod tests;
