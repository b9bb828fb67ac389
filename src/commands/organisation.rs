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

/// Add and list organisations.
#[derive(Subcommand)]
pub enum OrganisationCommand {
    /// Add an organisation.
    Add {
        /// The name of the organisation.
        #[arg(long)]
        name: String,
        /// The short name, which users type at log-in if there are several organisations [default: made from the name].
        #[arg(long)]
        short_name: Option<String>,
    },
    /// List the organisations: id, name and short name.
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
            let id = added
                .ok_or("Another organisation has this short name. Choose another one with --short-name.")?;
            let all = organisations(&program).await?;
            let short_name = all.iter().find(|organisation| organisation.id == id);
            let short_name = short_name.map_or("", |organisation| organisation.short_name.as_str());
            print_line(&format!(
                "Added the organisation {} with the short name {short_name}. Its id is:",
                name.as_str()
            ));
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
