//! The guide beside the form. Its steps are the provider's; this module gives them the values of the form. The card
//! about an administrator's approval is here too.

use leptos::prelude::*;

use super::{
    draft::Target,
    form::{FormView, own_values},
    islands::Checklist,
};
use crate::{
    platform::text,
    providers::{
        EXPIRES_IN, Field, Permission, SharedProvider,
        guide::{Guide as Shown, GuideView},
    },
    ui::widgets::Copyable,
};

/// The name that the guide suggests while the form has none.
const NAME: &str = "Mail360";

/// The values of this form for the guide.
pub fn values_of(form: &FormView) -> GuideView {
    let (draft, provider) = (&form.draft, &form.provider);
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        provider.permissions().iter().partition(|permission| permission.required);
    let is_chosen = |name: &str| draft.scopes.iter().any(|chosen| chosen == name);
    let chosen = optional.into_iter().filter(|permission| is_chosen(permission.name));
    let name = text::trim(draft.value(Field::ServiceName.name()));
    let is_new = matches!(draft.target, Target::Add { .. });
    // The expiry of an existing secret is unknown. The guide suggests the longest for the next secret.
    let (months, day) = if is_new {
        (draft.value(EXPIRES_IN).to_owned(), draft.value(Field::SecretExpires.name()).to_owned())
    } else {
        (provider.secret_periods().first().map(u8::to_string).unwrap_or_default(), String::new())
    };
    GuideView {
        name: if name.is_empty() { NAME } else { name }.to_owned(),
        redirect_uri: form.redirect_uri.clone(),
        client_id: draft.value(Field::ClientId.name()).to_owned(),
        values: own_values(provider, draft),
        scopes: required.into_iter().chain(chosen).map(|permission| permission.name).collect(),
        expires_in: months,
        expires_on: day,
        done: is_new.then(|| draft.done.clone()),
    }
}

#[component]
pub fn Guide(
    provider: SharedProvider,
    /// The values of the form.
    values: GuideView,
) -> impl IntoView {
    let Shown { title, lead, parts } = provider.guide(&values);
    let has_boxes = values.done.is_some();
    let parts = if has_boxes { view! { <Checklist>{parts}</Checklist> }.into_any() } else { parts };
    view! {
        <section class="guide" id="guide" aria-labelledby="guide-title">
            <div class="stack tight">
                <h2 id="guide-title">{title}</h2>
                <p class="soft">{lead}</p>
            </div>
            {parts}
        </section>
    }
}

/// Explains that an administrator must approve an existing connector, and shows the address to send to them.
#[component]
pub fn Approval(provider: SharedProvider, address: String) -> impl IntoView {
    let question = format!("Does {} say that an administrator must approve?", provider.names().provider);
    view! {
        <section class="card low" aria-labelledby="approval-title">
            <h2 id="approval-title">"Approval"</h2>
            <details class="disclosure">
                <summary>{question}</summary>
                <div class="stack tight">
                    <ToApprove words=provider.consent_words() address=address />
                </div>
            </details>
        </section>
    }
}

/// The address, and what to do with it.
#[component]
pub fn ToApprove(
    /// What the administrator does with it ([`crate::providers::Provider::consent_words`]).
    words: &'static str,
    address: String,
) -> impl IntoView {
    view! {
        <p>{words}</p>
        <Copyable value=address what="the address for approval" />
    }
}
