//! The parts of an account's page: the head with its buttons, the state with the one next step, the permissions, what
//! happens next, the ids for support, and how the access is ended.

use leptos::prelude::*;
use time::Date;

use crate::{
    accounts::{
        model::{AccountState, StateReason},
        pages::{NextStep, StateBadge, outlook_words, reason_words},
        service::{Account, AccountId, grants::Forecast},
    },
    connectors::service::Connector,
    platform::{clock::Timestamp, language::Language},
    providers::SharedProvider,
    ui::{
        email::EmailText,
        icons::Icon,
        islands::SendOnce,
        links::NewWindow,
        widgets::{Back, Copyable, Moment, Notice, Tone},
    },
};

/// A button that does something to the account.
#[component]
fn AccountButton(
    account: AccountId,
    /// The last part of the address to which it sends.
    what: &'static str,
    words: &'static str,
    /// Its classes.
    #[prop(default = "button")]
    look: &'static str,
) -> impl IntoView {
    view! {
        <SendOnce>
            <form method="post" action=format!("/accounts/{account}/{what}")>
                <button class=look>{words}</button>
            </form>
        </SendOnce>
    }
}

#[component]
pub(super) fn Head(
    account: Account,
    /// Whether its connector, and with it the account, is being deleted.
    is_being_deleted: bool,
) -> impl IntoView {
    let Account { id, email, name, state, paused, .. } = account;
    let has_access = !matches!(state, AccountState::NeedsSignIn | AccountState::Disconnected);
    let test = (has_access && paused.is_none()).then(|| {
        view! { <AccountButton account=id what="test" words="Test access" /> }
    });
    let pause = match paused {
        Some(_) => view! { <AccountButton account=id what="resume" words="Resume" /> }.into_any(),
        None if state == AccountState::Disconnected => ().into_any(),
        None => view! { <AccountButton account=id what="pause" words="Pause" /> }.into_any(),
    };
    let buttons = (!is_being_deleted).then(|| view! { <div class="row">{test} {pause}</div> });
    let deleted = is_being_deleted.then(|| {
        view! {
            <Notice tone=Tone::Warn title="The connector of this account is being deleted">
                <p>"The account is deleted with it. Your software cannot use it any more."</p>
            </Notice>
        }
    });
    let name = (!name.is_empty()).then(|| view! { <p class="soft"><bdi>{name}</bdi></p> });
    view! {
        <div class="head">
            <div>
                <Back to="/accounts" what="Accounts" />
                <h1><EmailText email=email /></h1>
                {name}
            </div>
            {buttons}
        </div>
        {deleted}
    }
}

/// Whether a refresh can bring the access back without a sign-in.
fn can_try_again(account: &Account) -> bool {
    let is_gone = matches!(
        account.reason,
        Some(StateReason::ApplicationChanged | StateReason::TokenUnreadable | StateReason::Interrupted)
    );
    account.state == AccountState::NeedsSignIn && !is_gone
}

/// The one next step of a state, and *Try again* beside a sign-in if a refresh may do as well.
fn draw_step(account: &Account) -> Option<impl IntoView + use<>> {
    let id = account.id;
    let step = match account.state.next_step() {
        NextStep::None => return None,
        NextStep::SignIn => {
            let to = format!("/accounts/{id}/link");
            view! { <a class="button primary" href=to>"Make a link to sign in again"</a> }.into_any()
        }
        NextStep::TryAgain => {
            view! { <AccountButton account=id what="try-again" words="Try again" look="button primary" /> }
                .into_any()
        }
        NextStep::OpenConnector => {
            let to = format!("/connectors/{}", account.connector);
            view! { <a class="button primary" href=to>"Open the connector"</a> }.into_any()
        }
    };
    let again = can_try_again(account).then(|| {
        view! { <AccountButton account=id what="try-again" words="Try again without a sign-in" /> }
    });
    Some(view! { <div class="row">{step} {again}</div> })
}

/// The way to a link for the account if its state asks for none: only such a link moves it to another connector.
fn draw_link(account: &Account) -> Option<impl IntoView + use<>> {
    let is_step = account.state.next_step() == NextStep::SignIn;
    let to = format!("/accounts/{}/link", account.id);
    (!is_step).then(|| {
        view! { <p class="note"><a href=to>"Make a link: sign in again, or move to another connector"</a></p> }
    })
}

/// Why the account is in its state. The provider's own code, if this program has words for it, is more exact.
fn draw_reason(account: &Account, provider: &SharedProvider) -> Option<impl IntoView + use<>> {
    let reason = reason_words(account.reason?, provider.names());
    let code = account.provider_words.as_ref().and_then(|words| provider.code(words));
    let code = code.map(|code| {
        let words = code.diagnosis.map(|diagnosis| format!("{}: {} ", diagnosis.title, diagnosis.what));
        let text = match code.page {
            Some(page) => view! { <NewWindow to=page words=code.text /> }.into_any(),
            None => view! { <code>{code.text}</code> }.into_any(),
        };
        view! { <p class="soft">{words} {text}</p> }
    });
    let by_age = (account.reason == Some(StateReason::GrantRefused))
        .then(|| provider.end_by_age(account.state_since.since(account.signed_in_at)))
        .flatten()
        .map(|words| view! { <p>{words}</p> });
    Some(view! { <p>{reason}</p> {by_age} {code} })
}

#[component]
pub(super) fn StateCard(
    account: Account,
    connector: Connector,
    provider: SharedProvider,
    /// Name and email of the user who paused it.
    paused_by: Option<String>,
) -> impl IntoView {
    let (state, name) = (account.state, connector.service_name.as_str().to_owned());
    let to = format!("/connectors/{}", connector.id);
    let through = view! { <a href=to><bdi>{name}</bdi></a> };
    let since = match state {
        AccountState::Connected => {
            let at = account.signed_in_at;
            view! { <p class="soft">"Connected through " {through} ". Last sign-in: " <Moment at=at /> "."</p> }
                .into_any()
        }
        _ => view! { <p class="soft">"Since " <Moment at=account.state_since /> ". Connector: " {through} "."</p> }
            .into_any(),
    };
    let reason = draw_reason(&account, &provider);
    let outlook = outlook_words(state, provider.names()).map(|words| view! { <p>{words}</p> });
    let paused = account.paused.map(|paused| {
        let by = paused_by.unwrap_or_else(|| "the operator or a deleted user".to_owned());
        view! {
            <p>"Paused by " <bdi>{by}</bdi> " on " <Moment at=paused.at /> ". Calls of your software are refused."</p>
        }
    });
    let is_usable = connector.deleted_at.is_none();
    let step = is_usable.then(|| draw_step(&account)).flatten();
    let link = is_usable.then(|| draw_link(&account)).flatten();
    view! {
        <section class="card low" aria-labelledby="state-title">
            <h2 id="state-title">"State"</h2>
            <p><StateBadge state=state is_paused={account.paused.is_some()} /></p>
            {reason}
            {outlook}
            {since}
            {paused}
            {step}
            {link}
        </section>
    }
}

/// What permissions allow, each meaning once.
fn meanings(provider: &SharedProvider, scopes: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for scope in scopes {
        let words = provider.permission_words(scope, Language::English).unwrap_or(scope.as_str()).to_owned();
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}

#[component]
pub(super) fn MayDo(
    account: AccountId,
    provider: SharedProvider,
    forecast: Forecast,
    /// Whether the software can use the account in its present state.
    works: bool,
    /// Whether a permission is missing that a new sign-in can ask for.
    can_ask: bool,
) -> impl IntoView {
    let Forecast { granted, missing, .. } = forecast;
    let granted = meanings(&provider, &granted)
        .into_iter()
        .map(|words| {
            let class = if works { "good" } else { "" };
            view! { <li class=class>{Icon::Good.draw()}<p>{words}</p></li> }
        })
        .collect_view();
    let missing = meanings(&provider, &missing)
        .into_iter()
        .map(|words| {
            let not = view! { <span class="soft">"(not granted)"</span> };
            view! { <li class="warn">{Icon::Warning.draw()}<p>{words} " " {not}</p></li> }
        })
        .collect_view();
    let refused =
        (!works).then(|| view! { <p>"Your software cannot use any of this now: see the state above."</p> });
    let ask = can_ask.then(|| {
        let to = format!("/accounts/{account}/link");
        view! { <div class="row"><a class="button" href=to>"Make a link to ask again"</a></div> }
    });
    view! {
        <section class="card low" aria-labelledby="may-title">
            <h2 id="may-title">"What your software may do"</h2>
            {refused}
            <p class="soft note">
                "The owner of the mailbox has read these words: “you” and “your” mean the owner."
            </p>
            <ul class="may-do" role="list">{granted} {missing}</ul>
            {ask}
        </section>
    }
}

#[component]
pub(super) fn WhatNext(
    state: AccountState,
    connector: Connector,
    forecast: Option<Forecast>,
    /// The provider's own words for the last failure that it gave a code for, and when that was.
    policy: Option<(String, Timestamp)>,
    today: Date,
) -> impl IntoView {
    let provider = connector.names().provider;
    let times = forecast.map(|forecast| {
        let Forecast { next_refresh_at, idle_end, ends_at, refreshed_at, .. } = forecast;
        let next = match next_refresh_at {
            Some(at) => view! { <li>"Next refresh: " <Moment at=at /></li> }.into_any(),
            None if state == AccountState::NeedsSignIn => {
                view! { <li>"No refresh before the next sign-in."</li> }.into_any()
            }
            None => view! { <li>"No refresh before the cause in the state above is gone."</li> }.into_any(),
        };
        let last = refreshed_at.map(|at| view! { <li>"Last refresh: " <Moment at=at /></li> });
        let idle = idle_end.filter(|_| state != AccountState::NeedsSignIn).map(|at| {
            view! {
                <li>
                    {format!("Without a refresh, {provider} ends the access on ")}
                    <Moment at=at /> "."
                </li>
            }
        });
        let end = ends_at.filter(|_| state != AccountState::NeedsSignIn).map(|at| {
            view! {
                <li>
                    {format!("{provider} gave the access for a limited time and ends it on ")}
                    <Moment at=at />
                    {format!(
                        ". The owner of the mailbox must sign in again by then. {provider} does so for applications that \
                         are still in testing."
                    )}
                </li>
            }
        });
        view! { {next} {last} {end} {idle} }
    });
    let about_refreshes = times
        .is_some()
        .then(|| view! { <p class="soft note">"A refresh renews the access. It happens automatically."</p> });
    let none =
        times.is_none().then(|| view! { <li>"Nothing, until the owner of the mailbox signs in."</li> });
    // Without access no secret is used.
    let secret = connector.secret_expires_on.filter(|_| state != AccountState::Disconnected);
    let secret = secret.map(|day| {
        let to = format!("/connectors/{}", connector.id);
        let distance = day.distance(today);
        view! {
            <li>
                "The last day of the " <a href=to>"connector’s"</a> " client secret is "
                <time datetime=day.to_string()>{day.for_people()}</time>
                {format!(" ({distance}). If the secret is not replaced by then, accounts stop working.")}
            </li>
        }
    });
    let policy = policy.map(|(words, at)| view! { <li>{words} ", last seen on " <Moment at=at /></li> });
    view! {
        <section class="card low" aria-labelledby="next-title">
            <h2 id="next-title">"What happens next"</h2>
            {about_refreshes}
            <ul class="list">{none} {times} {secret} {policy}</ul>
        </section>
    }
}

/// The ids that only support and developers need.
#[component]
pub(super) fn SupportDetails(account: Account) -> impl IntoView {
    let Account { id, subject, reference, created_at, .. } = account;
    let reference = reference.map(|reference| {
        view! { <div><dt>"Reference"</dt><dd><code>{reference}</code></dd></div> }
    });
    view! {
        <details class="disclosure">
            <summary>"Details for support"</summary>
            <dl class="facts">
                <div>
                    <dt>"Account key"</dt>
                    <dd><Copyable value=id.to_string() what="the account key" /></dd>
                </div>
                {reference}
                <div><dt>"Identity at the provider"</dt><dd><code>{subject}</code></dd></div>
                <div><dt>"First connected"</dt><dd><Moment at=created_at /></dd></div>
            </dl>
        </details>
    }
}

/// How the access is ended, and how the account is deleted.
#[component]
pub(super) fn EndSections(account: Account, provider: SharedProvider) -> impl IntoView {
    let Account { id, email, state, .. } = account;
    let draw_place = || {
        provider.removal_place().map(|place| {
            let link = place.url.map(|url| view! { " " <NewWindow to=url words=place.link /> });
            view! { <li>{place.words} {link}</li> }
        })
    };
    let has_access = state != AccountState::Disconnected;
    let loses = has_access.then_some("Your software loses the access to this mailbox at once. ");
    let disconnect = has_access.then(|| {
        view! {
            <details class="disclosure">
                <summary><span>"Disconnect " <EmailText email=email.clone() /></span></summary>
                <div class="stack tight">
                    <ul class="list">
                        <li>"Your software loses the access to this mailbox at once. We erase it."</li>
                        <li>"The account stays here, with its key and its history, for a new sign-in."</li>
                        {draw_place()}
                    </ul>
                    <AccountButton
                        account=id
                        what="disconnect"
                        words="Disconnect the account"
                        look="button danger final"
                    />
                </div>
            </details>
        }
    });
    view! {
        <section class="card low" aria-labelledby="end-title">
            <h2 id="end-title">"End the access"</h2>
            {disconnect}
            <details class="disclosure">
                <summary><span>"Delete " <EmailText email=email /></span></summary>
                <div class="stack tight">
                    <ul class="list">
                        <li>{loses} "This cannot be undone."</li>
                        <li>"Its access, its history and its links are erased. The activity keeps its email."</li>
                        <li>"If the mailbox is connected again, it becomes another account with another key."</li>
                        {draw_place()}
                    </ul>
                    <AccountButton
                        account=id
                        what="delete"
                        words="Delete the account"
                        look="button danger final"
                    />
                </div>
            </details>
        </section>
    }
}
