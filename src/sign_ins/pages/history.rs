//! The sign-ins of a connector, each with its timeline.

use leptos::prelude::*;

use super::{
    super::{
        model::{Outcome, Step, took},
        service::{Event, Progress, SignIn},
        support,
    },
    parts::provider_said,
    pasted_error::{PasteForm, did_it_show_an_error},
    proof::{clock, in_a_line},
};
use crate::{
    connectors::service::Connector,
    platform::id::UserId,
    providers::ProviderWords,
    ui::{icons::Icon, widgets::CopyButton, widgets::Moment},
};

/// Sign-ins through a connector, latest first, each with its timeline.
#[component]
pub fn SignInList(
    /// The sign-ins, latest first.
    sign_ins: Vec<SignIn>,
    /// The connector.
    connector: Connector,
    /// The user who looks. They can open the pages of their own sign-ins only.
    viewer: UserId,
) -> impl IntoView {
    if sign_ins.is_empty() {
        return view! {
            <p class="soft">
                "None yet. Each sign-in through this connector is listed here, step by step, with its outcome."
            </p>
        }
        .into_any();
    }
    // The provider may have shown an error on its own page and sent us nothing. The page asks for that error once, at
    // the latest such sign-in, unless a later one has gone through.
    let unsettled = sign_ins
        .iter()
        .take_while(|sign_in| !matches!(sign_in.progress, Progress::Ended(Outcome::Verified { .. })));
    let lost = unsettled
        .map(|sign_in| &sign_in.progress)
        .position(|progress| matches!(progress, Progress::Open | Progress::Abandoned));
    let provider = connector.provider.clone();
    let items = sign_ins
        .into_iter()
        .enumerate()
        .map(|(at, sign_in)| {
            let SignIn { attempt, who, progress, .. } = &sign_in;
            let (class, icon) = match progress {
                Progress::Ended(Outcome::Verified { current: true, .. }) => ("good", Icon::Good),
                Progress::Ended(Outcome::Verified { .. }) | Progress::Interrupted | Progress::Abandoned => {
                    ("warn", Icon::Warning)
                }
                Progress::Ended(_) => ("bad", Icon::Bad),
                Progress::Checking | Progress::Open => ("idle", Icon::Waiting),
            };
            let words = support::progress_in_short(&*provider, progress);
            let words = if attempt.user == Some(viewer) {
                view! { <a href=format!("/sign-ins/{}", attempt.id)>{words}</a> }.into_any()
            } else {
                words.into_any()
            };
            let paste = (lost == Some(at)).then(|| {
                view! {
                    <details class="disclosure">
                        <summary>{did_it_show_an_error(provider.names())}</summary>
                        <PasteForm connector=connector.id names=provider.names() />
                    </details>
                }
            });
            let (who, created_at) = (who.clone(), attempt.created_at);
            view! {
                <li class=class>
                    {icon.draw()}
                    <div>
                        <p>{words}</p>
                        <p class="soft note"><bdi>{who}</bdi> ", " <Moment at=created_at /></p>
                        {paste}
                        <details class="disclosure">
                            <summary>"Timeline"</summary>
                            <Timeline sign_in=sign_in connector=connector.clone() said=true />
                        </details>
                    </div>
                </li>
            }
        })
        .collect_view();
    view! { <ol class="timeline" role="list">{items}</ol> }.into_any()
}

/// The steps of a sign-in, and the whole sign-in as a text for support.
#[component]
pub fn Timeline(
    /// The sign-in.
    sign_in: SignIn,
    /// Its connector.
    connector: Connector,
    /// Whether it also shows the words of the provider.
    said: bool,
) -> impl IntoView {
    let text = support::text(&sign_in, &connector);
    let (provider, names) = (connector.provider.clone(), connector.names());
    let SignIn { progress, timeline, .. } = sign_in;
    let found = in_a_line(names, &progress);
    let steps = timeline
        .into_iter()
        .map(|Event { at, step, duration, detail, .. }| {
            let took = took(duration).map(|took| format!(", after {took}"));
            let detail = match step {
                Step::Outcome => found.clone(),
                _ if detail.is_empty() => None,
                Step::CodeExchanged => {
                    let ahead = detail.parse().ok();
                    ahead.map(|ahead| format!("The server’s clock is {}.", clock(names, ahead)))
                }
                Step::Sent => Some(format!("To {detail}")),
                Step::Returned => Some(format!("It came {detail}.")),
                Step::Identity => Some(format!("{} {detail}", names.directory)),
                Step::Permissions => Some(format!("Not granted: {detail}")),
                _ => None,
            };
            view! {
                <li>
                    <p>{step.words(names)}</p>
                    <p class="soft note">
                        <time datetime=at.for_machines()>{at.time_of_day()}</time> {took}
                    </p>
                    {detail.map(|detail| view! { <p class="soft note">{detail}</p> })}
                </li>
            }
        })
        .collect_view();
    let said = match progress {
        Progress::Ended(Outcome::Failed { provider: Some(words), .. }) if said => Some(words),
        _ => None,
    };
    let said = said.filter(ProviderWords::is_said);
    let said = said.map(|words| view! { <dl class="facts note">{provider_said(&*provider, words)}</dl> });
    view! {
        <div class="stack tight">
            <ol class="events" role="list">{steps}</ol>
            {said}
            <details class="disclosure">
                <summary>"Details for support"</summary>
                <div class="copy long">
                    // A long text scrolls; the keyboard must reach it too.
                    <pre tabindex="0" role="group" aria-label="The text for support"><code>{text}</code></pre>
                    <CopyButton what="the text for support" />
                </div>
                <p class="help">"No secret, code or token is in it."</p>
            </details>
        </div>
    }
}
