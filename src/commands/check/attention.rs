//! What `mail360 check` says about accounts and about connectors that the provider refuses. None of it is an error of
//! the installation: people and administrators put it right in the console. The work does not grow with the number of
//! accounts, because each number is counted up to a limit along an index.

use mail360::{
    accounts::{
        model::{AccountState, StateFilter},
        pages::count_words,
    },
    connectors::model::ConnectorState,
    people::{access::Caller, service::Organisation},
    router::Program,
};

use super::MAX_WARNINGS;
use crate::commands::{describe_failure, organisations};

/// The lines of the output: the numbers of accounts by state, and the warnings.
#[derive(Default)]
pub struct Attention {
    pub counts: Vec<String>,
    pub warnings: Vec<String>,
}

pub async fn find(program: &Program) -> Result<Attention, String> {
    let mut attention = Attention::default();
    for organisation in organisations(program).await? {
        let caller = Caller::job(organisation.id, "check");
        let counts = program.accounts.counts_with_paused(&caller, None).await.map_err(describe_failure)?;
        attention.counts.extend(describe_counts(&organisation, &counts));
        attention.warnings.extend(warn_of_accounts(&organisation, &counts));
        attention.warnings.extend(warn_of_connectors(program, &organisation).await?);
    }
    Ok(attention)
}

/// The numbers of accounts by state; `None` if the organisation has no account.
fn describe_counts(organisation: &Organisation, counts: &[(StateFilter, u64)]) -> Option<String> {
    let numbers: Vec<_> =
        counts.iter().map(|(state, number)| format!("{}: {}", state.words(), count_words(*number))).collect();
    (!numbers.is_empty()).then(|| format!("Accounts of {}: {}.", organisation.name, numbers.join(", ")))
}

/// Warnings of accounts with which nothing goes on until a person does something.
fn warn_of_accounts(organisation: &Organisation, counts: &[(StateFilter, u64)]) -> Vec<String> {
    let warn = |state: AccountState, one: &str, several: &str, remedy: &str| {
        let (_, number) = counts.iter().find(|(counted, _)| *counted == StateFilter::In(state))?;
        let (accounts, verb) = if *number == 1 { ("account", one) } else { ("accounts", several) };
        Some(format!(
            "Warning: {} {accounts} of {} {verb}. {remedy} `mail360 account list --organisation {} --state {}` lists \
             them.",
            count_words(*number),
            organisation.name,
            organisation.short_name,
            state.name()
        ))
    };
    let sign_in = warn(
        AccountState::NeedsSignIn,
        "needs a sign-in",
        "need a sign-in",
        "An administrator makes a link on the page of the account, and sends it to the owner of the mailbox.",
    );
    let attention = warn(
        AccountState::NeedsAttention,
        "needs attention",
        "need attention",
        "The page of the account has the reason.",
    );
    [sign_in, attention].into_iter().flatten().collect()
}

/// Warnings of connectors that the provider refuses.
async fn warn_of_connectors(program: &Program, organisation: &Organisation) -> Result<Vec<String>, String> {
    let found = program.connectors.find_failing(organisation.id, MAX_WARNINGS + 1).await;
    let found = found.map_err(describe_failure)?;
    let more = found.len() > MAX_WARNINGS;
    let mut warnings: Vec<_> = found
        .iter()
        .take(MAX_WARNINGS)
        .map(|connector| {
            let reason = match connector.state {
                ConnectorState::Failing(reason) => reason.words(connector.names()),
                state => state.words(connector.names()),
            };
            format!(
                "Warning: the connector {} ({}) is failing: {reason}. The connector's page says what to do.",
                connector.service_name.as_str(),
                organisation.name,
            )
        })
        .collect();
    if more {
        warnings.push(format!(
            "Warning: more connectors of {} are failing. The list of connectors shows all of them.",
            organisation.name
        ));
    }
    Ok(warnings)
}
