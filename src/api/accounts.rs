//! Accounts and connectors: list, get, enable and disable, delete, and the links with which people connect.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use super::{
    asked::Asked,
    envelope::Envelope,
    errors::{ApiError, Code},
    pages,
    refused::Refused,
    shapes::{Account, ConnectLink, Connector, Granted},
};
use crate::{
    accounts::service::{
        self, AccountFilter, AccountId, AccountService,
        links::{ConnectLinks, LinkErrors, LinkSource, NewLink},
    },
    connectors::{
        model::ConnectorState,
        service::{ConnectorId, ConnectorService},
    },
    people::access::Caller,
    platform::{database::word_index::Hit, failure::Failure, id::ApiClientId},
};

/// How long a cursor of the list works.
const CURSOR_LIFE: Duration = Duration::hours(24);
/// What a cursor of the list is sealed for.
const CURSOR: &str = "accounts of an API client";

/// A cursor of the list: the client that got it, the query, and the last account that it has read.
#[derive(Serialize, Deserialize)]
struct Cursor {
    client: Option<ApiClientId>,
    limit: usize,
    email_key: String,
    account: Uuid,
}

/// `GET /api/accounts`: a page, with `Next-Cursor` while there are more.
pub async fn list(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    asked: Asked,
) -> Result<Response, Refused> {
    let Asked { caller, given } = &asked;
    let limit = given.count("limit");
    let after = given.text("cursor").map(|cursor| open_cursor(&connectors, caller, limit, cursor));
    let after = after.transpose()?;
    let page = accounts.list_up_to(caller, "", AccountFilter::default(), after.as_ref(), limit).await?;
    let next = page.next.map(|Hit { sort_key, id }| Cursor {
        client: caller.client(),
        limit,
        email_key: sort_key,
        account: id,
    });
    let cursor = next.map(|next| connectors.seal_for_browser(CURSOR, &next)).transpose()?;
    pages::answer(describe(&accounts, &connectors, caller, page.accounts).await?, cursor)
}

/// The place at which a cursor continues the list. A cursor of another client or of another query is refused.
fn open_cursor(
    connectors: &ConnectorService,
    caller: &Caller,
    limit: usize,
    cursor: &str,
) -> Result<Hit, ApiError> {
    let opened: Option<Cursor> = connectors.open_from_browser(CURSOR, cursor, CURSOR_LIFE);
    let ours = opened.filter(|cursor| (cursor.client, cursor.limit) == (caller.client(), limit));
    ours.map(|Cursor { email_key, account, .. }| Hit { sort_key: email_key, id: account }).ok_or_else(|| {
        let more_info =
            "cursor: The cursor is older than 24 hours, or belongs to another list. Begin again without it.";
        ApiError::of(Code::InvalidValue, more_info)
    })
}

/// `GET /api/accounts/{account_key}`.
pub async fn get(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    asked: Asked,
) -> Result<Envelope<Account>, Refused> {
    let account = accounts.get(&asked.caller, asked.account()?).await?;
    let mut described = describe(&accounts, &connectors, &asked.caller, vec![account]).await?;
    Ok(Envelope::success(described.pop().ok_or(Failure::NotFound)?))
}

/// Adds what the accounts have granted, and the names of their connectors.
async fn describe(
    accounts: &AccountService,
    connectors: &ConnectorService,
    caller: &Caller,
    found: Vec<service::Account>,
) -> Result<Vec<Account>, Failure> {
    let mut permissions = accounts.grants().read_permissions(caller, &found).await?;
    let mut ids: Vec<ConnectorId> = found.iter().map(|account| account.connector).collect();
    ids.sort_unstable();
    ids.dedup();
    let names: HashMap<_, _> = connectors.find_choices(caller, &ids).await?;
    let described = found.into_iter().map(|account| {
        let permissions = permissions.remove(&account.id).unwrap_or_default();
        let connector = names.get(&account.connector);
        let abilities =
            connector.map(|connector| connector.provider.abilities(&permissions)).unwrap_or_default();
        let granted = Granted {
            connector: connector.map(|connector| connector.service_name.clone()),
            permissions,
            reads_mail: abilities.reads_mail,
            sends_mail: abilities.sends_mail,
        };
        Account::of(account, granted)
    });
    Ok(described.collect())
}

/// `PUT /api/accounts/{account_key}`: enables or disables the account.
pub async fn change(State(accounts): State<AccountService>, asked: Asked) -> Result<Envelope<()>, Refused> {
    let pause = asked.given.required("mode") == "disableAccount";
    accounts.set_paused_as_client(&asked.caller, asked.account()?, pause).await?;
    Ok(Envelope::done())
}

/// `DELETE /api/accounts/{account_key}`.
pub async fn delete(State(accounts): State<AccountService>, asked: Asked) -> Result<Envelope<()>, Refused> {
    accounts.delete_as_client(&asked.caller, asked.account()?).await?;
    Ok(Envelope::done())
}

/// `POST /api/accounts`: Mail360 adds an account with a password there.
pub async fn add(_: Asked) -> ApiError {
    ApiError::of(
        Code::NotSupported,
        "Accounts are connected by a sign-in at the provider. Make a link: POST /api/accounts/oauth.",
    )
}

/// `POST /api/accounts/oauth`: a link for a new account.
pub async fn add_by_oauth(
    State(accounts): State<AccountService>,
    State(links): State<ConnectLinks>,
    State(connectors): State<ConnectorService>,
    asked: Asked,
) -> Result<Envelope<ConnectLink>, Refused> {
    let connector = find_connector(&accounts, &connectors, &asked).await?;
    make_link(&links, &asked, connector, None).await
}

/// `PUT /api/accounts/{account_key}/oauth`: a link with which the owner of an account signs in again.
pub async fn update_by_oauth(
    State(accounts): State<AccountService>,
    State(links): State<ConnectLinks>,
    State(connectors): State<ConnectorService>,
    asked: Asked,
) -> Result<Envelope<ConnectLink>, Refused> {
    let account = accounts.get(&asked.caller, asked.account()?).await?;
    let hint = asked.given.required("hintEmail");
    if !hint.eq_ignore_ascii_case(&account.email) {
        let more_info =
            "hintEmail: Give the email of the account, as GET /api/accounts/{account_key} answers it.";
        return Err(Refused::of(Code::InvalidValue, more_info));
    }
    let connector = find_connector(&accounts, &connectors, &asked).await?;
    make_link(&links, &asked, connector, Some(account.id)).await
}

/// The connector that `mailProvider` names, if the client may use it.
async fn find_connector(
    accounts: &AccountService,
    connectors: &ConnectorService,
    Asked { caller, given }: &Asked,
) -> Result<ConnectorId, Refused> {
    if let Some(id) = connectors.find_by_name(caller, given.required("mailProvider")).await?
        && accounts.reaches_connector(caller, id).await?
    {
        return Ok(id);
    }
    let more_info = "mailProvider: No connector that the client may use has this Service Name.";
    Err(Refused::of(Code::InvalidValue, more_info))
}

async fn make_link(
    links: &ConnectLinks,
    Asked { caller, given }: &Asked,
    connector: ConnectorId,
    account: Option<AccountId>,
) -> Result<Envelope<ConnectLink>, Refused> {
    let text = |name: &str| given.text(name).map(str::to_owned);
    let new = NewLink {
        connector,
        account,
        expected_email: text("hintEmail"),
        name: text("displayName"),
        reference: None,
        return_address: text("rUrl"),
        state: text("state"),
        life: None,
        source: LinkSource::Api,
    };
    let made = links.make(caller, new).await?.map_err(explain)?;
    Ok(Envelope::success(ConnectLink { success: true, url: made.url.expose_secret().to_owned() }))
}

/// The mistakes in a link, by the names of the call.
fn explain(errors: LinkErrors) -> ApiError {
    let lines = errors.into_iter().map(|(field, words)| {
        let name = match field {
            "expected_email" => "hintEmail",
            "name" => "displayName",
            "return_address" => "rUrl",
            "connector" => "mailProvider",
            other => other,
        };
        format!("{name}: {words}")
    });
    ApiError::of(Code::InvalidValue, lines.collect::<Vec<_>>().join(" "))
}

/// `GET /api/connectors/{name}`.
pub async fn connector(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    asked: Asked,
) -> Result<Envelope<Connector>, Refused> {
    let Asked { caller, given } = &asked;
    let id = connectors.find_by_name(caller, given.required("name")).await?.ok_or(Failure::NotFound)?;
    if !accounts.reaches_connector(caller, id).await? {
        return Err(Failure::NotFound.into());
    }
    let connector = connectors.get(caller, id).await?;
    Ok(Envelope::success(Connector {
        name: connector.service_name.as_str().to_owned(),
        provider: connector.form().name().to_owned(),
        state: connector.state.name(),
        is_ready: connector.state == ConnectorState::Verified && connector.deleted_at.is_none(),
        permissions: connector.scopes,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_in_a_link_are_named_as_the_call_names_them() {
        let error = format!("{:?}", explain(vec![("return_address", "Add it."), ("state", "Shorter.")]));
        assert!(error.contains("rUrl: Add it. state: Shorter."), "{error}");
    }
}
