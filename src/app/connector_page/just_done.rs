//! The notice about the last action on a connector: the action, the provider's answer to the credentials, and the
//! next step.

use leptos::prelude::*;

use crate::{
    connectors::{
        change_notice::{ChangeMade, ChangeNotice},
        islands::ForgetTicks,
        preflight::{Finding, NextStep, Offer, Refused},
        service::ConnectorId,
    },
    providers::Names,
    sign_ins::pages::{REPLACE_SECRET, TryAgain, VerifyButton},
    ui::widgets::{Notice, Tone},
};

/// The notice about the last action, and the next step.
#[component]
pub fn JustDone(notice: ChangeNotice, names: &'static Names) -> impl IntoView {
    let (id, provider) = (notice.connector, names.provider);
    // If the provider refuses the credentials, a sign-in would fail too. The next notice says what to do.
    let next = (!notice.is_refused()).then(|| {
        view! { <div class="row"><VerifyButton id=id names=names /></div> }
    });
    let warning = notice.warning.map(|words| {
        view! { <Notice tone=Tone::Warn title="Look at the client secret"><p>{words}</p></Notice> }
    });
    // Nothing was saved if the stored credentials were only checked again.
    let saved = notice.done != ChangeMade::TriedAgain;
    let finding = notice.finding.map(|finding| {
        view! { <Found finding=finding id=id names=names saved=saved /> }
    });
    let check = format!("We use the new secret from now on. Sign in with {provider} once to test it.");
    let action = match notice.done {
        ChangeMade::Added => view! {
            <ForgetTicks>
                <Notice
                    tone=Tone::Good
                    title=format!("The {provider} connector has been successfully added to Mail360")
                >
                    {next.map(|button| view! {
                        <p>
                            {format!(
                                "Next: test it. Sign in with {provider} once. We read nothing from your mailbox and \
                                 delete the access afterwards."
                            )}
                        </p>
                        {button}
                    })}
                </Notice>
            </ForgetTicks>
        }
        .into_any(),
        ChangeMade::SecretReplaced => view! {
            <Notice tone=Tone::Good title="The client secret was replaced">
                {next.map(|button| view! {
                    <p>{check}</p>
                    {button}
                })}
            </Notice>
        }
        .into_any(),
        ChangeMade::Changed => view! {
            <Notice tone=Tone::Good title="The changes are saved"><p>"We use them from now on."</p></Notice>
        }
        .into_any(),
        ChangeMade::Unchanged => view! {
            <Notice tone=Tone::Info>
                <p class="title">"Nothing to save: you made no changes."</p>
            </Notice>
        }
        .into_any(),
        ChangeMade::Outdated => view! {
            <Notice tone=Tone::Warn title="Another user changed this connector at the same time">
                <p>
                    "Your changes were not saved, and no sign-in was started. Check the settings below, and try again."
                </p>
            </Notice>
        }
        .into_any(),
        // The finding has the result.
        ChangeMade::TriedAgain => next.into_any(),
        // The list shows this notice, because the connector's page is gone.
        ChangeMade::Deleted(_) => ().into_any(),
    };
    view! { {action} {finding} {warning} }
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
                    "We checked them without a sign-in. A sign-in tests the rest: the Redirect URI and the permissions."
                </p>
            </Notice>
        }
        .into_any(),
        Finding::Later => view! {
            <Notice tone=Tone::Info title="We could not check the secret yet">
                <p>"The first sign-in will show whether it is right."</p>
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
                            <a class=class href=format!("/connectors/{id}/secret")>{REPLACE_SECRET}</a>
                        }
                        .into_any(),
                        Offer::Edit => view! {
                            <a class=class href=format!("/connectors/{id}/edit")>"Edit the connector"</a>
                        }
                        .into_any(),
                        // The page has it, with its button to copy it.
                        Offer::RedirectUri => view! {
                            <a class=class href="#redirect-title">"Copy the Redirect URI"</a>
                        }
                        .into_any(),
                    }
                })
                .collect_view();
            view! {
                <Notice tone=Tone::Bad title=title>
                    <p>{what} {saved.then_some(" The connector is saved.")}</p>
                    {steps}
                    <dl class="facts note">{said}</dl>
                    <div class="row">{offers}</div>
                </Notice>
            }
            .into_any()
        }
    }
}
