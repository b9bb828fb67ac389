//! `mail360 user`.

use std::io::{BufRead, IsTerminal, Read};

use clap::{Subcommand, ValueEnum};
use mail360::{
    login::session::Sessions,
    people::{
        model::{Email, Password, PersonName, Role},
        service::{Added, Change, Changed, Organisation},
    },
    platform::{assets::Assets, config::Config},
    router::Program,
};
use secrecy::SecretString;

use super::{Opened, Outcome, organisations, say, words};

/// Users. Passwords are read from standard input, for whatever stands in a command is seen by others.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Adds a user; the password is read from standard input.
    Add {
        /// Their organisation, by name or id; not needed where there is one.
        #[arg(long)]
        organisation: Option<String>,
        /// Their e-mail.
        #[arg(long)]
        email: String,
        /// Their name.
        #[arg(long)]
        name: String,
        /// What they may do.
        #[arg(long, default_value = "viewer")]
        role: RoleName,
    },
    /// Lists the users: e-mail, role, organisation, and whether they may log in.
    List,
    /// Sets a user's password, read from standard input, and ends their sessions.
    Password {
        /// Their e-mail.
        #[arg(long)]
        email: String,
    },
    /// Lets a user log in again.
    Enable {
        /// Their e-mail.
        #[arg(long)]
        email: String,
    },
    /// Keeps a user from logging in, and ends their sessions.
    Disable {
        /// Their e-mail.
        #[arg(long)]
        email: String,
    },
    /// Takes a user's second factor away, as where they lost their phone, and ends their sessions.
    ResetSecondFactor {
        /// Their e-mail.
        #[arg(long)]
        email: String,
    },
    /// Sets what a user may do, and ends their sessions.
    Role {
        /// Their e-mail.
        #[arg(long)]
        email: String,
        /// What they may do.
        #[arg(long)]
        role: RoleName,
    },
}

/// What a user may do.
#[derive(Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// Everything in their organisation.
    Admin,
    /// Look at connectors.
    Viewer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Admin => Self::Admin,
            RoleName::Viewer => Self::Viewer,
        }
    }
}

/// Does it.
pub async fn run(config: Config, command: UserCommand) -> Outcome {
    let program = Opened::new(config, false).await?.program(Assets::default()).await?;
    match command {
        UserCommand::Add { organisation, email, name, role } => {
            add(&program, organisation.as_deref(), &email, &name, role.into()).await
        }
        UserCommand::List => list(&program).await,
        UserCommand::Password { email } => {
            let change_to = Change::Password(password(&[&email])?);
            change(&program, &email, change_to).await
        }
        UserCommand::Enable { email } => change(&program, &email, Change::Enabled(true)).await,
        UserCommand::Disable { email } => change(&program, &email, Change::Enabled(false)).await,
        UserCommand::ResetSecondFactor { email } => change(&program, &email, Change::NoSecondFactor).await,
        UserCommand::Role { email, role } => change(&program, &email, Change::Role(role.into())).await,
    }
}

/// The first line of standard input; at a terminal it is asked for, and not shown while it is typed.
fn password(about: &[&str]) -> Result<Password, String> {
    let mut line = String::new();
    let read = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ").map(|typed| line = typed)
    } else {
        std::io::stdin().lock().take(4096).read_line(&mut line).map(drop)
    };
    read.map_err(|error| format!("The password cannot be read from standard input: {error}"))?;
    let password = line.trim_end_matches(['\r', '\n']);
    Ok(Password::choose(SecretString::from(password), about)?)
}

async fn add(program: &Program, organisation: Option<&str>, email: &str, name: &str, role: Role) -> Outcome {
    let (email, name) = (Email::parse(email)?, PersonName::parse(name)?);
    let all = organisations(program).await?;
    let organisation = find(&all, organisation)?;
    let password = password(&[email.as_str(), name.as_str(), &organisation.name])?;
    let added =
        program.people.create_user(organisation.id, &email, &name, role, &password).await.map_err(words)?;
    match added {
        Added::Added(id) => say(&id.to_string()),
        Added::EmailTaken => return Err(format!("There is already a user {}.", email.as_str())),
    }
    Ok(())
}

/// The one that is meant.
fn find<'a>(all: &'a [Organisation], wanted: Option<&str>) -> Result<&'a Organisation, String> {
    let fits = |organisation: &&Organisation| match wanted {
        Some(wanted) => organisation.name == wanted || organisation.id.to_string() == wanted,
        None => true,
    };
    let mut found = all.iter().filter(fits);
    match (found.next(), found.next()) {
        (Some(organisation), None) => Ok(organisation),
        (None, _) if wanted.is_none() => {
            Err("There is no organisation yet; add one with `mail360 organisation add`.".to_owned())
        }
        (None, _) => Err("There is no such organisation; see `mail360 organisation list`.".to_owned()),
        _ => Err("Several organisations fit; name one with --organisation, by its id from `mail360 \
                  organisation list`."
            .to_owned()),
    }
}

async fn list(program: &Program) -> Outcome {
    for organisation in organisations(program).await? {
        for user in program.people.users(organisation.id).await.map_err(words)? {
            let state = if user.disabled { "disabled" } else { "enabled" };
            let role = user.role.name();
            say(&format!("{}\t{role}\t{}\t{state}", user.email, organisation.name));
        }
    }
    Ok(())
}

async fn change(program: &Program, email: &str, change: Change) -> Outcome {
    let email = Email::parse(email)?;
    let changed = program
        .people
        .change_user(&email, change, async |tx, organisation, user| {
            Sessions::end_all_of(tx, organisation, user).await
        })
        .await
        .map_err(words)?;
    match changed {
        Changed::Changed => {
            say("Done; their sessions have ended.");
            Ok(())
        }
        Changed::NoSuchUser => Err(format!("There is no user {}.", email.as_str())),
        Changed::LastAdmin => Err("This is the organisation's last administrator who can log in: make \
                                   another one first."
            .to_owned()),
    }
}
