//! The frame around the pages for people without a user: the organisation above, and below it how to reach it and the
//! choice of a language. Also the part of both pages behind a link that has the next steps.

use leptos::prelude::*;

use super::words::{Words, address_in};
use crate::{
    accounts::service::appearance::Appearance,
    people::model::Email,
    platform::{clock::Timestamp, language::Language},
};

/// A page: the organisation that asks, the content, and the foot.
#[component]
pub fn Around(
    /// The organisation that asks; `None` if it is unknown.
    appearance: Option<Appearance>,
    words: Words,
    /// The path of the page, for the choice of a language.
    path: String,
    children: Children,
) -> impl IntoView {
    let head = appearance.clone().map(|Appearance { name, logo_url, .. }| {
        // The name beside it says the same.
        let logo = logo_url.map(|src| view! { <img src=src alt="" /> });
        view! { <div class="asker">{logo}<p><bdi>{name}</bdi></p></div> }
    });
    view! {
        {head}
        <div class="card">{children()}</div>
        <footer class="foot">
            {appearance.map(|appearance| draw_contact(appearance, &words))}
            <Languages words=words path=path />
        </footer>
    }
}

/// The next steps behind a link, the button that begins them, and below it how long the link works, what to do if the
/// reader did not expect it, and how to end what it allows.
pub fn draw_next_steps(
    words: &Words,
    path: &str,
    steps: [&'static str; 3],
    expires_at: Timestamp,
    [unexpected, end]: [&'static str; 2],
) -> impl IntoView + use<> {
    let texts = words.texts;
    let steps = steps.into_iter().map(|step| view! { <li>{words.say(step)}</li> }).collect_view();
    let (action, go_on) = (words.address(path), words.line(texts.go_on));
    view! {
        <section class="stack tight" aria-labelledby="next">
            <h2 id="next">{texts.next_title}</h2>
            <ol>{steps}</ol>
        </section>
        <form method="post" action=action>
            <button class="button primary wide">{go_on}</button>
        </form>
        <div class="stack tight soft note">
            <p>{words.say_until(texts.until, expires_at)}</p>
            <p>{unexpected}</p>
            <p>{words.say(end)}</p>
        </div>
    }
}

fn draw_contact(appearance: Appearance, words: &Words) -> AnyView {
    let Appearance { contact, privacy_url, .. } = appearance;
    let contact = contact.map(|contact| {
        // `{contact}` is the end of the text in every language.
        let (label, after) = words.texts.contact.split_once("{contact}").unwrap_or((words.texts.contact, ""));
        view! { <li>{label} {draw_reach(contact)} {after}</li> }
    });
    let privacy = privacy_url.map(|to| {
        view! { <li><a href=to rel="noopener noreferrer">{words.texts.privacy}</a></li> }
    });
    if contact.is_none() && privacy.is_none() {
        return ().into_any();
    }
    view! { <ul role="list">{contact}{privacy}</ul> }.into_any()
}

/// A contact: an email address is a link, anything else is text.
fn draw_reach(contact: String) -> AnyView {
    match Email::parse(&contact) {
        Ok(email) if !contact.contains(char::is_whitespace) => {
            let to = format!("mailto:{}", email.as_str());
            view! { <a href=to><bdi>{contact}</bdi></a> }.into_any()
        }
        _ => view! { <bdi>{contact}</bdi> }.into_any(),
    }
}

/// The choice of a language, as links.
#[component]
fn Languages(words: Words, path: String) -> impl IntoView {
    let items = Language::ALL
        .into_iter()
        .map(|language| {
            let (code, name) = (language.code(), language.name());
            let current = (language == words.language).then_some("true");
            let to = address_in(&path, language);
            view! { <li><a href=to lang=code hreflang=code aria-current=current>{name}</a></li> }
        })
        .collect_view();
    view! { <nav aria-label=words.texts.language><ul role="list">{items}</ul></nav> }
}
