//! The endings of a sign-in that began with a link, each with one heading, one or two sentences and at most one button.

use leptos::prelude::*;

use super::{Asker, BrokenLink, administrator::Administrator, parts::Around, permission_words, words::Words};
use crate::{
    platform::{
        language::Language,
        page::{Page, Then},
    },
    ui::icons::Icon,
};

/// How the sign-in of a person without a user ended, or that it has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The answer of the provider is being checked.
    Checking,
    /// The program was stopped, or could not store the result.
    Interrupted,
    Connected {
        email: String,
        /// Permissions that were asked for and not granted.
        missing: Vec<String>,
    },
    /// The mailbox is connected once the application has confirmed it, to which the person goes back now.
    Unconfirmed {
        email: String,
        /// Permissions that were asked for and not granted.
        missing: Vec<String>,
    },
    /// The application did not confirm the mailbox.
    NotConfirmed,
    UnexpectedMailbox {
        /// The account that signed in.
        account: String,
        /// The email that the link is for.
        expected: String,
    },
    /// The mailbox is connected through another connector.
    OtherConnector {
        email: String,
    },
    /// Permissions that the connector needs were not granted.
    PermissionsMissing(Vec<String>),
    /// An administrator of the person's company must allow the permissions first.
    ApprovalNeeded,
    Cancelled,
    NoMailbox {
        /// The account that signed in.
        email: String,
    },
    /// The provider named no account, or gave no refresh token.
    Incomplete,
    /// The connector was changed since the sign-in began.
    ConnectorChanged,
    /// The link was used, has expired or was revoked since the sign-in began.
    Link(BrokenLink),
    /// The sign-in was not finished in time.
    TooLate,
    /// The provider did not answer.
    Unreachable,
    /// Another refusal.
    Failed {
        /// What the person tells the organisation, so that it finds the sign-in.
        reference: String,
    },
}

/// The address of the application that gets the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// The return address with the signed answer.
    pub url: String,
    /// Its host.
    pub host: String,
}

/// The page at the end of a sign-in that began with a link.
#[derive(Clone, Debug)]
pub struct OutcomeView {
    pub asker: Asker,
    pub language: Language,
    /// The path of the page.
    pub path: String,
    pub ending: Ending,
    /// The path to which the button that starts again sends its form; `None` if the link cannot be used again.
    pub again: Option<String>,
    /// The application that sent the person. After a success the browser goes there by itself.
    pub returns: Option<Return>,
}

/// The parts of an ending that every page has.
struct Head {
    class: &'static str,
    icon: Icon,
    title: &'static str,
    what: &'static str,
    /// The words of the button that starts again, if that can help.
    again: Option<&'static str>,
}

impl Ending {
    fn head(&self, words: &Words) -> Head {
        let texts = words.texts;
        let warn = |title, what, again| Head { class: "warn", icon: Icon::Warning, title, what, again };
        let bad = |title, what, again| Head { class: "bad", icon: Icon::Bad, title, what, again };
        let try_again = Some(texts.try_again);
        match self {
            Self::Checking => Head {
                class: "wait",
                icon: Icon::Waiting,
                title: texts.checking_title,
                what: texts.checking_what,
                again: None,
            },
            Self::Connected { missing, .. } => Head {
                class: "good",
                icon: Icon::Good,
                title: texts.connected_title,
                what: texts.connected_what,
                again: (!missing.is_empty()).then_some(texts.ask_again),
            },
            Self::Unconfirmed { missing, .. } => Head {
                class: "wait",
                icon: Icon::Waiting,
                title: texts.unconfirmed_title,
                what: texts.unconfirmed_what,
                again: (!missing.is_empty()).then_some(texts.ask_again),
            },
            Self::NotConfirmed => warn(texts.not_confirmed_title, texts.not_confirmed_what, None),
            Self::Interrupted => warn(texts.interrupted_title, texts.interrupted_what, try_again),
            Self::UnexpectedMailbox { .. } => {
                warn(texts.wrong_title, texts.wrong_what, Some(texts.choose_another))
            }
            Self::OtherConnector { .. } => warn(texts.elsewhere_title, texts.elsewhere_what, None),
            Self::PermissionsMissing(_) => {
                warn(texts.permissions_title, texts.permissions_what, Some(texts.ask_again))
            }
            Self::ApprovalNeeded => warn(texts.approval_title, texts.approval_what, try_again),
            Self::Cancelled => warn(texts.cancelled_title, texts.nothing_connected, try_again),
            Self::NoMailbox { .. } => {
                warn(texts.no_mailbox_title, texts.no_mailbox_what, Some(texts.choose_another))
            }
            Self::Incomplete => bad(texts.incomplete_title, texts.incomplete_what, try_again),
            Self::ConnectorChanged => warn(texts.changed_title, texts.changed_what, None),
            Self::Link(problem) => {
                let (title, what) = problem.texts(texts);
                warn(title, what, None)
            }
            Self::TooLate => warn(texts.late_title, texts.late_what, try_again),
            Self::Unreachable => bad(texts.unreachable_title, texts.unreachable_what, try_again),
            Self::Failed { .. } => bad(texts.failed_title, texts.failed_what, try_again),
        }
    }

    /// The words with the values that the sentences of this ending use.
    fn fill(&self, words: Words) -> Words {
        match self {
            Self::Connected { email, .. }
            | Self::Unconfirmed { email, .. }
            | Self::OtherConnector { email }
            | Self::NoMailbox { email } => words.with("email", email.as_str()),
            Self::UnexpectedMailbox { account, expected } => {
                words.with("account", account.as_str()).with("expected", expected.as_str())
            }
            Self::Failed { reference } => words.with("reference", reference.as_str()),
            _ => words,
        }
    }

    /// The permissions that were not granted.
    fn missing(&self) -> &[String] {
        match self {
            Self::Connected { missing, .. }
            | Self::Unconfirmed { missing, .. }
            | Self::PermissionsMissing(missing) => missing,
            _ => &[],
        }
    }
}

impl OutcomeView {
    /// The page. It reloads itself while the answer is checked, and goes on to the application after a success, also if
    /// that must confirm the mailbox.
    pub fn page(self) -> Page {
        let language = self.language;
        let mut words = self.ending.fill(self.asker.words(language));
        if let Some(Return { host, .. }) = &self.returns {
            words = words.with("host", host.as_str());
        }
        let head = self.ending.head(&words);
        let title = self.asker.title(&words.line(head.title));
        let then = match (&self.ending, &self.returns) {
            (Ending::Checking, _) => Some(Then::Reload(2)),
            (Ending::Connected { .. } | Ending::Unconfirmed { .. }, Some(Return { url, .. })) => {
                Some(Then::GoTo(url.clone()))
            }
            _ => None,
        };
        let page =
            Page::new(title, move || view! { <OutcomePage view=self head=head words=words /> }.into_any());
        let page = page.for_guests(language);
        match then {
            Some(then) => page.then(then),
            None => page,
        }
    }
}

#[component]
fn OutcomePage(view: OutcomeView, head: Head, words: Words) -> impl IntoView {
    let OutcomeView { asker, language, path, ending, again, returns } = view;
    let Head { class, icon, title, what, again: again_words } = head;
    let texts = words.texts;
    let is_checking = ending == Ending::Checking;
    let needs_approval = ending == Ending::ApprovalNeeded;
    // The reader has waited for the ending.
    let focus = !is_checking;
    let is_connected = matches!(ending, Ending::Connected { .. } | Ending::Unconfirmed { .. });
    let missing = permission_words(&asker.provider, ending.missing(), language);
    let missing = (!missing.is_empty()).then(|| {
        let items = missing.into_iter().map(|words| view! { <li>{words}</li> }).collect_view();
        let lead = is_connected.then(|| view! { <p>{texts.missing}</p> });
        view! { <div class="stack tight">{lead}<ul>{items}</ul></div> }
    });
    let reload = is_checking.then(|| {
        let to = words.address(&path);
        view! { <p class="soft">{texts.checking_reload} " " <a href=to>{texts.reload}</a></p> }
    });
    let administrator = needs_approval
        .then(|| view! { <Administrator asker=asker.clone() words=words.clone() is_open=true /> });
    let reference = matches!(ending, Ending::Failed { .. })
        .then(|| view! { <p class="soft note">{words.say(texts.reference)}</p> });
    let end_it = matches!(ending, Ending::Connected { .. })
        .then(|| view! { <p class="soft note">{words.say(texts.end_it)}</p> });
    let back = returns.map(|Return { url, .. }| {
        let class = if is_connected { "button primary wide" } else { "button wide" };
        let goes = is_connected.then(|| view! { <p>{words.say(texts.going_back)}</p> });
        view! { {goes} <a class=class href=url>{words.line(texts.back)}</a> }
    });
    let retry = again.zip(again_words).map(|(action, text)| {
        let action = words.address(&action);
        // Another try fails until the administrator has agreed.
        let class = if is_connected || needs_approval { "button wide" } else { "button primary wide" };
        view! {
            <form method="post" action=action>
                <button class=class>{text}</button>
            </form>
        }
    });
    let is_done = back.is_none() && (is_connected || retry.is_none()) && !is_checking;
    let close = is_done.then(|| view! { <p class="soft">{texts.close}</p> });
    let appearance = Some(asker.appearance);
    view! {
        <Around appearance=appearance words=words.clone() path=path>
            <div class=format!("row title {class}")>
                {icon.draw()}
                <h1 tabindex=focus.then_some("-1") autofocus=focus>{words.say(title)}</h1>
            </div>
            <p role=is_checking.then_some("status")>{words.say(what)}</p>
            {reload}
            {missing}
            {administrator}
            {reference}
            {retry}
            {back}
            {end_it}
            {close}
        </Around>
    }
}
