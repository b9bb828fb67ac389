//! Pages for a browser that comes back from a provider without a sign-in of ours.

use leptos::prelude::*;

use super::{name_of, parts::provider_said};
use crate::providers::{ProviderWords, SharedProvider};

/// The page for an administrator of a company who comes back from approving, or not approving, permissions. The reader
/// was sent a link and need not be a user here. The next steps of a code are written for the person who set up the
/// connector, so the page tells the reader to send them on.
#[component]
pub fn ConsentPage(
    provider: SharedProvider,
    /// What the provider said if the permissions were not approved.
    refused: Option<ProviderWords>,
) -> impl IntoView {
    let names = provider.names();
    let name = names.provider;
    let Some(said) = refused else {
        return view! {
            <div class="card">
                <h1>{format!("{name} says that the permissions were approved")}</h1>
                <p>"Tell the person who sent you the link: they can now sign in."</p>
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
    let to_send = if let Some(diagnosis) = diagnosis {
        let causes = diagnosis.causes.into_iter().map(|cause| {
            let when = (!cause.when.is_empty()).then(|| view! { <h3>{cause.when}</h3> });
            view! {
                {when}
                <dl class="facts">
                    <div><dt>"Who can fix it"</dt><dd>{cause.who.words(names)}</dd></div>
                    <div><dt>"Next step"</dt><dd>{cause.next.into_owned()}</dd></div>
                </dl>
            }
        });
        view! {
                <p>
                    {format!(
                        "Send them what {name} said, and these steps. The steps are written for them: in the steps, \
                         “you” is the person who sent you the link."
                    )}
                </p>
                {causes.collect_view()}
            }
            .into_any()
    } else {
        let words = "They can look it up, and send you the link again.";
        view! { <p>{format!("Send them what {name} said. {words}")}</p> }.into_any()
    };
    view! {
        <div class="card">
            <h1>"The permissions were not approved, or you cancelled"</h1>
            <p>"Nothing was changed here. If you cancelled, or signed in with the wrong account, open the link again."</p>
            <section class="stack tight" aria-labelledby="said-title">
                <h2 id="said-title">{format!("What {name} said")}</h2>
                <dl class="facts note">{provider_said(&*provider, said)}</dl>
                <p class="help">"As the address that brought you here has it."</p>
            </section>
            {meaning}
            <section class="stack tight" aria-labelledby="send-title">
                <h2 id="send-title">"Send this to the person who sent you the link"</h2>
                {to_send}
            </section>
        </div>
    }
    .into_any()
}

/// The page for a callback whose parameters came twice.
#[component]
pub fn DoubledPage(
    /// The provider from which the browser may come.
    provider: Option<SharedProvider>,
) -> impl IntoView {
    let name = name_of(provider.as_ref());
    view! {
        <div class="card">
            <h1>"The address came twice"</h1>
            <p>
                {format!(
                    "{name} sent you back, but the address arrived here with its parameters twice, one after the \
                     other. A proxy in front of this program does so where it redirects from http to https and \
                     appends the query to an address that has it already. Nothing was changed."
                )}
            </p>
            <p>
                "Tell the operator, who runs this program: the proxy’s redirect must keep the query once (nginx: "
                <code>"return 301 https://$host$request_uri;"</code>
                "), and MAIL360_PUBLIC_URL must be the https address, so that there is no redirect. Then start the \
                 sign-in again."
            </p>
            <div class="row"><a class="button" href="/connectors">"Go to Connectors"</a></div>
        </div>
    }
}
