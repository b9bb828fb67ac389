//! The sign-ins of a connector, each with its timeline.

use leptos::prelude::*;

use super::{
    super::{
        model::{Outcome, Step, took},
        service::{Event, Progress, SignInDetails},
        support,
    },
    parts::draw_provider_words,
    pasted_error::{PasteForm, did_it_show_an_error},
    proof::{clock, describe_findings},
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
    sign_ins: Vec<SignInDetails>,
    /// The connector of these sign-ins.
    connector: Connector,
    /// The logged-in user. They can open the pages of their own sign-ins only.
    logged_in_user: UserId,
) -> impl IntoView {
    if sign_ins.is_empty() {
        return view! {
            <p class="soft">
                "There are no sign-ins yet. This list shows each sign-in through this connector, step by step."
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
            let SignInDetails { attempt, started_by, progress, .. } = &sign_in;
            let (class, icon) = match progress {
                Progress::Ended(Outcome::Verified { current: true, .. }) => ("good", Icon::Good),
                Progress::Ended(Outcome::Verified { .. }) | Progress::Interrupted | Progress::Abandoned => {
                    ("warn", Icon::Warning)
                }
                Progress::Ended(_) => ("bad", Icon::Bad),
                Progress::Checking | Progress::Open => ("idle", Icon::Waiting),
            };
            let words = support::describe_progress(&*provider, progress);
            let words = if attempt.user == Some(logged_in_user) {
                view! { <a href=format!("/sign-ins/{}", attempt.id)>{words}</a> }.into_any()
            } else {
                words.into_any()
            };
            let paste = (lost == Some(at)).then(|| {
                view! {
                    <details class="disclosure">
                        <summary>{did_it_show_an_error(provider.names())}</summary>
                        <PasteForm connector=connector.id names=provider.names() primary=false />
                    </details>
                }
            });
            let (started_by, created_at) = (started_by.clone(), attempt.created_at);
            view! {
                <li class=class>
                    {icon.draw()}
                    <div>
                        <p>{words}</p>
                        <p class="soft note"><bdi>{started_by}</bdi> ", " <Moment at=created_at /></p>
                        {paste}
                        <details class="disclosure">
                            <summary>"Timeline"</summary>
                            <Timeline sign_in=sign_in connector=connector.clone() show_provider_words=true />
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
    sign_in: SignInDetails,
    /// The connector of the sign-in.
    connector: Connector,
    /// Whether the provider's own description of the error is shown below the steps.
    show_provider_words: bool,
) -> impl IntoView {
    let text = support::write_text(&sign_in, &connector);
    let (provider, names) = (connector.provider.clone(), connector.names());
    let SignInDetails { progress, timeline, .. } = sign_in;
    let found = describe_findings(names, &progress);
    let steps = timeline
        .into_iter()
        .map(|Event { at, step, duration, detail, .. }| {
            let took = took(duration).map(|took| format!(", took {took}"));
            let detail = match step {
                Step::Outcome => found.clone(),
                _ if detail.is_empty() => None,
                Step::CodeExchanged => {
                    let ahead = detail.parse().ok();
                    ahead.map(|ahead| format!("The server’s clock is {}.", clock(names, ahead)))
                }
                Step::Sent => Some(format!("To {detail}")),
                Step::Returned => Some(format!("The browser came back {detail}.")),
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
    let provider_words = match progress {
        Progress::Ended(Outcome::Failed { provider: Some(words), .. }) if show_provider_words => Some(words),
        _ => None,
    };
    let provider_words = provider_words.filter(ProviderWords::has_words);
    let provider_words = provider_words.map(|words| {
        view! { <dl class="facts note">{draw_provider_words(&*provider, words)}</dl> }
    });
    view! {
        <div class="stack tight">
            <ol class="events" role="list">{steps}</ol>
            {provider_words}
            <details class="disclosure">
                <summary>"Details for support"</summary>
                <div class="copy long">
                    // A long text scrolls; the keyboard must reach it too.
                    <pre tabindex="0" role="group" aria-label="The text for support"><code>{text}</code></pre>
                    <CopyButton what="the text for support" />
                </div>
                <p class="help">"The text contains no secret, code or token."</p>
            </details>
        </div>
    }
}
