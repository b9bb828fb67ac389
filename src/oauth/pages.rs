//! The page before one leaves, the page that tells the outcome, and what a connector's page says of its
//! sign-ins.

use leptos::prelude::*;

use super::{
    diagnosis,
    model::{Outcome, ProviderWords, Why},
    service::{Attempt, Progress},
};
use crate::{
    connectors::{
        model::ConnectorState,
        pages::StateBadge,
        service::{Connector, ConnectorId},
    },
    ui::{
        icons::Icon,
        widgets::{Back, Badge, Moment, Notice, Tone},
    },
};

/// The small page from which one goes to the provider.
#[component]
pub fn Leaving(
    /// Where one is sent, whole.
    url: String,
    /// The host of that.
    host: String,
    /// The connector.
    connector: Connector,
) -> impl IntoView {
    view! {
        <div class="card">
            <div class="stack tight">
                <h1>{format!("You are being sent to {host} to sign in")}</h1>
                <p class="soft">
                    "To verify " <strong><bdi>{connector.service_name.as_str().to_owned()}</bdi></strong>
                    "."
                </p>
            </div>
            <ol class="steps">
                <li>"Microsoft asks which account to use, and shows what the connector may do."</li>
                <li>"You agree, and come back here."</li>
                <li>"You see whether the connector works. Nothing is read from your mailbox."</li>
            </ol>
            <a class="button primary wide" href=url>"Continue to Microsoft"</a>
        </div>
    }
}

/// The button that starts a sign-in.
#[component]
pub fn VerifyButton(
    /// The connector.
    id: ConnectorId,
    /// What it says.
    #[prop(default = "Sign in with Microsoft to verify")]
    words: &'static str,
    /// Whether it is the one thing to do here.
    #[prop(default = true)]
    primary: bool,
) -> impl IntoView {
    let class = if primary { "button primary" } else { "button" };
    view! {
        <form method="post" action=format!("/connectors/{id}/verify")>
            <button class=class>{words}</button>
        </form>
    }
}

/// What one browser's sign-in came to.
#[component]
pub fn SignInPage(
    /// The sign-in.
    attempt: Attempt,
    /// How far it is.
    progress: Progress,
    /// The connector.
    connector: Connector,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let (tone, title, lead, content) = match progress {
        Progress::Ended(Outcome::Verified { account, missing, current }) => {
            return view! {
                <Verified attempt=attempt connector=connector account=account missing=missing current=current />
            }
            .into_any();
        }
        Progress::Ended(Outcome::Failed { why, provider }) => {
            return view! { <Failed why=why provider=provider attempt=attempt connector=connector /> }
                .into_any();
        }
        Progress::Checking => (
            ("wait", Icon::Waiting),
            "Checking…",
            "Microsoft has sent you back. The connector’s secret and permissions are being tried; this takes \
             a few seconds.",
            view! {
                <Notice tone=Tone::Info>
                    <p>
                        "This page reloads by itself. You may also "
                        <a href=format!("/sign-ins/{}", attempt.id)>"reload it now"</a> "."
                    </p>
                </Notice>
            }
            .into_any(),
        ),
        Progress::Interrupted => (
            ("warn", Icon::Warning),
            "Interrupted, start again",
            "The sign-in was not finished: the program was stopped, or could not write down what came of it. \
             Nothing has changed, and the connector is as it was.",
            again(id, name.clone()),
        ),
        Progress::Abandoned => (
            ("warn", Icon::Warning),
            "Not finished within ten minutes",
            "Microsoft did not send the browser back in time. The connector is as it was.",
            again(id, name.clone()),
        ),
        Progress::Open => (
            ("wait", Icon::Waiting),
            "Not back from Microsoft yet",
            "The sign-in was started and can still be finished in the window in which it is open.",
            again(id, name.clone()),
        ),
    };
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name />
                <div class=format!("row title {}", tone.0)>{tone.1.draw()}<h1>{title}</h1></div>
                <p class="soft">{lead}</p>
            </div>
        </div>
        <div class="stack text">{content}</div>
    }
    .into_any()
}

fn again(id: ConnectorId, name: String) -> AnyView {
    view! {
        <div class="row">
            <VerifyButton id=id words="Sign in with Microsoft again" />
            <a class="button plain" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
        </div>
    }
    .into_any()
}

#[component]
fn Verified(
    attempt: Attempt,
    connector: Connector,
    account: String,
    missing: Vec<String>,
    current: bool,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let at = attempt.consumed_at.unwrap_or(attempt.created_at);
    let outdated = (!current).then(|| {
        view! {
            <Notice tone=Tone::Warn title="The connector was changed meanwhile">
                <p>"This proves the settings that it had. Sign in again to verify those that it has now."</p>
            </Notice>
        }
    });
    let warning = (!missing.is_empty()).then(|| {
        let names = missing.join(", ");
        let title = match missing.len() {
            1 => format!("One optional permission is missing: {names}"),
            count => format!("{count} optional permissions are missing: {names}"),
        };
        view! {
            <Notice tone=Tone::Warn title=title>
                <p>
                    "Everything else works. If your software shall use it, add it in Azure (API permissions), \
                     then verify again."
                </p>
            </Notice>
        }
    });
    let permissions = attempt
        .scopes
        .iter()
        .map(|scope| {
            let badge = if missing.contains(scope) {
                view! { <Badge tone=Tone::Warn words="Not granted (optional)" /> }
            } else {
                view! { <Badge tone=Tone::Good words="Granted" /> }
            };
            view! { <div><dt><code>{scope.clone()}</code></dt><dd>{badge}</dd></div> }
        })
        .collect_view();
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name.clone() />
                <div class="row title good">{Icon::Good.draw()}<h1>"The connector works"</h1></div>
                <p class="soft">
                    <bdi>{name.clone()}</bdi> " is verified. You signed in as " <bdi>{account}</bdi> " on "
                    <Moment at=at /> "."
                </p>
            </div>
        </div>
        <div class="stack text">
            {outdated}
            {warning}
            <section class="card low" aria-labelledby="proved-title">
                <h2 id="proved-title">"What was proved"</h2>
                <ul class="timeline" role="list">
                    {proved("Microsoft knows the Client ID", "And it sends people back to the Redirect URI.")}
                    {proved("The Client Secret is right", "Microsoft exchanged the sign-in for an access.")}
                    {proved("The account may sign in", "It is of those whom this connector lets in.")}
                    {proved("The profile can be read", "Microsoft Graph said whose account it is.")}
                </ul>
            </section>
            <section class="card low" aria-labelledby="granted-title">
                <h2 id="granted-title">"Permissions"</h2>
                <dl class="facts">{permissions}</dl>
            </section>
            <p class="soft">
                "The access from this sign-in was thrown away. It only served to verify the connector."
            </p>
            <div class="row">
                <a class="button primary" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
            </div>
        </div>
    }
}

fn proved(what: &'static str, how: &'static str) -> impl IntoView {
    view! {
        <li class="good">{Icon::Good.draw()}<div><p>{what}</p><p class="help">{how}</p></div></li>
    }
}

#[component]
fn Failed(
    why: Why,
    provider: Option<ProviderWords>,
    attempt: Attempt,
    connector: Connector,
) -> impl IntoView {
    let id = connector.id;
    let name = connector.service_name.as_str().to_owned();
    let words = diagnosis::of(&why);
    let at = attempt.consumed_at.unwrap_or(attempt.created_at);
    let said = provider.map(|said| view! { <Said said=said at=at /> });
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=name.clone() />
                <div class="row title bad">{Icon::Bad.draw()}<h1>{words.title}</h1></div>
                <p class="soft">{words.what}</p>
            </div>
        </div>
        <div class="stack text">
            <section class="card low" aria-labelledby="do-title">
                <h2 id="do-title">"What to do"</h2>
                <dl class="facts">
                    <div><dt>"Whose job"</dt><dd>{words.who}</dd></div>
                    <div><dt>"Next step"</dt><dd>{words.next}</dd></div>
                </dl>
            </section>
            <div class="row">
                <a class="button primary" href=format!("/connectors/{id}")><span>"Back to " <bdi>{name}</bdi></span></a>
                <VerifyButton id=id words="Sign in again" primary=false />
            </div>
            {said}
        </div>
    }
}

#[component]
fn Said(said: ProviderWords, at: crate::platform::clock::Timestamp) -> impl IntoView {
    let rows = [
        ("Error", said.error),
        ("Description", said.description),
        ("Trace ID", said.trace_id),
        ("Correlation ID", said.correlation_id),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
    .map(|(name, value)| view! { <div><dt>{name}</dt><dd><code>{value}</code></dd></div> })
    .collect_view();
    view! {
        <section class="stack tight" aria-labelledby="said-title">
            <h2 id="said-title">"What Microsoft said"</h2>
            <dl class="facts note">{rows}<div><dt>"Time"</dt><dd><Moment at=at /></dd></div></dl>
        </section>
    }
}

/// What an administrator sees on a connector's page: where it stands, and what to do about that.
#[component]
pub fn StateCard(
    /// The connector.
    connector: Connector,
    /// Whether an administrator looks.
    admin: bool,
    /// Whether the button stands elsewhere on the page already.
    button_elsewhere: bool,
) -> impl IntoView {
    let words = match connector.state {
        ConnectorState::NotVerified => {
            "Nobody has signed in through it since it was added or last changed.".into_any()
        }
        ConnectorState::Verified => connector
            .verified_at
            .map(|at| view! { "A sign-in last went through on " <Moment at=at /> "." })
            .into_any(),
        ConnectorState::Failing(_) => connector
            .failed_at
            .map(|at| view! { "Microsoft last refused it on " <Moment at=at /> "." })
            .into_any(),
    };
    let button = (admin && !button_elsewhere).then(|| {
        let primary = connector.state != ConnectorState::Verified;
        view! { <VerifyButton id=connector.id primary=primary /> }
    });
    view! {
        <section class="card low" aria-labelledby="state-title">
            <h2 id="state-title">"State"</h2>
            <p><StateBadge state=connector.state /></p>
            <p class="soft">{words}</p>
            {button}
        </section>
    }
}

/// The latest sign-ins through a connector.
#[component]
pub fn SignInList(
    /// The sign-ins, latest first, and whose they are.
    sign_ins: Vec<(Attempt, Progress)>,
    /// Who looks: of others' sign-ins there is no page for them.
    viewer: crate::platform::id::UserId,
) -> impl IntoView {
    let content = if sign_ins.is_empty() {
        view! {
            <p class="soft">
                "None yet. Each sign-in through this connector is listed here for 90 days, with its outcome."
            </p>
        }
        .into_any()
    } else {
        let items = sign_ins
            .into_iter()
            .map(|(attempt, progress)| {
                let (class, icon, words) = match &progress {
                    Progress::Ended(outcome @ Outcome::Verified { .. }) => {
                        ("good", Icon::Good, diagnosis::in_short(outcome))
                    }
                    Progress::Ended(outcome) => ("bad", Icon::Bad, diagnosis::in_short(outcome)),
                    Progress::Checking => ("idle", Icon::Waiting, "Checking…"),
                    Progress::Open => ("idle", Icon::Waiting, "Not back from Microsoft yet"),
                    Progress::Interrupted => ("warn", Icon::Warning, "Interrupted"),
                    Progress::Abandoned => ("warn", Icon::Warning, "Not finished within ten minutes"),
                };
                let words = if attempt.user == viewer {
                    view! { <a href=format!("/sign-ins/{}", attempt.id)>{words}</a> }.into_any()
                } else {
                    words.into_any()
                };
                view! {
                    <li class=class>
                        {icon.draw()}
                        <div>
                            <p>{words}</p>
                            <p class="soft note"><Moment at=attempt.created_at /></p>
                        </div>
                    </li>
                }
            })
            .collect_view();
        view! { <ol class="timeline" role="list">{items}</ol> }.into_any()
    };
    view! {
        <section class="stack" aria-labelledby="sign-ins-title">
            <h2 id="sign-ins-title">"Sign-ins"</h2>
            {content}
        </section>
    }
}

/// What is said to a browser whose callback is nobody's: the same whatever is wrong.
#[component]
pub fn Foreign() -> impl IntoView {
    view! {
        <div class="card">
            <h1>"This sign-in cannot be finished here"</h1>
            <p class="soft">
                "It was started in another browser, or too long ago, or this address was not made by \
                 Microsoft. Nothing was changed."
            </p>
            <p>"Open Connectors in the browser in which you began, and start the sign-in again."</p>
            <div class="row"><a class="button" href="/connectors">"Go to Connectors"</a></div>
        </div>
    }
}

/// What is said to an administrator who comes back from approving, or not approving, permissions.
#[component]
pub fn AdminConsent(
    /// Whether Microsoft says that they were approved.
    approved: bool,
) -> impl IntoView {
    let (title, words) = if approved {
        (
            "Microsoft says that the permissions were approved",
            "Tell the person who sent you the link: they can now sign in.",
        )
    } else {
        (
            "Microsoft says that the permissions were not approved",
            "Tell the person who sent you the link. They can send it again.",
        )
    };
    view! { <div class="card"><h1>{title}</h1><p>{words}</p></div> }
}
