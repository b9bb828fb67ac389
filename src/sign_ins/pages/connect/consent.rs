//! Pages for an administrator of another company, who has no user here: the page behind a consent link, links that do
//! not work, and what the provider reported. Start with [`ConsentView`].

use http::StatusCode;
use leptos::prelude::*;

use super::{
    Asker,
    parts::{Around, draw_next_steps},
    permission_words,
    texts::Texts,
    title_of,
    words::Words,
};
use crate::{
    accounts::service::{appearance::Appearance, consent_links::ConsentProblem},
    platform::{clock::Timestamp, language::Language, page::Page},
    ui::{
        icons::Icon,
        widgets::{Notice, Tone},
    },
};

/// The page behind a consent link.
#[derive(Clone, Debug)]
pub struct ConsentView {
    pub asker: Asker,
    pub language: Language,
    /// The path of the page. The button sends its form there.
    pub path: String,
    /// The name of the company's directory.
    pub company: String,
    pub expires_at: Timestamp,
    /// When an approval was reported, if one was.
    pub reported_at: Option<Timestamp>,
    /// Whether the reader's network has started too many, so that the button did nothing.
    pub too_many: bool,
}

impl ConsentView {
    /// The page; 429 if too many were started.
    pub fn page(self) -> Page {
        let (words, language) = (self.asker.words(self.language), self.language);
        let words = words.with("company", self.company.as_str());
        let (title, status) = if self.too_many {
            (words.texts.too_many_title, StatusCode::TOO_MANY_REQUESTS)
        } else {
            (words.texts.consent_title, StatusCode::OK)
        };
        let title = self.asker.title(&words.line(title));
        Page::new(title, move || view! { <ConsentLinkPage link=self words=words /> }.into_any())
            .for_guests(language)
            .with_status(status)
    }
}

/// What the permissions allow, as each user of the company reads it.
fn draw_permissions(asker: &Asker, words: &Words) -> impl IntoView + use<> {
    let permissions = permission_words(&asker.provider, &asker.scopes, words.language);
    let items = permissions.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
    view! {
        <div class="stack tight">
            <p>{words.say(words.texts.consent_permissions)}</p>
            <ul>{items}</ul>
        </div>
    }
}

#[component]
fn ConsentLinkPage(link: ConsentView, words: Words) -> impl IntoView {
    let ConsentView { asker, path, expires_at, reported_at, too_many, .. } = link;
    let texts = words.texts;
    let wait = too_many.then(|| {
        view! {
            <Notice tone=Tone::Warn title=texts.too_many_title>
                <p>{texts.consent_wait}</p>
            </Notice>
        }
    });
    let reported = reported_at.map(|at| {
        let text = words.say_until(texts.consent_reported, at);
        view! {
            <Notice tone=Tone::Info>
                <p>{text}</p>
            </Notice>
        }
    });
    let permissions = draw_permissions(&asker, &words);
    let steps = [texts.consent_sign_in, texts.consent_agree, texts.consent_return];
    let notes = [texts.consent_unexpected, texts.consent_withdraw];
    let next_steps = draw_next_steps(&words, &path, steps, expires_at, notes);
    view! {
        <Around appearance=Some(asker.appearance) words=words.clone() path=path>
            {wait}
            <h1>{words.say(texts.consent_heading)}</h1>
            {reported}
            <p class="mailbox">{words.say(texts.consent_company)}</p>
            {permissions}
            <p>{texts.consent_nothing}</p>
            {next_steps}
        </Around>
    }
}

/// The page of a consent link that cannot be used.
#[derive(Clone, Debug)]
pub struct ClosedConsentView {
    pub problem: ConsentProblem,
    /// The organisation of the link; `None` if the link is unknown.
    pub appearance: Option<Appearance>,
    pub language: Language,
    /// The path of the page.
    pub path: String,
}

/// The heading, and what to do.
const fn closed_texts(problem: ConsentProblem, texts: &Texts) -> (&'static str, &'static str) {
    match problem {
        ConsentProblem::Unknown => (texts.unknown_title, texts.unknown_what),
        ConsentProblem::Approved => (texts.consent_approved_title, texts.consent_approved),
        ConsentProblem::Expired => (texts.expired_title, texts.expired_what),
        ConsentProblem::Revoked => (texts.revoked_title, texts.consent_revoked),
        ConsentProblem::Unavailable => (texts.unavailable_title, texts.unavailable_what),
    }
}

impl ClosedConsentView {
    /// The page: 404 if the link is unknown, 200 if there is nothing more to do, otherwise 410.
    pub fn page(self) -> Page {
        let Self { problem, appearance, language, path } = self;
        let name = appearance.as_ref().map(|appearance| appearance.name.as_str());
        let words = Words::of(language).with("name", name.unwrap_or_default());
        let (heading, what) = closed_texts(problem, words.texts);
        let status = match problem {
            ConsentProblem::Unknown => StatusCode::NOT_FOUND,
            ConsentProblem::Approved => StatusCode::OK,
            ConsentProblem::Expired | ConsentProblem::Revoked | ConsentProblem::Unavailable => {
                StatusCode::GONE
            }
        };
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
        Page::new(title, view).for_guests(language).with_status(status)
    }
}

/// Why the provider reported no approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentRefusal {
    /// The administrator stopped, or the account may not approve for the company.
    Denied,
    /// The provider has a problem of its own.
    Unavailable,
    Other,
}

/// The page for a browser that comes back from the provider.
#[derive(Clone, Debug)]
pub struct ConsentOutcomeView {
    pub asker: Asker,
    pub language: Language,
    /// The path of the link's page. *Try again* sends its form there.
    pub path: String,
    /// The name of the company's directory.
    pub company: String,
    /// `None` if an approval was reported.
    pub refusal: Option<ConsentRefusal>,
    /// The provider's code of the refusal, if this program knows it.
    pub code: Option<String>,
}

/// The parts of an outcome that every page has.
struct Head {
    class: &'static str,
    icon: Icon,
    title: &'static str,
    what: &'static str,
}

impl ConsentOutcomeView {
    fn head(&self, texts: &Texts) -> Head {
        let refused = |class, icon, what| Head { class, icon, title: texts.consent_refused_title, what };
        match self.refusal {
            None => Head {
                class: "good",
                icon: Icon::Good,
                title: texts.consent_thanks_title,
                what: texts.consent_thanks,
            },
            Some(ConsentRefusal::Denied) => refused("warn", Icon::Warning, texts.consent_denied),
            Some(ConsentRefusal::Unavailable) => refused("bad", Icon::Bad, texts.consent_unavailable),
            Some(ConsentRefusal::Other) => refused("bad", Icon::Bad, texts.consent_failed),
        }
    }

    pub fn page(self) -> Page {
        let language = self.language;
        let words = self.asker.words(language).with("company", self.company.as_str());
        let words = words.with("code", self.code.as_deref().unwrap_or_default());
        let head = self.head(words.texts);
        let title = self.asker.title(&words.line(head.title));
        Page::new(title, move || view! { <ConsentOutcomePage view=self head=head words=words /> }.into_any())
            .for_guests(language)
    }
}

#[component]
fn ConsentOutcomePage(view: ConsentOutcomeView, head: Head, words: Words) -> impl IntoView {
    let ConsentOutcomeView { asker, path, refusal, code, .. } = view;
    let Head { class, icon, title, what } = head;
    let texts = words.texts;
    let code = code.map(|_| view! { <p class="soft note">{words.say(texts.consent_code)}</p> });
    let rest = if refusal.is_some() {
        let action = words.address(&path);
        view! {
            {code}
            <form method="post" action=action>
                <button class="button primary wide">{texts.try_again}</button>
            </form>
        }
        .into_any()
    } else {
        view! {
            <p>{texts.consent_nothing}</p>
            <p class="soft">{texts.close}</p>
        }
        .into_any()
    };
    view! {
        <Around appearance=Some(asker.appearance) words=words.clone() path=path>
            <div class=format!("row title {class}")>
                {icon.draw()}
                <h1 tabindex="-1" autofocus=true>{words.say(title)}</h1>
            </div>
            <p>{words.say(what)}</p>
            {rest}
        </Around>
    }
}
