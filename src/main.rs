//! The command line: `mail360 serve`, `migrate`, `check`, `reseal`, `restore`, `end-sessions`, `organisation` and `user`.

mod commands;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use mail360::{
    platform::{config::Options, telemetry},
    providers::ProviderOptions,
};

use commands::{Settings, organisation::OrganisationCommand, user::UserCommand};

/// Holds the credentials of an organisation's OAuth applications, encrypted, and verifies them by sign-ins at
/// the provider.
#[derive(Parser)]
#[command(name = "mail360", version, about, after_help = PROXY)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    providers: ProviderOptions,
}

/// The variables that the HTTP client reads from the environment itself.
const PROXY: &str = "Other environment variables: HTTPS_PROXY names the proxy for requests to providers, if the network needs \
                     one (http://USER:PASSWORD@HOST:PORT; user and password only if the proxy asks for them). \
                     NO_PROXY lists the hosts to reach directly, separated by commas. SSL_CERT_FILE names a file \
                     of CA certificates.";

#[derive(Subcommand)]
enum Command {
    /// Serves the console.
    Serve {
        /// First updates the database's schema.
        #[arg(long)]
        migrate: bool,
    },
    /// Updates the database's schema.
    Migrate,
    /// Checks the configuration, the keys and every stored secret, and changes nothing. The exit status is 1
    /// if it finds a problem.
    Check,
    /// Seals all secrets again with the newest key, so that you can remove the older keys from the key files.
    /// Before you run it, put the new key at the top of every process's key file and restart each process.
    Reseal,
    /// Replaces the SQLite database with a backup. Stop every process first. It checks that the backup is
    /// intact and that the key opens it, updates its schema, and ends the sessions, sign-ins and links in it.
    /// It keeps the replaced database under another name. With PostgreSQL it says what to do.
    Restore {
        /// The backup file.
        file: PathBuf,
    },
    /// Logs all users out, ends the open sign-ins at providers, and withdraws the links of invitations and
    /// for new passwords. Run it after you have restored a backup: what has ended since the backup is open
    /// again in it.
    EndSessions,
    /// Manages organisations.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Manages users.
    #[command(subcommand)]
    User(UserCommand),
}

/// Faster than the system's where a thread frees what another has allocated (docs/speed.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let Cli { command, options, providers } = Cli::parse();
    let settings = match (options.check(), providers.check()) {
        (Ok(config), Ok(providers)) => Settings { config, providers },
        (config, providers) => {
            let mistakes: Vec<_> = [config.err(), providers.err()].into_iter().flatten().flatten().collect();
            return commands::print_error(&format!(
                "The configuration has {} mistake(s):\n  {}",
                mistakes.len(),
                mistakes.join("\n  ")
            ));
        }
    };
    telemetry::start(&options.log, &options.log_format);
    let done = match command {
        Command::Serve { migrate } => commands::serve::run(settings, migrate).await,
        Command::Migrate => commands::migrate(settings).await,
        Command::Check => commands::check::run(settings).await,
        Command::Reseal => commands::reseal::run(settings).await,
        Command::Restore { file } => commands::restore::run(settings, &file).await,
        Command::EndSessions => commands::end_sessions::run(settings).await,
        Command::Organisation(command) => commands::organisation::run(settings, command).await,
        Command::User(command) => commands::user::run(settings, command).await,
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => commands::print_error(&error),
    }
}
