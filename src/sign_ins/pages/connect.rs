//! Pages for people without a user: the page behind a connect link or a consent link, links that do not work, the page
//! before the provider, and every ending of the trip. A view is a plain struct whose method `page` makes the whole page,
//! in the language of its reader. These pages have no scripts. Start with [`ConnectView`] and [`OutcomeView`].

mod administrator;
mod consent;
mod language;
mod outcome;
mod parts;
mod texts;
mod words;

#[cfg(test)]
mod tests;

use http::StatusCode;
use leptos::prelude::*;

use self::{
    administrator::Administrator,
    parts::{Around, draw_next_steps},
    texts::Texts,
    words::Words,
};
pub use self::{
    consent::{ClosedConsentView, ConsentOutcomeView, ConsentRefusal, ConsentView},
    language::{chosen_in, language_of, remember_language},
    outcome::{Ending, OutcomeView, Return},
};
use crate::{
    accounts::service::appearance::Appearance,
    connectors::service::Connector,
    platform::{
        clock::Timestamp,
        language::Language,
        page::{Page, Then},
    },
    providers::SharedProvider,
    ui::widgets::{Notice, Tone},
};

/// The organisation and the software that ask for a mailbox.
#[derive(Clone, Debug)]
pub struct Asker {
    pub appearance: Appearance,
    pub provider: SharedProvider,
    /// The name of the connector.
    pub application: String,
    pub client_id: String,
    /// The permissions that are asked for.
    pub scopes: Vec<String>,
    /// The address at which an administrator of a company allows the permissions; `None` if the provider has none.
    pub approval: Option<String>,
}

impl Asker {
    /// The organisation of a connector, and the connector.
    pub fn of(connector: &Connector, appearance: Appearance, approval: Option<String>) -> Self {
        Self {
            appearance,
            provider: connector.provider.clone(),
            application: connector.service_name.as_str().to_owned(),
            client_id: connector.client_id.to_string(),
            scopes: connector.scopes.clone(),
            approval,
        }
    }

    /// The texts of a language, with the names that all sentences use.
    fn words(&self, language: Language) -> Words {
        Words::of(language)
            .with("name", self.appearance.name.as_str())
            .with("application", self.application.as_str())
            .with("provider", self.provider.names().provider)
    }

    /// The title of a page for the browser's tab.
    fn title(&self, heading: &str) -> String {
        title_of(heading, Some(&self.appearance))
    }
}

/// The title of a page: its heading, and the name of the organisation if it is known.
fn title_of(heading: &str, appearance: Option<&Appearance>) -> String {
    match appearance {
        Some(Appearance { name, .. }) if !heading.contains(name.as_str()) => format!("{heading} · {name}"),
        _ => heading.to_owned(),
    }
}

/// What the permissions allow, in the words of a language. Permissions with the same words are one item.
fn permission_words(provider: &SharedProvider, scopes: &[String], language: Language) -> Vec<String> {
    let mut all = Vec::new();
    for scope in scopes {
        let words = provider.permission_words(scope, language).unwrap_or(scope.as_str()).to_owned();
        if !all.contains(&words) {
            all.push(words);
        }
    }
    all
}

/// The page behind a link.
#[derive(Clone, Debug)]
pub struct ConnectView {
    pub asker: Asker,
    pub language: Language,
    /// The path of the page, `/connect/{token}`. The button sends its form there.
    pub path: String,
    /// The email of the mailbox that is to be connected, if one is expected.
    pub expected: Option<String>,
    /// Whether the link is for an account that exists already.
    pub again: bool,
    pub expires_at: Timestamp,
    /// Whether the link has too many open attempts, so that the button did nothing.
    pub too_many: bool,
}

impl ConnectView {
    /// The page; 429 if the link has too many open attempts.
    pub fn page(self) -> Page {
        let (words, language) = (self.asker.words(self.language), self.language);
        let Texts { connect_title, renew_title, too_many_title, .. } = words.texts;
        let (title, status) = match (self.too_many, self.again) {
            (true, _) => (too_many_title, StatusCode::TOO_MANY_REQUESTS),
            (false, true) => (renew_title, StatusCode::OK),
            (false, false) => (connect_title, StatusCode::OK),
        };
        let title = self.asker.title(&words.line(title));
        Page::new(title, move || view! { <ConnectPage link=self words=words /> }.into_any())
            .for_guests(language)
            .with_status(status)
    }
}

#[component]
fn ConnectPage(link: ConnectView, words: Words) -> impl IntoView {
    let ConnectView { asker, language, path, expected, again, expires_at, too_many } = link;
    let texts = words.texts;
    let heading = words.say(if again { texts.renew_heading } else { texts.connect_heading });
    let why = again.then(|| view! { <p>{words.say(texts.renew_why)}</p> });
    let permissions = permission_words(&asker.provider, &asker.scopes, language);
    let permissions = permissions.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    let mailbox = expected.map(|email| {
        let words = words.clone().with("email", email);
        view! { <p class="mailbox">{words.say(texts.mailbox)}</p> }
    });
    let wait = too_many.then(|| {
        view! {
            <Notice tone=Tone::Warn title=texts.too_many_title>
                <p>{texts.too_many}</p>
            </Notice>
        }
    });
    let steps = [texts.next_sign_in, texts.next_agree, texts.next_return];
    let notes = [texts.unexpected, texts.end_it];
    let next_steps = draw_next_steps(&words, &path, steps, expires_at, notes);
    view! {
        <Around appearance=Some(asker.appearance.clone()) words=words.clone() path=path>
            {wait}
            <h1>{heading}</h1>
            {why}
            <div class="stack tight">
                <p>{words.say(texts.permissions)}</p>
                <ul>{permissions}</ul>
            </div>
            {mailbox}
            {next_steps}
            <Administrator asker=asker words=words is_open=false />
        </Around>
    }
}

/// The page that sends the browser to the provider.
#[derive(Clone, Debug)]
pub struct LeavingView {
    pub asker: Asker,
    pub language: Language,
    /// The path of the link's page.
    pub path: String,
    /// The complete address of the provider.
    pub url: String,
    /// The host of that address.
    pub host: String,
}

impl LeavingView {
    /// The page, which goes on to the provider by itself.
    pub fn page(self) -> Page {
        let (words, language, to) = (self.asker.words(self.language), self.language, self.url.clone());
        let words = words.with("host", self.host.as_str());
        let title = self.asker.title(&words.line(words.texts.leaving_title));
        Page::new(title, move || view! { <LeavingPage view=self words=words /> }.into_any())
            .for_guests(language)
            .then(Then::GoTo(to))
    }
}

#[component]
fn LeavingPage(view: LeavingView, words: Words) -> impl IntoView {
    let LeavingView { asker, path, url, .. } = view;
    let texts = words.texts;
    view! {
        <Around appearance=Some(asker.appearance) words=words.clone() path=path>
            <h1>{words.say(texts.leaving_title)}</h1>
            <p>{words.say(texts.leaving_what)}</p>
            <a class="button primary wide" href=url>{words.line(texts.go_on)}</a>
        </Around>
    }
}

/// Why a link cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenLink {
    /// No link has this token.
    Unknown,
    Used,
    Expired,
    Revoked,
    /// Its connector cannot be used at the moment, or is being deleted.
    Unavailable,
    /// It was tried as often as one link may be.
    Exhausted,
}

impl BrokenLink {
    /// The heading, and what to do.
    const fn texts(self, texts: &Texts) -> (&'static str, &'static str) {
        match self {
            Self::Unknown => (texts.unknown_title, texts.unknown_what),
            Self::Used => (texts.used_title, texts.used_what),
            Self::Expired => (texts.expired_title, texts.expired_what),
            Self::Revoked => (texts.revoked_title, texts.revoked_what),
            Self::Unavailable => (texts.unavailable_title, texts.unavailable_what),
            Self::Exhausted => (texts.exhausted_title, texts.exhausted_what),
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Used | Self::Expired | Self::Revoked | Self::Unavailable | Self::Exhausted => {
                StatusCode::GONE
            }
        }
    }
}

/// The page of a link that cannot be used.
#[derive(Clone, Debug)]
pub struct BrokenLinkView {
    pub problem: BrokenLink,
    /// The organisation of the link; `None` if the link is unknown.
    pub appearance: Option<Appearance>,
    pub language: Language,
    /// The path of the page.
    pub path: String,
}

impl BrokenLinkView {
    /// The page: 404 if the link is unknown, otherwise 410.
    pub fn page(self) -> Page {
        let Self { problem, appearance, language, path } = self;
        let name = appearance.as_ref().map(|appearance| appearance.name.as_str());
        let words = Words::of(language).with("name", name.unwrap_or_default());
        let (heading, what) = problem.texts(words.texts);
        let title = title_of(heading, appearance.as_ref());
        let view = move || {
            view! {
                <Around appearance=appearance words=words.clone() path=path>
                    <h1>{heading}</h1>
                    <p>{words.say(what)}</p>
                    <p class="soft">{words.texts.close}</p>
                </Around>
            }
            .into_any()
        };
        Page::new(title, view).for_guests(language).with_status(problem.status())
    }
}

/// The page for a callback that fits no attempt of this browser, for readers whose browser prefers another language
/// than English. It is the same for every reason, so that an attacker does not learn which states exist.
pub fn foreign_page(language: Language) -> Page {
    let words = Words::of(language);
    let texts = words.texts;
    let view = move || {
        view! {
            <div class="card">
                <h1>{texts.foreign_title}</h1>
                <p>{texts.foreign_what}</p>
                <p>{texts.foreign_app}</p>
                <p>{texts.close}</p>
            </div>
        }
        .into_any()
    };
    Page::new(texts.foreign_title, view).for_guests(language).with_status(StatusCode::BAD_REQUEST)
}

/// What to do if a sign-in began in another browser, in English.
pub fn other_app_hint() -> &'static str {
    Texts::of(Language::English).foreign_app
}
