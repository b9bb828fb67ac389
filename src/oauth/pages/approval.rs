//! Pages for a browser that comes back from Microsoft without a sign-in of ours.

use leptos::prelude::*;

use super::{
    super::{diagnosis::codes, model::ProviderWords},
    parts::provider_said,
};

/// What is said to a person who comes back from approving, or not approving, permissions. They need not be a user here.
#[component]
pub fn ApprovalPage(
    /// What Microsoft said where they were not approved.
    refused: Option<ProviderWords>,
) -> impl IntoView {
    let Some(said) = refused else {
        return view! {
            <div class="card">
                <h1>"Microsoft says that the permissions were approved"</h1>
                <p>"Tell the person who sent you the link: they can now sign in."</p>
            </div>
        }
        .into_any();
    };
    let known = said.code().and_then(codes::find).map(|entry| {
        let causes = entry.causes.iter().map(|cause| {
            let when = (!cause.when.is_empty()).then(|| view! { <p><strong>{cause.when}</strong></p> });
            view! {
                {when}
                <dl class="facts">
                    <div><dt>"Who can fix it"</dt><dd>{cause.who.words()}</dd></div>
                    <div><dt>"Next step"</dt><dd>{cause.next.to_string()}</dd></div>
                </dl>
            }
        });
        view! {
            <p><strong>{entry.title}</strong></p>
            <p>{entry.what}</p>
            {causes.collect_view()}
        }
    });
    view! {
        <div class="card">
            <h1>"The permissions were not approved, or you cancelled"</h1>
            {known}
            <p>"Nothing was changed here. Tell the person who sent you the link what Microsoft said. They can send it again."</p>
            <section class="stack tight" aria-labelledby="said-title">
                <h2 id="said-title">"What Microsoft said"</h2>
                <dl class="facts note">{provider_said(said)}</dl>
                <p class="help">"As the address that brought you here has it."</p>
            </section>
        </div>
    }
    .into_any()
}

/// What is said where the address came back with its parameters twice.
#[component]
pub fn DoubledPage() -> impl IntoView {
    view! {
        <div class="card">
            <h1>"The address came twice"</h1>
            <p>
                "Microsoft sent you back, but the address arrived here with its parameters twice, one after the other. A \
                 proxy in front of this program does so where it redirects from http to https and appends the query to \
                 an address that has it already. Nothing was changed."
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
