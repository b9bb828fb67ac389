//! `/accounts/{id}`: an account with its state and the one next step, its permissions, what happens next, and its
//! history. It is in `app` because it joins accounts, their connector, activity and users.

mod api;
mod history;
mod parts;
mod tested;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension,
    extract::{FromRef, FromRequestParts, Path},
    response::{IntoResponse, Redirect, Response},
};
use http::request::Parts;
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use self::{
    api::{AccountCalls, TryIt},
    history::{AccountHistory, HistoryLine},
    parts::{EndSections, Head, MayDo, StateCard, SupportDetails, WhatNext},
    tested::TestedNotice,
};
use super::{calls_page::CallNames, recorded::UserNames};
use crate::{
    accounts::{
        model::AccountState,
        notice::{AccountChange, AccountNotice},
        pages::provider_of,
        service::{
            Account, AccountId, AccountService,
            grants::{AccessTested, Forecast},
        },
    },
    activity::{
        model::{ActivityFilter, By},
        service::ActivityLog,
    },
    clients::{
        calls::{CallEntry, CallFilter, Calls},
        service::ClientService,
    },
    connectors::service::{Connector, ConnectorService},
    people::{
        access::{Admin, Member},
        model::UserLabel,
        service::People,
    },
    platform::{clock::Timestamp, config::Config, failure::Failure, page::Page},
    providers::{Providers, SharedProvider},
    ui::widgets::{Notice, Tone},
};

/// Number of calls that the page shows.
const MAX_CALLS: usize = 5;

/// What the page works with.
pub struct Services {
    accounts: AccountService,
    connectors: ConnectorService,
    log: ActivityLog,
    people: People,
    providers: Providers,
    calls: Calls,
    clients: ClientService,
    config: Arc<Config>,
}

impl<S> FromRequestParts<S> for Services
where
    S: Sync,
    AccountService: FromRef<S>,
    ConnectorService: FromRef<S>,
    ActivityLog: FromRef<S>,
    People: FromRef<S>,
    Providers: FromRef<S>,
    Calls: FromRef<S>,
    ClientService: FromRef<S>,
    Arc<Config>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            accounts: AccountService::from_ref(state),
            connectors: ConnectorService::from_ref(state),
            log: ActivityLog::from_ref(state),
            people: People::from_ref(state),
            providers: Providers::from_ref(state),
            calls: Calls::from_ref(state),
            clients: ClientService::from_ref(state),
            config: Arc::<Config>::from_ref(state),
        })
    }
}

impl Services {
    /// The page with the result of the last action or of a test of the access.
    async fn page(
        &self,
        admin: &Admin,
        id: AccountId,
        change: Option<AccountChange>,
        tested: Option<AccessTested>,
    ) -> Result<Page, Failure> {
        let caller = admin.caller();
        let account = self.accounts.get(&caller, id).await?;
        let provider = provider_of(&account, &self.providers)?;
        let connector = self.connectors.get(&caller, account.connector).await?;
        let forecast = self.accounts.grants().read_forecast(admin, &account).await?;
        let events = self.accounts.history(admin, id).await?;
        let moves = history::connectors_of(&events);
        let moves = self.connectors.find_choices(&caller, &moves).await?;
        let about = ActivityFilter { about: Some(id.0), ..ActivityFilter::default() };
        let entries = self.log.page(admin.organisation(), about, None).await?.entries;
        let by = entries.iter().filter_map(|entry| match entry.by {
            By::User(user) => Some(user),
            By::Client(_) | By::NoUser => None,
        });
        let paused_by = account.paused.and_then(|paused| paused.by);
        let users = self.people.names(admin.organisation(), by.chain(paused_by)).await?;
        let filter = CallFilter { account: Some(id), ..CallFilter::default() };
        let calls = self.calls.newest(admin, filter, None, MAX_CALLS).await?;
        let has_client = !calls.is_empty() || entries.iter().any(|entry| matches!(entry.by, By::Client(_)));
        let clients = if has_client { self.clients.names(admin).await? } else { Vec::new() };
        let names = UserNames::of_labels(users).with_clients(clients.clone());
        let model = AccountView {
            policy: history::last_code(&events, &provider),
            history: history::merge(&events, entries, &moves, &names, &provider),
            paused_by: paused_by.and_then(|user| names.labels.get(&user)).map(UserLabel::to_string),
            calls: AccountCallsView {
                entries: calls,
                names: CallNames { clients: clients.into_iter().collect(), ..CallNames::default() },
            },
            api: self.config.public_url.join("/api"),
            now: self.accounts.now(),
            today: self.connectors.today(),
            account,
            connector,
            provider,
            forecast,
            change,
            tested,
        };
        Ok(Page::new(model.account.email.clone(), move || view! { <AccountPage model=model /> }.into_any()))
    }
}

/// The newest calls for an account, with the names of their clients.
struct AccountCallsView {
    entries: Vec<CallEntry>,
    names: CallNames,
}

/// What an administrator does at the account in the path.
pub struct AtAccount {
    accounts: AccountService,
    admin: Admin,
    session: Session,
    id: AccountId,
}

impl<S> FromRequestParts<S> for AtAccount
where
    S: Send + Sync,
    AccountService: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let member = Extension::<Member>::from_request_parts(parts, state).await;
        let Extension(member) = member.map_err(IntoResponse::into_response)?;
        let session = Session::from_request_parts(parts, state).await;
        let session = session.map_err(IntoResponse::into_response)?;
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Path(id) = path.map_err(IntoResponse::into_response)?;
        let id: AccountId = id.parse().map_err(|_| Failure::NotFound.into_response())?;
        let admin = member.admin().map_err(IntoResponse::into_response)?;
        Ok(Self { accounts: AccountService::from_ref(state), admin, session, id })
    }
}

impl AtAccount {
    /// Keeps a message about the account for the page that the browser goes to.
    async fn go_to(&self, address: &str, change: AccountChange) -> Result<Redirect, Failure> {
        let notice = AccountNotice { account: self.id, change };
        notice.keep(&self.session, self.accounts.now()).await?;
        Ok(Redirect::to(address))
    }

    /// The same for the account's own page.
    async fn go_to_page(&self, change: AccountChange) -> Result<Redirect, Failure> {
        self.go_to(&format!("/accounts/{}", self.id), change).await
    }
}

/// `GET /accounts/{id}`.
pub async fn show(services: Services, at: AtAccount) -> Result<Page, Failure> {
    let change = AccountNotice::about(&at.session, at.id, at.accounts.now()).await?;
    services.page(&at.admin, at.id, change, None).await
}

/// `POST /accounts/{id}/test`. The answer shows what was read; nothing of it is stored.
pub async fn test(services: Services, at: AtAccount) -> Result<Page, Failure> {
    let tested = at.accounts.test_access(&at.admin, at.id).await?;
    services.page(&at.admin, at.id, None, Some(tested)).await
}

/// `POST /accounts/{id}/pause`.
pub async fn pause(at: AtAccount) -> Result<Redirect, Failure> {
    at.accounts.pause(&at.admin, at.id).await?;
    at.go_to_page(AccountChange::Paused).await
}

/// `POST /accounts/{id}/resume`.
pub async fn resume(at: AtAccount) -> Result<Redirect, Failure> {
    at.accounts.resume(&at.admin, at.id).await?;
    at.go_to_page(AccountChange::Resumed).await
}

/// `POST /accounts/{id}/try-again`.
pub async fn try_again(at: AtAccount) -> Result<Redirect, Failure> {
    let state = at.accounts.try_again(&at.admin, at.id).await?;
    at.go_to_page(AccountChange::tried_again(state)).await
}

/// `POST /accounts/{id}/disconnect`.
pub async fn disconnect(at: AtAccount) -> Result<Redirect, Failure> {
    let admin = at.admin.clone().reauthenticated()?;
    at.accounts.disconnect(&admin, at.id).await?;
    at.go_to_page(AccountChange::Disconnected).await
}

/// `POST /accounts/{id}/delete`.
pub async fn delete(at: AtAccount) -> Result<Redirect, Failure> {
    let admin = at.admin.clone().reauthenticated()?;
    let before = AccountNotice::deleted(&at.session, at.accounts.now()).await?;
    let email = match at.accounts.get(&admin.caller(), at.id).await {
        Ok(account) => {
            at.accounts.delete(&admin, at.id).await?;
            account.email
        }
        // On a double click the first request has deleted the account, and the list says so.
        Err(Failure::NotFound) => before.ok_or(Failure::NotFound)?,
        Err(failure) => return Err(failure),
    };
    at.go_to("/accounts", AccountChange::Deleted(email)).await
}

struct AccountView {
    account: Account,
    connector: Connector,
    provider: SharedProvider,
    /// `None` if the account has no grant.
    forecast: Option<Forecast>,
    history: Vec<HistoryLine>,
    /// The provider's own words for the last failure that it gave a code for, and when that was.
    policy: Option<(String, Timestamp)>,
    /// Name and email of the user who paused the account.
    paused_by: Option<String>,
    change: Option<AccountChange>,
    tested: Option<AccessTested>,
    calls: AccountCallsView,
    /// The base address of the API.
    api: String,
    now: Timestamp,
    today: Date,
}

#[component]
fn AccountPage(model: AccountView) -> impl IntoView {
    let AccountView {
        account,
        connector,
        provider,
        forecast,
        history,
        policy,
        paused_by,
        change,
        tested,
        calls,
        api,
        now,
        today,
    } = model;
    let id = account.id;
    let is_being_deleted = connector.deleted_at.is_some();
    let notice = change.map(|change| view! { <ChangeMessage change=change provider=provider.clone() /> });
    let tested = tested.map(|tested| {
        let client_id = connector.client_id.clone();
        view! { <TestedNotice tested=tested provider=provider.clone() client_id=client_id /> }
    });
    let lacks = forecast.as_ref().is_some_and(|forecast| !forecast.missing.is_empty());
    let works = account.state != AccountState::NeedsSignIn && account.paused.is_none() && !is_being_deleted;
    let may_send = forecast.as_ref().is_some_and(|forecast| provider.abilities(&forecast.granted).sends_mail);
    let sends_from = (may_send && works).then(|| account.email.clone());
    let may_do = forecast.clone().map(|forecast| {
        let can_ask = account.state == AccountState::Connected && !is_being_deleted;
        view! {
            <MayDo
                account=account.id
                provider=provider.clone()
                forecast=forecast
                works=works
                can_ask={can_ask && lacks}
            />
        }
    });
    let next = view! {
        <WhatNext
            state=account.state
            connector=connector.clone()
            forecast=forecast
            policy=policy
            today=today
        />
    };
    let end = (!is_being_deleted).then(|| {
        view! { <EndSections account=account.clone() provider=provider.clone() /> }
    });
    view! {
        <Head account=account.clone() is_being_deleted=is_being_deleted />
        {notice}
        {tested}
        <div class="beside">
            <div class="stack">
                <StateCard account=account.clone() connector=connector provider=provider paused_by=paused_by />
                {may_do}
                {next}
                <div class="stack tight">
                    <TryIt account=id api=api sends_from=sends_from />
                    <SupportDetails account=account />
                </div>
            </div>
            <div class="stack">
                <AccountHistory lines=history now=now />
                <AccountCalls account=id calls=calls />
            </div>
        </div>
        {end}
    }
}

/// The result of the last action.
#[component]
fn ChangeMessage(change: AccountChange, provider: SharedProvider) -> impl IntoView {
    match change {
        AccountChange::Paused => view! {
            <Notice tone=Tone::Good title="The account is paused">
                <p>
                    "Calls of your software are refused. The access is kept alive, so the owner need not sign in later."
                </p>
            </Notice>
        }
        .into_any(),
        AccountChange::Resumed => view! {
            <Notice tone=Tone::Good title="The account is no longer paused">
                <p>"Your software can use it again."</p>
            </Notice>
        }
        .into_any(),
        AccountChange::Disconnected => view! { <Disconnected provider=provider /> }.into_any(),
        AccountChange::TriedAgain(state) if AccountState::from_name(&state) == Some(AccountState::Connected) => view! {
            <Notice tone=Tone::Good title="The account is connected">
                <p>{format!("{} has renewed the access.", provider.names().provider)}</p>
            </Notice>
        }
        .into_any(),
        AccountChange::TriedAgain(_) => view! {
            <Notice tone=Tone::Bad title="It did not work">
                <p>"The state below says why, and what to do."</p>
            </Notice>
        }
        .into_any(),
        // The list shows this notice, because the account's page is gone.
        AccountChange::Deleted(_) => ().into_any(),
    }
}

/// What remains at the provider after an account was disconnected.
#[component]
fn Disconnected(provider: SharedProvider) -> impl IntoView {
    let place = provider.removal_place().map(|place| {
        let link = place.url.map(|url| {
            view! { " " <crate::ui::links::NewWindow to=url words=place.link /> }
        });
        view! { <p>{place.words} {link}</p> }
    });
    view! {
        <Notice tone=Tone::Good title="The account is disconnected">
            <p>"We have erased the access. The account stays here, with its key, for a new sign-in."</p>
            {place}
        </Notice>
    }
}
