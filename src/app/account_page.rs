//! `/accounts/{id}`: an account with its state and the one next step, its permissions, what happens next, and its
//! history. It is in `app` because it joins accounts, their connector, activity and users.

mod history;
mod parts;
mod tested;

use axum::{
    Extension,
    extract::{Path, State},
    response::Redirect,
};
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use self::{
    history::{AccountHistory, HistoryLine},
    parts::{EndSections, Head, MayDo, StateCard, SupportDetails, WhatNext},
    tested::TestedNotice,
};
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
    connectors::service::{Connector, ConnectorService},
    people::{
        access::{Admin, Member},
        model::UserLabel,
        service::People,
    },
    platform::{clock::Timestamp, failure::Failure, page::Page},
    providers::{Providers, SharedProvider},
    ui::widgets::{Notice, Tone},
};

/// What the page works with.
struct Services {
    accounts: AccountService,
    connectors: ConnectorService,
    log: ActivityLog,
    people: People,
    providers: Providers,
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
            By::NoUser => None,
        });
        let paused_by = account.paused.and_then(|paused| paused.by);
        let users = self.people.names(admin.organisation(), by.chain(paused_by)).await?;
        let model = AccountView {
            policy: history::last_code(&events, &provider),
            history: history::merge(&events, entries, &moves, &users, &provider),
            paused_by: paused_by.and_then(|user| users.get(&user)).map(UserLabel::to_string),
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

fn parse(id: &str) -> Result<AccountId, Failure> {
    id.parse().map_err(|_| Failure::NotFound)
}

/// `GET /accounts/{id}`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id = parse(&id)?;
    let change = AccountNotice::about(&session, id, accounts.now()).await?;
    let services = Services { accounts, connectors, log, people, providers };
    services.page(&member.admin()?, id, change, None).await
}

/// `POST /accounts/{id}/test`. The answer shows what was read; nothing of it is stored.
pub async fn test(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let (id, admin) = (parse(&id)?, member.admin()?);
    let tested = accounts.test_access(&admin, id).await?;
    let services = Services { accounts, connectors, log, people, providers };
    services.page(&admin, id, None, Some(tested)).await
}

/// Keeps a message for the account's page, and goes there.
async fn go_to_page(
    session: &Session,
    accounts: &AccountService,
    account: AccountId,
    change: Option<AccountChange>,
) -> Result<Redirect, Failure> {
    if let Some(change) = change {
        AccountNotice { account, change }.keep(session, accounts.now()).await?;
    }
    Ok(Redirect::to(&format!("/accounts/{account}")))
}

/// `POST /accounts/{id}/pause`.
pub async fn pause(
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse(&id)?;
    accounts.pause(&member.admin()?, id).await?;
    go_to_page(&session, &accounts, id, Some(AccountChange::Paused)).await
}

/// `POST /accounts/{id}/resume`.
pub async fn resume(
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse(&id)?;
    accounts.resume(&member.admin()?, id).await?;
    go_to_page(&session, &accounts, id, Some(AccountChange::Resumed)).await
}

/// `POST /accounts/{id}/try-again`.
pub async fn try_again(
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse(&id)?;
    let state = accounts.try_again(&member.admin()?, id).await?;
    go_to_page(&session, &accounts, id, Some(AccountChange::tried_again(state))).await
}

/// `POST /accounts/{id}/disconnect`.
pub async fn disconnect(
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse(&id)?;
    let admin = member.admin()?.reauthenticated()?;
    accounts.disconnect(&admin, id).await?;
    go_to_page(&session, &accounts, id, Some(AccountChange::Disconnected)).await
}

/// `POST /accounts/{id}/delete`.
pub async fn delete(
    State(accounts): State<AccountService>,
    Extension(member): Extension<Member>,
    session: Session,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let id = parse(&id)?;
    let admin = member.admin()?.reauthenticated()?;
    let before = AccountNotice::deleted(&session, accounts.now()).await?;
    let email = match accounts.get(&admin.caller(), id).await {
        Ok(account) => {
            accounts.delete(&admin, id).await?;
            account.email
        }
        // On a double click the first request has deleted the account, and the list says so.
        Err(Failure::NotFound) => before.ok_or(Failure::NotFound)?,
        Err(failure) => return Err(failure),
    };
    AccountNotice { account: id, change: AccountChange::Deleted(email) }
        .keep(&session, accounts.now())
        .await?;
    Ok(Redirect::to("/accounts"))
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
        now,
        today,
    } = model;
    let is_being_deleted = connector.deleted_at.is_some();
    let notice = change.map(|change| view! { <ChangeMessage change=change provider=provider.clone() /> });
    let tested = tested.map(|tested| view! { <TestedNotice tested=tested provider=provider.clone() /> });
    let lacks = forecast.as_ref().is_some_and(|forecast| !forecast.missing.is_empty());
    let works = account.state != AccountState::NeedsSignIn && account.paused.is_none() && !is_being_deleted;
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
                <SupportDetails account=account />
            </div>
            <AccountHistory lines=history now=now />
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
            <Notice tone=Tone::Good title="The account is not paused any more">
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
