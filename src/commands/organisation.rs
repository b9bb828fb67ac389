//! `mail360 organisation`: adds and lists organisations.

use clap::Subcommand;
use mail360::{
    people::{
        model::{OrganisationName, ShortName},
        service::Organisation,
    },
    platform::assets::Assets,
};

use super::{CommandResult, Opened, Settings, describe_failure, organisations, print_line};

/// Manages organisations.
#[derive(Subcommand)]
pub enum OrganisationCommand {
    /// Adds an organisation.
    Add {
        /// Name of the organisation.
        #[arg(long)]
        name: String,
        /// Short name of the organisation. If there are several organisations, users type it to log in.
        /// Derived from the name if not given.
        #[arg(long)]
        short_name: Option<String>,
    },
    /// Lists the organisations: id, name and short name.
    List,
}

pub async fn run(settings: Settings, command: OrganisationCommand) -> CommandResult {
    let program = Opened::new(settings, false).await?.program(Assets::default()).await?;
    match command {
        OrganisationCommand::Add { name, short_name } => {
            let name = OrganisationName::parse(&name)?;
            let short_name = short_name.as_deref().map(ShortName::parse).transpose()?;
            let added = program.people.add_organisation(&name, short_name.as_ref()).await;
            let added = added.map_err(describe_failure)?;
            let id = added.ok_or(
                "Another organisation has this short name. Give another short name with --short-name.",
            )?;
            print_line(&id.to_string());
        }
        OrganisationCommand::List => {
            for organisation in organisations(&program).await? {
                let Organisation { id, name, short_name, .. } = organisation;
                print_line(&format!("{id}\t{name}\t{short_name}"));
            }
        }
    }
    Ok(())
}
