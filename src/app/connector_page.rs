//! `/connectors/{id}`: a connector's settings, sign-ins and activity. It is here because these are three
//! features.

use std::sync::Arc;

use axum::{
    Extension,
    extract::{Path, State},
};
use http::HeaderMap;
use leptos::prelude::*;
use time::Date;
use tower_sessions::Session;

use super::recorded::{self, Who};
use crate::{
    activity::{
        model::{ActivityFilter, By, Recorded},
        service::ActivityLog,
    },
    connectors::{
        guide::Approval,
        islands::ForgetTicks,
        pages::{ExpiryBanner, RedirectUri, Settings},
        preflight::{Finding, NextStep, Offer, Refused},
        said::{Done, Said},
        service::{Connector, ConnectorId, ConnectorService},
    },
    people::{access::Member, service::People},
    platform::{
        config::{Config, doctor::Doctor},
        failure::Failure,
        id::UserId,
        page::Page,
    },
    providers::{Names, Providers, redirect_warnings},
    sign_ins::{
        model::KEPT_PER_CONNECTOR,
        pages::{SignInList, StateCard, TryAgain, VerifyButton},
        service::{SignInDetails, SignIns},
    },
    ui::widgets::{Back, Badge, Moment, Notice, Tone},
};

/// Number of sign-ins and activity entries on the page itself.
const LATEST: usize = 10;

/// The parts that only an administrator sees.
#[derive(Clone)]
struct ForAdmins {
    sign_ins: Vec<SignInDetails>,
    more: bool,
    activity: Vec<(Who, Recorded)>,
    consent: Option<String>,
}

/// `GET /connectors/{id}`.
#[expect(clippy::too_many_arguments, reason = "a handler asks for what it needs, one by one")]
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(sign_ins): State<SignIns>,
    State(log): State<ActivityLog>,
    State(people): State<People>,
    State(config): State<Arc<Config>>,
    State(providers): State<Providers>,
    Extension(member): Extension<Member>,
    session: Session,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let connector = connectors.get(&member.caller(), id).await?;
    let for_admins = match member.admin() {
        Ok(admin) => {
            let mut sign_ins = sign_ins.of_connector(&admin, id, LATEST as u64 + 1).await?;
            let more = sign_ins.len() > LATEST;
            sign_ins.truncate(LATEST);
            let about = ActivityFilter { about: Some(id.0), ..ActivityFilter::default() };
            let entries = log.page(admin.organisation(), about, None).await?.entries;
            let entries: Vec<_> = entries.into_iter().take(LATEST).collect();
            let by = entries.iter().filter_map(|entry| match entry.by {
                By::User(user) => Some(user),
                By::NoUser => None,
            });
            let names = people.names(admin.organisation(), by).await?;
            let activity = entries.into_iter().map(|entry| (recorded::who(&entry, &names), entry)).collect();
            let redirect_uri = config.public_url.redirect_uri();
            let consent = connector.application.consent_address(&redirect_uri, &connector.scopes);
            Some(ForAdmins { sign_ins, more, activity, consent })
        }
        // A viewer only sees the settings.
        Err(_) => None,
    };
    let warnings = redirect_warnings(connector.provider.as_ref(), &config.public_url);
    let doctor = Doctor::new(&config.public_url, &headers, warnings);
    let model = ConnectorView {
        title: connector.service_name.as_str().to_owned(),
        connector,
        for_admins,
        said: Said::about(&session, id, connectors.now()).await?,
        today: connectors.today(),
        redirect_uri: config.public_url.redirect_uri(),
        doctor,
        providers,
        viewer: member.user(),
    };
    Ok(Page::new(model.title.clone(), move || view! { <ConnectorPage model=model.clone() /> }.into_any()))
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
    Ok(Page::new("Sign-ins", move || {
        view! {
            <div class="head">
                <div>
                    <Back to=format!("/connectors/{id}") what=name.clone() />
                    <h1>"Sign-ins"</h1>
                    <p class="soft">"The latest hundred are kept, for 90 days."</p>
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
    for_admins: Option<ForAdmins>,
    said: Option<Said>,
    today: Date,
    redirect_uri: String,
    doctor: Doctor,
    providers: Providers,
    viewer: UserId,
}

#[component]
fn ConnectorPage(model: ConnectorView) -> impl IntoView {
    let ConnectorView { title, connector, for_admins, said, today, redirect_uri, doctor, providers, viewer } =
        model;
    let admin = for_admins.is_some();
    let (id, names) = (connector.id, connector.names());
    // The notice about the last action has the button that leads to the sign-in.
    let button_elsewhere = said
        .as_ref()
        .is_some_and(|said| matches!(said.done, Done::Added | Done::SecretReplaced) && !said.is_refused());
    let remedy_elsewhere = said.as_ref().is_some_and(Said::is_refused);
    let actions = admin.then(|| {
        view! {
            <div class="row">
                <a class="button" href=format!("/connectors/{id}/edit")>"Edit"</a>
                <a class="button" href=format!("/connectors/{id}/secret")>"Replace the secret"</a>
                <a class="button danger" href=format!("/connectors/{id}/delete")>"Delete"</a>
            </div>
        }
    });
    let expiring = connector.secret_expires_on.map(|day| (id, connector.service_name.clone(), day));
    let banner =
        admin.then(|| view! { <ExpiryBanner expiring=expiring.into_iter().collect() today=today /> });
    let approval = for_admins
        .as_ref()
        .and_then(|it| it.consent.clone())
        .map(|address| view! { <Approval provider=connector.provider.clone() address=address /> });
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
        {said.map(|said| view! { <JustDone said=said names=names /> })}
        {banner}
        <div class="beside">
            <div class="stack">
                <StateCard
                    connector=connector.clone()
                    admin=admin
                    button_elsewhere=button_elsewhere
                    remedy_elsewhere=remedy_elsewhere
                    providers=providers
                />
                <Settings connector=connector today=today admin=admin />
                <RedirectUri console=names.console.to_owned() uri=redirect_uri doctor=doctor column=true />
                {approval}
            </div>
            {history}
        </div>
    }
}

/// The notice about the last action, and the next step.
#[component]
fn JustDone(said: Said, names: &'static Names) -> impl IntoView {
    let (id, provider) = (said.connector, names.provider);
    // If the provider refuses the credentials, a sign-in would fail too. The next notice says what to do.
    let next = (!said.is_refused()).then(|| {
        view! { <div class="row"><VerifyButton id=id names=names /></div> }
    });
    let warning = said.warning.map(|words| {
        view! { <Notice tone=Tone::Warn title="Look at the client secret"><p>{words}</p></Notice> }
    });
    // Nothing was saved if the stored credentials were only checked again.
    let saved = said.done != Done::TriedAgain;
    let finding = said.finding.map(|finding| {
        view! { <Found finding=finding id=id names=names saved=saved /> }
    });
    let check = format!("The new secret is used from now on. Sign in with {provider} once to check it.");
    let notice = match said.done {
        Done::Added => view! {
            <ForgetTicks>
                <Notice
                    tone=Tone::Good
                    title=format!("The {provider} connector has been successfully added to Mail360")
                >
                    {next.map(|button| view! {
                        <p>
                            {format!(
                                "Next, verify that it works: sign in with {provider} once. Nothing is read from your \
                                 mailbox, and the access is discarded afterwards."
                            )}
                        </p>
                        {button}
                    })}
                </Notice>
            </ForgetTicks>
        }
        .into_any(),
        Done::SecretReplaced => view! {
            <Notice tone=Tone::Good title="The secret was replaced">
                {next.map(|button| view! {
                    <p>{check}</p>
                    {button}
                })}
            </Notice>
        }
        .into_any(),
        Done::Changed => view! {
            <Notice tone=Tone::Good title="The changes are saved"><p>"They are used from now on."</p></Notice>
        }
        .into_any(),
        Done::Unchanged => view! {
            <Notice tone=Tone::Info title="Nothing was changed">
                <p>"The values are the same as the stored ones."</p>
            </Notice>
        }
        .into_any(),
        Done::Outdated => view! {
            <Notice tone=Tone::Warn title="Another user has changed this connector">
                <p>"Your change was not saved, and no sign-in was started. Check the settings, and try again."</p>
            </Notice>
        }
        .into_any(),
        // The finding has the result.
        Done::TriedAgain => next.into_any(),
        // The list shows this notice, because the connector's page is gone.
        Done::Deleted(_) => ().into_any(),
    };
    view! { {notice} {finding} {warning} }
}

/// The provider's answer about the connector's credentials.
#[component]
fn Found(finding: Finding, id: ConnectorId, names: &'static Names, saved: bool) -> impl IntoView {
    match finding {
        Finding::Accepted => view! {
            <Notice
                tone=Tone::Good
                title=format!("{} accepts the Client ID and the Client Secret", names.provider)
            >
                <p>
                    "They were checked without a sign-in. A sign-in verifies the rest: the Redirect URI and the \
                     permissions."
                </p>
            </Notice>
        }
        .into_any(),
        Finding::Later => view! {
            <Notice tone=Tone::Info title="The secret will be checked at the first sign-in">
                <p>"The secret could not be checked without a sign-in."</p>
            </Notice>
        }
        .into_any(),
        Finding::Refused(Refused { title, what, steps, offers, said }) => {
            let said = said
                .into_iter()
                .map(|(name, value)| view! { <div><dt>{name}</dt><dd><code>{value}</code></dd></div> })
                .collect_view();
            let steps = steps
                .into_iter()
                .map(|NextStep { when, next }| {
                    let when = (!when.is_empty()).then(|| view! { <strong>{when}</strong> ": " });
                    view! { <p>{when}{next}</p> }
                })
                .collect_view();
            let offers = offers
                .into_iter()
                .enumerate()
                .map(|(at, offer)| {
                    let class = if at == 0 { "button primary" } else { "button" };
                    match offer {
                        Offer::TryAgain => view! { <TryAgain id=id primary={at == 0} /> }.into_any(),
                        Offer::Secret => view! {
                            <a class=class href=format!("/connectors/{id}/secret")>"Replace the secret"</a>
                        }
                        .into_any(),
                        Offer::Edit => view! {
                            <a class=class href=format!("/connectors/{id}/edit")>"Edit the connector"</a>
                        }
                        .into_any(),
                    }
                })
                .collect_view();
            view! {
                <Notice tone=Tone::Bad title=title>
                    <p>{what} {saved.then_some(" The connector was saved anyway.")}</p>
                    {steps}
                    <dl class="facts note">{said}</dl>
                    <div class="row">{offers}</div>
                </Notice>
            }
            .into_any()
        }
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
        .map(|(Who { name, email }, entry)| {
            let email = email.map(|email| view! { " (" <bdi>{email}</bdi> ")" });
            let action = recorded::action(&entry);
            let (tone, outcome) = recorded::outcome(&entry);
            // Omit the outcome `done`.
            let outcome = (entry.outcome != "done").then(|| view! { <Badge tone=tone words=outcome /> });
            let detail = recorded::detail(&entry, &providers).map(|words| format!(": {words}"));
            view! {
                <li>
                    <p>{action}{detail}" "{outcome}</p>
                    <p class="soft note"><bdi>{name}</bdi> {email} ", " <Moment at=entry.position.at /></p>
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
                <a href=format!("/settings/activity?about={id}")>"All activity of this connector"</a>
            </section>
        </div>
    }
}
