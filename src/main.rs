//! The command line: `mail360 serve`, `migrate`, `check`, `reseal`, `restore`, `end-sessions`, `organisation` and `user`.

mod commands;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use mail360::platform::{config::Options, telemetry};

use commands::{organisation::OrganisationCommand, user::UserCommand};

/// Holds the credentials of an organisation's OAuth applications at Microsoft sealed, and proves them by sign-ins.
#[derive(Parser)]
#[command(name = "mail360", version, about, after_help = PROXY)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

/// What the HTTP client reads from the environment by itself.
const PROXY: &str = "Environment besides: HTTPS_PROXY names the proxy through which Microsoft is reached, where only a \
                     proxy leads out (http://USER:PASSWORD@HOST:PORT, user and password only where it asks for them). \
                     NO_PROXY lists the hosts that are reached directly, separated by commas. SSL_CERT_FILE names a file \
                     of CA certificates.";

#[derive(Subcommand)]
enum Command {
    /// Serves the console.
    Serve {
        /// First brings the database's schema up to date.
        #[arg(long)]
        migrate: bool,
    },
    /// Brings the database's schema up to date.
    Migrate,
    /// Looks whether everything is as it should be and every stored secret can be opened, and changes nothing. The
    /// exit status is 1 if not.
    Check,
    /// Seals all secrets anew with the newest key, so that the older ones can be taken out of the key files. Before,
    /// put the new key at the top of every process's key file and restart each.
    Reseal,
    /// Puts a backup in the place of the SQLite database, once every process was stopped: looks whether it is sound and
    /// the key opens it, brings it up to date, ends sessions, sign-ins and links that it holds, and keeps the database of
    /// before under another name. With PostgreSQL it says what to do.
    Restore {
        /// The backup.
        file: PathBuf,
    },
    /// Logs everybody out, ends the sign-ins that wait for Microsoft, and takes back the links of invitations and for
    /// new passwords: after a backup was restored, in which what was ended since is open again.
    EndSessions,
    /// Organisations.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Users.
    #[command(subcommand)]
    User(UserCommand),
}

/// Faster than the system's where a thread frees what another has allocated (docs/speed.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command, options } = Cli::parse();
    let config = match options.check() {
        Ok(config) => config,
        Err(mistakes) => {
            return commands::fail(&format!(
                "The configuration has {} mistake(s):\n  {}",
                mistakes.len(),
                mistakes.join("\n  ")
            ));
        }
    };
    telemetry::start(&options.log, &options.log_format);
    let done = match command {
        Command::Serve { migrate } => commands::serve::run(config, migrate).await,
        Command::Migrate => commands::migrate(config).await,
        Command::Check => commands::check::run(config).await,
        Command::Reseal => commands::reseal::run(config).await,
        Command::Restore { file } => commands::restore::run(config, &file).await,
        Command::EndSessions => commands::end_sessions::run(config).await,
        Command::Organisation(command) => commands::organisation::run(config, command).await,
        Command::User(command) => commands::user::run(config, command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => commands::fail(&error),
    }
}
