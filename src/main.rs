//! The command line of `mail360`: `serve`, `migrate`, `check`, `reseal`, `restore`, `end-sessions`, `organisation`,
//! `user` and `account`.

mod commands;

use std::{path::PathBuf, process::ExitCode};

use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use mail360::{
    platform::{config::Options, telemetry},
    providers::ProviderOptions,
};

use commands::{Settings, account::AccountCommand, organisation::OrganisationCommand, user::UserCommand};

// The help begins with the package's description in Cargo.toml.
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

/// Shown in the help of a command in place of the settings.
const SETTINGS: &str = "Settings apply to every command: `mail360 --help` lists them.";

#[derive(Subcommand)]
enum Command {
    /// Start the web console.
    Serve {
        /// First update the database to this version of the program.
        #[arg(long)]
        migrate: bool,
    },
    /// Update the database to this version of the program.
    Migrate,
    /// Check the configuration, the database, the key and all stored secrets. Changes nothing. The exit status is 0 if
    /// all is sound, 2 if the only error is that client secrets have expired, and 1 after every other error.
    Check,
    /// Re-encrypt all secrets with the newest key, so that you can remove old keys. First put the new key at the top
    /// of the key file of every process, and restart each process.
    Reseal,
    /// Replace the SQLite database with a backup. Stop every process first. Checks the backup and the key, and updates
    /// the backup to this version of the program. Keeps the replaced database under another name. Logs out all users,
    /// cancels open sign-ins and revokes all links. With PostgreSQL it prints the steps.
    Restore {
        /// The backup file.
        file: PathBuf,
    },
    /// Log out all users, cancel open sign-ins and revoke all invitation, password, connect and consent links. Run it
    /// after you restore a backup without `mail360 restore`. Passwords and the credentials of API clients stay valid.
    EndSessions,
    /// Add and list organisations.
    #[command(subcommand)]
    Organisation(OrganisationCommand),
    /// Add, list, change and delete users.
    #[command(subcommand)]
    User(UserCommand),
    /// List, show, pause, resume and delete accounts.
    #[command(subcommand)]
    Account(AccountCommand),
}

/// Faster than the system's where a thread frees what another has allocated (docs/speed.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The command line. Only the help of the whole program lists the settings, which are many.
fn command_line() -> clap::Command {
    let command = Cli::command();
    let settings = command.get_arguments().filter(|argument| argument.is_global_set());
    let settings: Vec<_> = settings.map(|setting| setting.clone().hide(true)).collect();
    without_settings(command, &settings)
}

/// Hides the settings in the help of every command below this one.
fn without_settings(command: clap::Command, settings: &[Arg]) -> clap::Command {
    command.mut_subcommands(|below| {
        without_settings(below.args(settings.iter().cloned()).after_help(SETTINGS), settings)
    })
}

#[tokio::main]
async fn main() -> ExitCode {
    let fail = |error: String| commands::print_error(&error, ExitCode::FAILURE);
    let matches = command_line().try_get_matches();
    let parsed = matches.and_then(|matches| Cli::from_arg_matches(&matches));
    let Cli { command, options, providers } = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            // The output may have no reader. Not clap's own status for a mistake: 2 has a meaning for `mail360 check`.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
        }
    };
    let settings = match (options.check(), providers.check()) {
        (Ok(config), Ok(providers)) => Settings { config, providers },
        (config, providers) => {
            let mistakes: Vec<_> = [config.err(), providers.err()].into_iter().flatten().flatten().collect();
            let count = match mistakes.len() {
                1 => "1 problem".to_owned(),
                more => format!("{more} problems"),
            };
            return fail(format!("{count} in the configuration:\n  {}", mistakes.join("\n  ")));
        }
    };
    telemetry::start(&options.log, &options.log_format);
    let done = match command {
        Command::Serve { migrate } => commands::serve::run(settings, migrate).await,
        Command::Migrate => commands::migrate(settings).await,
        Command::Check => return commands::check::run(settings).await.unwrap_or_else(fail),
        Command::Reseal => commands::reseal::run(settings).await,
        Command::Restore { file } => commands::restore::run(settings, &file).await,
        Command::EndSessions => commands::end_sessions::run(settings).await,
        Command::Organisation(command) => commands::organisation::run(settings, command).await,
        Command::User(command) => commands::user::run(settings, command).await,
        Command::Account(command) => commands::account::run(settings, command).await,
    };
    done.map_or_else(fail, |()| ExitCode::SUCCESS)
}
