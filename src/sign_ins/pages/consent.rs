//! Pages for a browser that comes back from a provider without a sign-in of ours. The reader often has no user here.

use leptos::prelude::*;

use super::{super::service::ConsentRequest, connect::other_app_hint, name_of, parts::draw_provider_words};
use crate::providers::{
    ProviderWords, SharedProvider,
    diagnosis::{Cause, Diagnosis},
};

/// The heading of the page after an approval.
pub const ALLOWED: &str = "You allowed the permissions";
/// The heading of the page after a refusal.
pub const NOT_ALLOWED: &str = "The permissions were not approved, or you cancelled";

/// The last sentence of a page for a reader who has nothing more to do here.
const CLOSE: &str = "You can close this page.";

/// The page for an administrator of a company who comes back from approving, or not approving, permissions. The reader
/// was sent a link and need not be a user here. The next steps of a code are written for the person who set up the
/// connector, so the page tells the reader to send them on.
#[component]
pub fn ConsentPage(
    provider: SharedProvider,
    /// The organisation and the connector that asked, if our own reference came back.
    request: Option<ConsentRequest>,
    /// The provider's words if the permissions were not approved.
    refused: Option<ProviderWords>,
) -> impl IntoView {
    let name = provider.names().provider;
    let asked = request.map(|ConsentRequest { organisation, connector, .. }| {
        view! {
            <p>
                <bdi>{organisation}</bdi> " asked for them, for its application "
                <strong><bdi>{connector}</bdi></strong> "."
            </p>
        }
    });
    let Some(said) = refused else {
        return view! {
            <div class="card">
                <h1>{ALLOWED}</h1>
                <p>{format!("Thank you. {name} reports that you allowed the permissions.")}</p>
                {asked}
                <p>"The person who sent you the link can sign in now. " {CLOSE}</p>
            </div>
        }
        .into_any();
    };
    let diagnosis = provider.code(&said).and_then(|code| code.diagnosis);
    let meaning = diagnosis.as_ref().map(|diagnosis| {
        view! {
            <section class="stack tight" aria-labelledby="meaning-title">
                <h2 id="meaning-title">"What it means"</h2>
                <p><strong>{diagnosis.title}</strong></p>
                <p>{diagnosis.what.clone()}</p>
            </section>
        }
    });
    let to_send = draw_to_send(&provider, diagnosis);
    view! {
        <div class="card">
            <h1>{NOT_ALLOWED}</h1>
            {asked}
            <p>"Nothing has changed. If you cancelled, or signed in with the wrong account, open the link again."</p>
            <section class="stack tight" aria-labelledby="said-title">
                <h2 id="said-title">{format!("What {name} said")}</h2>
                <dl class="facts note">{draw_provider_words(&*provider, said)}</dl>
                <p class="help">"These are the words in the address that brought you here."</p>
            </section>
            {meaning}
            <section class="stack tight" aria-labelledby="send-title">
                <h2 id="send-title">"Send this to the person who sent you the link"</h2>
                {to_send}
            </section>
            <p>"When you have sent it, there is nothing more to do here. " {CLOSE}</p>
        </div>
    }
    .into_any()
}

/// The text that the reader forwards: the provider's words, and the steps for the person who set up the connector.
fn draw_to_send(provider: &SharedProvider, diagnosis: Option<Diagnosis>) -> AnyView {
    let names = provider.names();
    let name = names.provider;
    let Some(diagnosis) = diagnosis else {
        let words = "They can look it up, and send you the link again.";
        return view! { <p>{format!("Send them what {name} said. {words}")}</p> }.into_any();
    };
    let causes = diagnosis.causes.into_iter().map(|Cause { when, who, next, .. }| {
        let when = (!when.is_empty()).then(|| view! { <h3>{when}</h3> });
        view! {
            {when}
            <dl class="facts">
                <div><dt>"Who can fix it"</dt><dd>{who.words(names)}</dd></div>
                <div><dt>"Next step"</dt><dd>{next.into_owned()}</dd></div>
            </dl>
        }
    });
    view! {
        <p>
            {format!(
                "Send them what {name} said, and these steps. The steps are written for them: in the steps, “you” is \
                 the person who sent you the link."
            )}
        </p>
        {causes.collect_view()}
    }
    .into_any()
}

/// The heading of [`DoubledPage`].
pub const DOUBLED: &str = "The address came twice";

/// The page for a callback whose parameters came twice.
#[component]
pub fn DoubledPage(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>{DOUBLED}</h1>
            <p>
                {format!(
                    "{name} sent you back, but the address arrived here with its parameters twice, one after the \
                     other. A proxy in front of this program does so where it redirects from http to https and \
                     appends the query to an address that has it already. Nothing has changed."
                )}
            </p>
            <p>
                "Tell the operator: the proxy’s redirect must keep the query once (nginx: "
                <code>"return 301 https://$host$request_uri;"</code>
                "), and MAIL360_PUBLIC_URL must be the https address, so that there is no redirect. Then start the \
                 sign-in again."
            </p>
            <div class="row"><a class="button primary" href="/connectors">"Go to Connectors"</a></div>
        </div>
    }
}

/// The heading of [`Foreign`].
pub const FOREIGN: &str = "This sign-in cannot be finished here";

/// The page for a callback that fits no attempt of this browser. It is the same for every reason, so that an
/// attacker does not learn which states exist.
#[component]
pub fn Foreign(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>{FOREIGN}</h1>
            <p>
                {format!(
                    "We cannot match this answer of {name} to a sign-in of this browser. Usually the sign-in was older \
                     than ten minutes or began in another browser. Nothing has changed."
                )}
            </p>
            <p>{other_app_hint()} " If it fails again, tell the sender of the link. " {CLOSE}</p>
            <p class="soft">
                "If you were verifying a connector: open Connectors in the browser in which you began, and start again."
            </p>
            <div class="row"><a class="button" href="/connectors">"Go to Connectors"</a></div>
        </div>
    }
}

/// The heading of [`NotNow`].
pub const NOT_NOW: &str = "This sign-in cannot be finished at this moment";

/// The page if the database could not be written during a callback. The callback's address still works.
#[component]
pub fn NotNow(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>{NOT_NOW}</h1>
            <p>
                {format!(
                    "Reload this page in a moment: your sign-in at {name} still counts until ten minutes after it \
                     began."
                )}
            </p>
            <p class="soft">
                "Mail360 cannot use its database now. If this goes on, tell the operator; the log says why."
            </p>
        </div>
    }
}
