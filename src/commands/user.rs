//! `mail360 user`: adds, lists and changes users.

use std::io::{BufRead, IsTerminal, Read};

use clap::{Args, Subcommand, ValueEnum};
use mail360::{
    people::{
        model::{Email, Password, PersonName, Role},
        service::{ChangeOutcome, UserAddition, UserChange},
    },
    platform::{assets::Assets, cpu::Asker},
    router::Program,
};
use secrecy::SecretString;

use super::{
    CommandResult, Opened, Settings, describe_failure, find_organisation, organisations, print_line,
};

/// Identifies a user.
#[derive(Args)]
pub struct UserSelector {
    /// The user's organisation, by name, short name or id; not needed if there is only one.
    #[arg(long)]
    organisation: Option<String>,
    /// The user's email.
    #[arg(long)]
    email: String,
}

/// Add, list, change and delete users. Passwords are read from standard input, because other users of the machine can
/// see the arguments of a command.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Add a user. The password is read from standard input.
    Add {
        /// The new user.
        #[command(flatten)]
        which: UserSelector,
        /// The user's name.
        #[arg(long)]
        name: String,
        /// The user's role.
        #[arg(long, default_value = "viewer")]
        role: RoleName,
    },
    /// List the users: email, role, organisation, and whether they can log in.
    List,
    /// Set a user's password and log the user out. The password is read from standard input.
    Password {
        #[command(flatten)]
        which: UserSelector,
    },
    /// Let a disabled user log in again.
    Enable {
        #[command(flatten)]
        which: UserSelector,
    },
    /// Disable a user and log the user out. A disabled user cannot log in.
    Disable {
        #[command(flatten)]
        which: UserSelector,
    },
    /// Turn off a user's second factor (for a lost phone) and log the user out.
    ResetSecondFactor {
        #[command(flatten)]
        which: UserSelector,
    },
    /// Delete a user. The activity of the user is kept.
    Delete {
        #[command(flatten)]
        which: UserSelector,
    },
    /// Change a user's role and log the user out.
    Role {
        #[command(flatten)]
        which: UserSelector,
        /// The new role.
        #[arg(long)]
        role: RoleName,
    },
}

/// The role of a user.
#[derive(Clone, Copy, ValueEnum)]
pub enum RoleName {
    /// May do everything in the organisation.
    Admin,
    /// May look at connectors, but not change them.
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

pub async fn run(settings: Settings, command: UserCommand) -> CommandResult {
    let program = Opened::new(settings, false).await?.program(Assets::default()).await?;
    match command {
        UserCommand::Add { which, name, role } => add_user(&program, &which, &name, role.into()).await,
        UserCommand::List => list_users(&program).await,
        UserCommand::Password { which } => {
            let change_to = UserChange::Password(read_password(&program, &[&which.email]).await?);
            change_user(&program, &which, change_to).await
        }
        UserCommand::Enable { which } => change_user(&program, &which, UserChange::Enabled(true)).await,
        UserCommand::Disable { which } => change_user(&program, &which, UserChange::Enabled(false)).await,
        UserCommand::ResetSecondFactor { which } => {
            change_user(&program, &which, UserChange::NoSecondFactor).await
        }
        UserCommand::Delete { which } => change_user(&program, &which, UserChange::Delete).await,
        UserCommand::Role { which, role } => {
            change_user(&program, &which, UserChange::Role(role.into())).await
        }
    }
}

/// Reads a password: the first line of standard input. At a terminal it prompts, without echo.
async fn read_password(program: &Program, about: &[&str]) -> Result<Password, String> {
    let mut line = String::new();
    let read = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ").map(|typed| line = typed)
    } else {
        std::io::stdin().lock().take(4096).read_line(&mut line).map(drop)
    };
    read.map_err(|error| format!("The password could not be read from standard input ({error})."))?;
    let password = SecretString::from(line.trim_end_matches(['\r', '\n']));
    Ok(program.people.choose_password(Asker::OPERATOR, password, about).await.map_err(describe_failure)??)
}

async fn add_user(program: &Program, which: &UserSelector, name: &str, role: Role) -> CommandResult {
    let (email, name) = (Email::parse(&which.email)?, PersonName::parse(name)?);
    let all = organisations(program).await?;
    let organisation = find_organisation(&all, which.organisation.as_deref())?;
    let password = read_password(program, &[email.as_str(), name.as_str(), &organisation.name]).await?;
    let added = program.people.create_user(organisation.id, &email, &name, role, &password).await;
    let added = added.map_err(describe_failure)?;
    match added {
        UserAddition::Added(id) => {
            let (email, role, short_name) = (email.as_str(), describe_role(role), &organisation.short_name);
            print_line(&format!(
                "Added the user {email} as {role} of {} (short name {short_name}). The user's id is:",
                organisation.name
            ));
            print_line(&id.to_string());
        }
        UserAddition::EmailTaken => {
            return Err(format!("{} already has a user {}.", organisation.name, email.as_str()));
        }
    }
    Ok(())
}

async fn list_users(program: &Program) -> CommandResult {
    for organisation in organisations(program).await? {
        for user in program.people.users(organisation.id).await.map_err(describe_failure)? {
            let state = if user.disabled { "disabled" } else { "enabled" };
            let role = user.role.name();
            print_line(&format!("{}\t{role}\t{}\t{state}", user.email, organisation.name));
        }
    }
    Ok(())
}

const fn describe_role(role: Role) -> &'static str {
    match role {
        Role::Admin => "an administrator",
        Role::Viewer => "a viewer",
    }
}

async fn change_user(program: &Program, which: &UserSelector, change: UserChange) -> CommandResult {
    let email = Email::parse(&which.email)?;
    let all = organisations(program).await?;
    let organisation = find_organisation(&all, which.organisation.as_deref())?;
    let done = match change {
        UserChange::Enabled(true) => "The user can log in again.",
        UserChange::Enabled(false) => "The user is disabled and logged out.",
        UserChange::Delete => "The user is deleted.",
        UserChange::Password(_) => "The user has the new password and is logged out.",
        UserChange::NoSecondFactor => "The second factor of the user is off, and the user is logged out.",
        UserChange::Role(_) => "The user has the new role and is logged out.",
        UserChange::EndSessions => "The user is logged out.",
    };
    let already = match change {
        UserChange::Enabled(true) => "is enabled already",
        UserChange::Enabled(false) => "is disabled already",
        UserChange::NoSecondFactor => "has no second factor",
        UserChange::Role(role) => match role {
            Role::Admin => "is an administrator already",
            Role::Viewer => "is a viewer already",
        },
        UserChange::Delete | UserChange::Password(_) | UserChange::EndSessions => "is in that state already",
    };
    let changed = program
        .administration
        .change_as_operator(organisation.id, &email, change)
        .await
        .map_err(describe_failure)?;
    match changed {
        ChangeOutcome::Changed => {
            print_line(done);
            Ok(())
        }
        ChangeOutcome::Nothing => {
            print_line(&format!("Nothing to change: {} {already}.", email.as_str()));
            Ok(())
        }
        ChangeOutcome::NoSuchUser => Err(format!(
            "{} has no user {}. `mail360 user list` shows all users.",
            organisation.name,
            email.as_str()
        )),
        ChangeOutcome::LastAdmin => {
            Err("This is the organisation's last administrator who can log in. First make another user an \
                 administrator."
                .to_owned())
        }
    }
}
