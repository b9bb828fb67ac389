//! Parts that the page of an outcome and the page of a pasted error share.

use leptos::prelude::*;

use crate::{
    providers::{
        ClientId, ErrorCode, Provider, ProviderWords, SharedProvider,
        diagnosis::{Cause, Diagnosis},
    },
    ui::{links::NewWindow, widgets::Copyable},
};

/// Who can solve it, and the next step. If there are several causes, for each cause.
#[component]
pub fn Next(
    /// The explanation of the outcome.
    diagnosis: Diagnosis,
    provider: SharedProvider,
    /// The application.
    client_id: ClientId,
) -> impl IntoView {
    let names = provider.names();
    let several = diagnosis.causes.len() > 1;
    let choose = several.then(|| {
        let words =
            format!("{} gives this answer for several causes. Take the step that fits.", names.provider);
        view! { <p class="soft">{words}</p> }
    });
    let causes = diagnosis
        .causes
        .into_iter()
        .map(|Cause { when, who, next, .. }| {
            let when = several.then(|| view! { <h3>{when}</h3> });
            let next = provider.directions(&next, &client_id);
            view! {
                <div>
                    {when}
                    <dl class="facts">
                        <div><dt>"Who can fix it"</dt><dd>{who.words(names)}</dd></div>
                        <div><dt>"Next step"</dt><dd>{next}</dd></div>
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
pub fn draw_provider_words(provider: &dyn Provider, said: ProviderWords) -> impl IntoView + use<> {
    let names = provider.names();
    let code = provider.code(&said);
    // Some providers have no other code than the error.
    let error = said.error.filter(|error| code.as_ref().is_none_or(|code| code.text != *error));
    let code = code.map(|ErrorCode { text, page, .. }| {
        let link = page.map(|page| {
            view! { <NewWindow to=page words=format!("{}’s page about it", names.provider) /> }
        });
        view! {
            <div>
                <dt>"Error code"</dt>
                <dd><Copyable value=text what="the error code" />{link}</dd>
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
        {text("Error", error)}
        {code}
        {text("Description", said.description)}
        {id("Trace ID", "the trace ID", said.trace_id)}
        {id("Correlation ID", "the correlation ID", said.correlation_id)}
    }
}
