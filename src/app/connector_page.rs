//! `/connectors/{id}`: a connector's settings, accounts, sign-ins and activity. It is in `app` because it joins four
//! features.

mod accounts;
mod just_done;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use http::HeaderMap;
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use self::{
    accounts::{Accounts, BeingDeleted, ConnectorAccounts, LinksAndPermissions, MAX_LINKS},
    just_done::JustDone,
};
use super::{
    activity_page::address_about,
    recorded::{self, Author, EntrySentence, UserNames},
};
use crate::{
    accounts::service::{AccountId, AccountService, consent_links::ConsentLinks, links::ConnectLinks},
    activity::{
        model::{ActivityFilter, Recorded},
        service::ActivityLog,
    },
    clients::service::ClientService,
    connectors::{
        change_notice::{ChangeMade, ChangeNotice},
        pages::{ExpiryNotice, RedirectUri, Settings},
        service::{Connector, ConnectorId, ConnectorService},
    },
    people::{access::Member, service::People},
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        id::UserId,
        page::Page,
    },
    providers::{Providers, provider::ConsentOffer, redirect_warnings},
    sign_ins::{
        model::KEPT_PER_CONNECTOR,
        pages::{Message, MessageCard, Offers, REPLACE_SECRET, SignInList, StateCard, StateFacts},
        service::{SignInDetails, SignIns},
    },
    ui::widgets::{Back, Badge, Moment},
};

/// Number of sign-ins, and of activity entries, that the page shows.
const LATEST: usize = 10;

/// The parts that only an administrator sees.
#[derive(Clone)]
struct ForAdmins {
    sign_ins: Vec<SignInDetails>,
    more: bool,
    activity: Vec<(Author, Recorded)>,
    offers: Offers,
}

/// `GET /connectors/{id}`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    State(accounts): State<AccountService>,
    State(links): State<ConnectLinks>,
    State(consents): State<ConsentLinks>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(clients): State<ClientService>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let connector = connectors.get(&member.caller(), id).await?;
    let accounts = read_accounts(&accounts, &links, &consents, &member, &connector).await?;
    let for_admins = match member.admin() {
        Ok(admin) => {
            let offers = Offers::of(&sign_ins, &connector, &member)?;
            let users = people.users(admin.organisation()).await?;
            let users: Vec<_> = users.into_iter().map(|user| (user.id, user.name, user.email)).collect();
            let names = UserNames::of(&users).with_clients(clients.names(&admin).await?);
            let mut sign_ins = sign_ins.of_connector(&admin, id, LATEST as u64 + 1).await?;
            let more = sign_ins.len() > LATEST;
            sign_ins.truncate(LATEST);
            for sign_in in sign_ins.iter_mut().filter(|sign_in| !names.is_shared(&sign_in.user_name)) {
                sign_in.started_by.clone_from(&sign_in.user_name);
            }
            let about = ActivityFilter { about: Some(id.0), ..ActivityFilter::default() };
            let entries = log.page(admin.organisation(), about, None).await?.entries;
            let entries = entries.into_iter().take(LATEST);
            let with_author = |entry: Recorded| (names.shorten(names.author_of(&entry)), entry);
            let activity = entries.map(with_author).collect();
            Some(ForAdmins { sign_ins, more, activity, offers })
        }
        // A viewer only sees the settings.
        Err(_) => None,
    };
    let warnings = redirect_warnings(connector.provider.as_ref(), &config.public_url);
    let doctor = Doctor::new(&config.public_url, &headers, warnings);
    let model = ConnectorView {
        title: connector.service_name.as_str().to_owned(),
        connector,
        accounts,
        for_admins,
        notice: ChangeNotice::about(&session, id, connectors.now()).await?,
        today: connectors.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor,
        providers,
        viewer: member.user(),
    };
    Ok(Page::new(model.title.clone(), move || view! { <ConnectorPage model=model.clone() /> }.into_any()))
}

async fn read_accounts(
    accounts: &AccountService,
    links: &ConnectLinks,
    consents: &ConsentLinks,
    member: &Member,
    connector: &Connector,
) -> Result<ConnectorAccounts, Failure> {
    let caller = member.caller();
    let counts = accounts.counts(&caller, Some(connector.id)).await?;
    let for_admins = match member.admin() {
        Ok(admin) => {
            let lacking = accounts.grants().count_lacking_permissions(&admin, connector).await?;
            let mut to_ask: Vec<(AccountId, String)> =
                accounts.emails(&admin, &lacking.some).await?.into_iter().collect();
            to_ask.sort_by(|(_, one), (_, other)| one.cmp(other));
            Some(LinksAndPermissions {
                open_links: links.count_open(&caller, connector.id, MAX_LINKS + 1).await?,
                lacking,
                to_ask,
                approvals: match connector.application.consent_offer() {
                    ConsentOffer::NotOffered => None,
                    ConsentOffer::Own(_) | ConsentOffer::Any => {
                        Some(consents.counts(&admin, connector, MAX_LINKS + 1).await?)
                    }
                },
            })
        }
        Err(_) => None,
    };
    Ok(ConnectorAccounts { counts, for_admins })
}

/// `GET /connectors/{id}/sign-ins`: all stored sign-ins.
pub async fn sign_ins(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin.caller(), id).await?;
    let sign_ins = sign_ins.of_connector(&admin, id, KEPT_PER_CONNECTOR).await?;
    let (name, viewer) = (connector.service_name.as_str().to_owned(), admin.user());
    Ok(Page::new(format!("Sign-ins · {name}"), move || {
        view! {
            <div class="head">
                <div>
                    <Back to=format!("/connectors/{id}") what=name.clone() />
                    <h1>"Sign-ins"</h1>
                    <p class="soft">"The latest 100 sign-ins are kept for 90 days."</p>
                </div>
            </div>
            <div class="text">
                <SignInList sign_ins=sign_ins.clone() connector=connector.clone() logged_in_user=viewer />
            </div>
        }
        .into_any()
    }))
}

#[derive(Clone)]
struct ConnectorView {
    title: String,
    connector: Connector,
    accounts: ConnectorAccounts,
    for_admins: Option<ForAdmins>,
    notice: Option<ChangeNotice>,
    today: Date,
    redirect_uri: String,
    doctor: Doctor,
    providers: Providers,
    viewer: UserId,
}

#[component]
fn ConnectorPage(model: ConnectorView) -> impl IntoView {
    let ConnectorView {
        title,
        connector,
        accounts,
        for_admins,
        notice,
        today,
        redirect_uri,
        doctor,
        providers,
        viewer,
    } = model;
    // One that is being deleted cannot be changed, and its secret does not matter any more.
    let is_being_deleted = connector.deleted_at.is_some();
    let deleted = is_being_deleted.then(|| view! { <BeingDeleted /> });
    let admin = for_admins.is_some();
    let may_change = admin && !is_being_deleted;
    let (id, names) = (connector.id, connector.names());
    // The notice about the last action has the button that leads to the sign-in.
    let button_elsewhere = notice.as_ref().is_some_and(|notice| {
        matches!(notice.done, ChangeMade::Added | ChangeMade::SecretReplaced | ChangeMade::TriedAgain)
            && !notice.is_refused()
    });
    let remedy_elsewhere = notice.as_ref().is_some_and(ChangeNotice::is_refused);
    // The state of the connector has the button.
    let replace_elsewhere = connector.state.wants_credentials() && !button_elsewhere && !remedy_elsewhere;
    let actions = may_change.then(|| {
        let replace = (!replace_elsewhere).then(|| {
            view! { <a class="button" href=format!("/connectors/{id}/secret")>{REPLACE_SECRET}</a> }
        });
        view! {
            <div class="row">
                <a class="button" href=format!("/connectors/{id}/edit")>"Edit"</a>
                {replace}
            </div>
        }
    });
    let banner = connector
        .secret_expires_on
        .filter(|_| may_change)
        .map(|day| view! { <ExpiryNotice id=id day=day today=today /> });
    let facts = for_admins.as_ref().map(|it| StateFacts::of(&it.sign_ins, &connector)).unwrap_or_default();
    let approval = for_admins.as_ref().and_then(|it| {
        let message = Message::asking_for_consent(&connector, &it.offers, it.offers.approval.as_deref()?);
        Some(view! { <Approval connector=connector.clone() message=message /> })
    });
    let state = (!is_being_deleted).then(|| {
        view! {
            <StateCard
                connector=connector.clone()
                admin=admin
                facts=facts
                button_elsewhere=button_elsewhere
                remedy_elsewhere=remedy_elsewhere
                providers=providers.clone()
            />
        }
    });
    // Without sign-ins beside it, one column is enough.
    let class = if admin { "beside" } else { "text" };
    let delete = may_change.then(|| view! { <Delete id=id /> });
    let history = for_admins.map(|it| {
        view! { <History it=it connector=connector.clone() providers=providers.clone() viewer=viewer /> }
    });
    view! {
        <div class="head">
            <div>
                <Back to="/connectors" what="Connectors" />
                <div class="row title">
                    <img class="sign" src=names.image alt=names.service width="32" height="32" />
                    <h1><bdi>{title}</bdi></h1>
                </div>
            </div>
            {actions}
        </div>
        {deleted}
        {notice.map(|notice| view! { <JustDone notice=notice names=names /> })}
        {banner}
        <div class=class>
            <div class="stack">
                {state}
                <Accounts connector=connector.clone() accounts=accounts />
                <Settings connector=connector today=today admin=admin />
                <RedirectUri console=names.console uri=redirect_uri doctor=doctor />
                {approval}
            </div>
            {history}
        </div>
        {delete}
    }
}

/// Explains that an administrator of the company must allow the permissions, with the message to send to them.
#[component]
fn Approval(connector: Connector, message: Message) -> impl IntoView {
    let question = format!("“Need admin approval” at {}?", connector.names().provider);
    view! {
        <details class="disclosure">
            <summary>{question}</summary>
            <div class="stack tight">
                <p>{connector.provider.consent_words()}</p>
                <MessageCard message=message primary=false />
            </div>
        </details>
    }
}

/// The link to the page that deletes the connector. It is the last thing on the page.
#[component]
fn Delete(id: ConnectorId) -> impl IntoView {
    view! {
        <div class="row last-row">
            <a class="button danger" href=format!("/connectors/{id}/delete")>"Delete this connector"</a>
            <p class="soft note">"The next page says what stops working, and asks you to confirm."</p>
        </div>
    }
}

/// The connector's sign-ins and activity.
#[component]
fn History(it: ForAdmins, connector: Connector, providers: Providers, viewer: UserId) -> impl IntoView {
    let id = connector.id;
    let ForAdmins { sign_ins, more, activity, .. } = it;
    let all = more.then(|| view! { <a href=format!("/connectors/{id}/sign-ins")>"All sign-ins"</a> });
    let entries = activity
        .into_iter()
        .map(|(author, entry)| {
            let sentence = recorded::sentence(&entry);
            let outcome = recorded::unexpected_outcome(&entry);
            let outcome = outcome.map(|(tone, words)| view! { <Badge tone=tone words=words /> });
            let detail = recorded::detail(&entry, &providers);
            let detail = detail.map(|(label, words)| format!("{label}: {words}. "));
            view! {
                <li>
                    <p><EntrySentence author=author sentence=sentence /> " " {outcome}</p>
                    <p class="soft note">{detail} <Moment at=entry.position.at /></p>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="stack">
            <section class="stack" aria-labelledby="sign-ins-title">
                <h2 id="sign-ins-title">"Sign-ins"</h2>
                <SignInList sign_ins=sign_ins connector=connector logged_in_user=viewer />
                {all}
            </section>
            <section class="stack" aria-labelledby="activity-title">
                <h2 id="activity-title">"Activity"</h2>
                <ol class="events" role="list">{entries}</ol>
                <a href=address_about(id)>"All activity of this connector"</a>
            </section>
        </div>
    }
}
