//! `mail360 account`: lists, shows, pauses, resumes and deletes accounts. It prints no token.

use clap::{
    Args, Subcommand,
    builder::{PossibleValuesParser, TypedValueParser},
};
use mail360::{
    accounts::{
        model::StateFilter,
        pages::{outlook_words, provider_of, reason_line},
        service::{
            Account, AccountFilter, AccountId, AccountPage, MAX_ACCOUNTS_AT_ONCE, Paused, grants::Forecast,
        },
    },
    connectors::service::ConnectorId,
    people::{access::Caller, service::Organisation},
    platform::{assets::Assets, clock::Timestamp, failure::Failure, language::Language, search::Found, text},
    providers::SharedProvider,
    router::Program,
};

use super::{
    CommandResult, Opened, Settings, describe_failure, find_organisation, organisations, print_line,
    print_remark, write_line,
};

/// The caller in whose name this command reads.
const CALLER: &str = "account";

/// Identifies an account.
#[derive(Args)]
pub struct AccountSelector {
    /// The account's organisation, by name, short name or id; not needed if there is only one.
    #[arg(long)]
    organisation: Option<String>,
    /// The account's key, or its email.
    #[arg(long)]
    account: String,
}

/// Which accounts are listed.
#[derive(Args)]
pub struct ListOptions {
    /// The organisation, by name, short name or id; not needed if there is only one.
    #[arg(long)]
    organisation: Option<String>,
    /// Only accounts of this connector, by its Service Name or id.
    #[arg(long)]
    connector: Option<String>,
    /// Only accounts in this state.
    #[arg(long, value_parser = state_parser())]
    state: Option<StateFilter>,
    /// Only accounts whose email begins with this text, or whose email and name have words that begin with its words.
    #[arg(long)]
    search: Option<String>,
}

/// List, show, pause, resume and delete accounts: mailboxes that people have connected.
#[derive(Subcommand)]
pub enum AccountCommand {
    /// List the accounts by email: key, email, state, `paused` or `-`, and the name of the connector.
    List {
        #[command(flatten)]
        options: ListOptions,
    },
    /// Show an account: its state and the reason, its connector, its permissions, and what happens next. No secret is
    /// shown.
    Show {
        #[command(flatten)]
        which: AccountSelector,
    },
    /// Pause an account: your software has no access to the mailbox until you resume it. The account stays connected.
    Pause {
        #[command(flatten)]
        which: AccountSelector,
    },
    /// Resume a paused account.
    Resume {
        #[command(flatten)]
        which: AccountSelector,
    },
    /// Delete an account with its access, its history and its links. The activity keeps its email.
    Delete {
        #[command(flatten)]
        which: AccountSelector,
    },
}

/// Parses the name of a state, or `paused`. The help lists them.
fn state_parser() -> impl TypedValueParser<Value = StateFilter> {
    let names = StateFilter::all().map(StateFilter::name);
    PossibleValuesParser::new(names)
        .try_map(|name| StateFilter::from_name(&name).ok_or("an account has no such state"))
}

pub async fn run(settings: Settings, command: AccountCommand) -> CommandResult {
    let program = Opened::new(settings, false).await?.program(Assets::default()).await?;
    match command {
        AccountCommand::List { options } => list_accounts(&program, &options).await,
        AccountCommand::Show { which } => show_account(&program, &which).await,
        AccountCommand::Pause { which } => set_paused(&program, &which, true).await,
        AccountCommand::Resume { which } => set_paused(&program, &which, false).await,
        AccountCommand::Delete { which } => delete_account(&program, &which).await,
    }
}

async fn list_accounts(program: &Program, options: &ListOptions) -> CommandResult {
    let all = organisations(program).await?;
    let organisation = find_organisation(&all, options.organisation.as_deref())?;
    let caller = Caller::job(organisation.id, CALLER);
    let connector = match &options.connector {
        Some(wanted) => Some(find_connector(program, &caller, organisation, wanted).await?),
        None => None,
    };
    let filter = AccountFilter { connector, state: options.state };
    let search = options.search.as_deref().unwrap_or_default();
    let mut after = None;
    loop {
        let page = program
            .accounts
            .list_up_to(&caller, search, filter, after.as_ref(), MAX_ACCOUNTS_AT_ONCE)
            .await
            .map_err(describe_failure)?;
        let AccountPage { accounts, next, found } = page;
        for line in describe_rows(program, &caller, &accounts).await? {
            if write_line(&line).is_err() {
                return Ok(());
            }
        }
        after = next;
        if after.is_none() {
            if let Some(Found::AtLeast(_) | Found::MoreThan(_)) = found {
                print_remark("The search finds more accounts than these. Give more letters.");
            }
            return Ok(());
        }
    }
}

/// A line for each account, with tabs between the values.
async fn describe_rows(
    program: &Program,
    caller: &Caller,
    accounts: &[Account],
) -> Result<Vec<String>, String> {
    let mut connectors: Vec<ConnectorId> = accounts.iter().map(|account| account.connector).collect();
    connectors.sort_unstable();
    connectors.dedup();
    let names = program.connectors.find_choices(caller, &connectors).await.map_err(describe_failure)?;
    let line = |account: &Account| {
        let connector = names.get(&account.connector);
        let connector = connector.map_or("-", |connector| connector.service_name.as_str());
        let paused = if account.paused.is_some() { "paused" } else { "-" };
        // A person chose the email at the provider. A terminal must not get its control characters.
        let email = text::line(&account.email);
        format!("{}\t{email}\t{}\t{paused}\t{connector}", account.id, account.state.name())
    };
    Ok(accounts.iter().map(line).collect())
}

/// The connector with this Service Name or id.
async fn find_connector(
    program: &Program,
    caller: &Caller,
    organisation: &Organisation,
    wanted: &str,
) -> Result<ConnectorId, String> {
    let by_name = program.connectors.find_by_name(caller, wanted).await.map_err(describe_failure)?;
    if let Some(id) = by_name {
        return Ok(id);
    }
    let missing = || format!("{} has no connector “{}”.", organisation.name, text::line(wanted));
    let id: ConnectorId = wanted.parse().map_err(|_| missing())?;
    match program.connectors.get(caller, id).await {
        Ok(connector) => Ok(connector.id),
        Err(Failure::NotFound) => Err(missing()),
        Err(failure) => Err(describe_failure(failure)),
    }
}

/// The account that the operator has named, and its organisation.
async fn find_account(program: &Program, which: &AccountSelector) -> Result<(Organisation, Account), String> {
    let all = organisations(program).await?;
    let organisation = find_organisation(&all, which.organisation.as_deref())?.clone();
    let caller = Caller::job(organisation.id, CALLER);
    let failed = |failure| describe_account_failure(failure, &organisation, &which.account);
    if let Ok(id) = which.account.parse::<AccountId>() {
        let found = program.accounts.get(&caller, id).await.map_err(failed)?;
        return Ok((organisation, found));
    }
    let email = text::fold(text::trim(&which.account));
    if !email.contains('@') {
        return Err(failed(Failure::NotFound));
    }
    // The list is in the order of the email, so that equal ones come before those that only begin with it.
    let page = program.accounts.list(&caller, &which.account, AccountFilter::default(), None).await;
    let accounts = page.map_err(failed)?.accounts;
    let mut same: Vec<Account> =
        accounts.into_iter().filter(|account| text::fold(&account.email) == email).collect();
    if same.len() > 1 {
        let keys: Vec<_> = same.iter().map(|account| account.id.to_string()).collect();
        return Err(format!(
            "Several accounts of {} have this email. Choose one with --account and its key: {}.",
            organisation.name,
            keys.join(", ")
        ));
    }
    let found = same.pop().ok_or_else(|| failed(Failure::NotFound))?;
    Ok((organisation, found))
}

/// A failure of a use case about an account.
fn describe_account_failure(failure: Failure, organisation: &Organisation, wanted: &str) -> String {
    match failure {
        Failure::NotFound => format!(
            "{} has no account “{}”. `mail360 account list` shows all accounts.",
            organisation.name,
            text::line(wanted)
        ),
        failure => describe_failure(failure),
    }
}

async fn show_account(program: &Program, which: &AccountSelector) -> CommandResult {
    let (_, account) = find_account(program, which).await?;
    let provider = provider_of(&account, &program.providers).map_err(describe_failure)?;
    let read = program.database.read();
    let connector = program.connectors.find(&read, account.organisation, account.connector).await;
    let connector = connector.map_err(|error| error.to_string())?;
    let connector = connector.map_or_else(
        || "deleted".to_owned(),
        |connector| format!("{} ({})", connector.service_name.as_str(), provider.names().service),
    );
    let forecast = program.grants.forecast(&read, &account).await.map_err(|error| error.to_string())?;
    let mut facts = describe_account(&account, &provider, connector);
    facts.extend(describe_forecast(forecast.as_ref(), &provider));
    for (label, value) in facts {
        print_line(&format!("{label:<18}{value}"));
    }
    Ok(())
}

type Fact = (&'static str, String);

/// The account's identity and its state.
fn describe_account(account: &Account, provider: &SharedProvider, connector: String) -> Vec<Fact> {
    let mut facts = vec![("Account key:", account.id.to_string()), ("Email:", text::line(&account.email))];
    if !account.name.is_empty() {
        facts.push(("Name:", text::line(&account.name)));
    }
    if let Some(reference) = &account.reference {
        facts.push(("Reference:", text::line(reference)));
    }
    facts.push(("Connector:", connector));
    let since = account.state_since.for_people();
    facts.push(("State:", format!("{}, since {since}", account.state.words())));
    if let Some(reason) = reason_line(account, provider) {
        facts.push(("Reason:", reason));
    }
    if let Some(code) = account.provider_words.as_ref().and_then(|words| provider.code(words)) {
        facts.push(("Provider's code:", code.text));
    }
    if let Some(outlook) = outlook_words(account.state, provider.names()) {
        facts.push(("Next step:", outlook));
    }
    if let Some(Paused { at, by }) = account.paused {
        let by = if by.is_some() { "an administrator" } else { "the operator" };
        facts.push(("Paused:", format!("since {}, by {by}", at.for_people())));
    }
    facts.push(("Last sign-in:", account.signed_in_at.for_people()));
    facts
}

/// What the account may do, and what happens next.
fn describe_forecast(forecast: Option<&Forecast>, provider: &SharedProvider) -> Vec<Fact> {
    let Some(forecast) = forecast else {
        return vec![("Access:", "none is stored".to_owned())];
    };
    let mut facts = Vec::new();
    for (label, scopes) in [("Permission:", &forecast.granted), ("Not granted:", &forecast.missing)] {
        facts.extend(scopes.iter().map(|scope| {
            let words = provider.permission_words(scope, Language::English);
            (label, words.map_or_else(|| scope.clone(), |words| format!("{scope} ({words})")))
        }));
    }
    let last = forecast.refreshed_at.map_or_else(|| "none yet".to_owned(), Timestamp::for_people);
    facts.push(("Last refresh:", last));
    let next = forecast.next_refresh_at.map_or_else(|| "not scheduled".to_owned(), Timestamp::for_people);
    facts.push(("Next refresh:", next));
    if let Some(end) = forecast.ends_at {
        let (provider, day) = (provider.names().provider, end.day_for_people());
        facts.push(("Ends:", format!("{provider} gave the access for a limited time, until {day}")));
    }
    if let Some(end) = forecast.idle_end {
        let (provider, day) = (provider.names().provider, end.day_for_people());
        facts.push(("Without any:", format!("{provider} would end the access on {day}")));
    }
    facts
}

async fn set_paused(program: &Program, which: &AccountSelector, pause: bool) -> CommandResult {
    let (organisation, account) = find_account(program, which).await?;
    let (accounts, email) = (&program.accounts, text::line(&account.email));
    let changed = if pause {
        accounts.pause_as_operator(organisation.id, account.id).await
    } else {
        accounts.resume_as_operator(organisation.id, account.id).await
    };
    let changed =
        changed.map_err(|failure| describe_account_failure(failure, &organisation, &which.account))?;
    print_line(&match (changed, pause) {
        (true, true) => format!("{email} is paused. Calls of your software are refused."),
        (true, false) => format!("{email} is resumed."),
        (false, true) => format!("Nothing to change: {email} is paused already."),
        (false, false) => format!("Nothing to change: {email} is not paused."),
    });
    Ok(())
}

async fn delete_account(program: &Program, which: &AccountSelector) -> CommandResult {
    let (organisation, account) = find_account(program, which).await?;
    let deleted = program.accounts.delete_as_operator(organisation.id, account.id).await;
    deleted.map_err(|failure| describe_account_failure(failure, &organisation, &which.account))?;
    print_line("The account is deleted.");
    let provider = program.providers.find(&account.provider);
    if let Some(place) = provider.and_then(|provider| provider.removal_place()) {
        let url = place.url.map_or_else(String::new, |url| format!(" {url}"));
        print_line(&format!("{}{url}", place.words));
    }
    Ok(())
}
