//! Parts that the page of an outcome and the page of a pasted error share.

use leptos::prelude::*;

use crate::{
    connectors::{
        guide::portal::{Directions, Portal},
        model::ClientId,
    },
    providers::{
        ProviderWords,
        diagnosis::{Cause, Diagnosis},
        microsoft::{codes, errors::telling_code},
    },
    ui::{links::NewWindow, widgets::Copyable},
};

/// Who can solve it, and the next step. If there are several causes, for each cause.
#[component]
pub fn Next(
    /// The explanation of the outcome.
    diagnosis: Diagnosis,
    /// The portal of the configured cloud.
    portal: Portal,
    /// The application.
    client_id: ClientId,
) -> impl IntoView {
    let several = diagnosis.causes.len() > 1;
    let choose = several.then(|| {
        view! { <p class="soft">"Microsoft answers alike for several causes. Take the step of the one that fits."</p> }
    });
    let causes = diagnosis
        .causes
        .into_iter()
        .map(|Cause { when, who, next, .. }| {
            let when = several.then(|| view! { <h3>{when}</h3> });
            let (next, client_id) = (next.into_owned(), client_id.clone());
            view! {
                <div>
                    {when}
                    <dl class="facts">
                        <div><dt>"Who can fix it"</dt><dd>{who.words()}</dd></div>
                        <div>
                            <dt>"Next step"</dt>
                            <dd><Directions text=next portal=portal client_id=client_id /></dd>
                        </div>
                    </dl>
                </div>
            }
        })
        .collect_view();
    view! {
        <section class="card low" aria-labelledby="do-title">
            <h2 id="do-title">"What to do"</h2>
            {choose}
            {causes}
        </section>
    }
}

/// The words of the provider as rows of a list. Codes and ids have a button to copy them.
pub fn provider_said(said: ProviderWords) -> impl IntoView {
    let code = telling_code(&said);
    let unknown = code.filter(|code| codes::find(*code).is_none());
    let code = code.map(|code| {
        let link = unknown
            .map(|code| view! { <NewWindow to=codes::page(code) words="What Microsoft says of it" /> });
        view! {
            <div>
                <dt>"Error code"</dt>
                <dd><Copyable value=format!("AADSTS{code}") what="the error code" />{link}</dd>
            </div>
        }
    });
    let text = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <div><dt>{name}</dt><dd><code>{value}</code></dd></div> })
    };
    let id = |name: &'static str, what: &'static str, value: Option<String>| {
        value.map(|value| {
            view! { <div><dt>{name}</dt><dd><Copyable value=value what=what /></dd></div> }
        })
    };
    view! {
        {text("Error", said.error)}
        {code}
        {text("Description", said.description)}
        {id("Trace ID", "the trace ID", said.trace_id)}
        {id("Correlation ID", "the correlation ID", said.correlation_id)}
    }
}
