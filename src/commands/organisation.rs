//! `mail360 organisation`.

use clap::Subcommand;
use mail360::{
    people::model::OrganisationName,
    platform::{assets::Assets, config::Config},
};

use super::{Opened, Outcome, organisations, say, words};

/// Organisations.
#[derive(Subcommand)]
pub enum OrganisationCommand {
    /// Adds an organisation.
    Add {
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// Lists the organisations: id and name.
    List,
}

/// Does it.
pub async fn run(config: Config, command: OrganisationCommand) -> Outcome {
    let program = Opened::new(config, false).await?.program(Assets::default()).await?;
    match command {
        OrganisationCommand::Add { name } => {
            let name = OrganisationName::parse(&name)?;
            let id = program.people.create_organisation(&name).await.map_err(words)?;
            say(&id.to_string());
        }
        OrganisationCommand::List => {
            for organisation in organisations(&program).await? {
                say(&format!("{}\t{}", organisation.id, organisation.name));
            }
        }
    }
    Ok(())
}
