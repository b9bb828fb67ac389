//! The page that explains an error that the provider showed on its own page. The user pastes that error.

use leptos::prelude::*;

use super::{
    message::{Message, MessageCard},
    parts::{Next, draw_provider_words},
    remedy::{Offers, Remedies},
};
use crate::{
    connectors::service::{Connector, ConnectorId},
    providers::{Names, SharedProvider, provider::Pasted, redirect::Difference},
    ui::{
        icons::Icon,
        islands::SendOnce,
        widgets::{Back, FieldKind, Notice, TextField, Tone},
    },
};

/// The name of the field into which the error is pasted.
pub const SHOWN: &str = "shown";
/// The name of the field for the Redirect URI that is registered at the provider.
pub const REGISTERED: &str = "registered";

/// At most this number of characters of a pasted text is read. Errors have a few hundred characters. A form sends a
/// character that is not ASCII in up to nine bytes; a text of this length still fits into a body.
pub const MAX_PASTED: usize = 7000;

/// Asks whether the provider showed an error.
pub fn did_it_show_an_error(names: &Names) -> String {
    format!("Did {} show an error? Paste it.", names.provider)
}

/// The form into which an error is pasted.
#[component]
pub fn PasteForm(
    connector: ConnectorId,
    /// The names of its provider.
    names: &'static Names,
    /// Whether its button is the main action of the page.
    primary: bool,
    /// The pasted text that was not understood.
    #[prop(optional, into)]
    pasted: String,
) -> impl IntoView {
    let label = format!("What {} showed", names.provider);
    let help = format!("Paste the whole text, or {}. We read it and do not keep it.", names.error_line);
    let class = if primary { "button primary" } else { "button" };
    // Leptos does not escape the content of a `textarea`: `</textarea><script>` would end it (cross-site scripting).
    let text = html_escape::encode_text(&pasted).into_owned();
    view! {
        <SendOnce>
            <form class="fields" method="post" action=format!("/connectors/{connector}/pasted-error")>
                <div class="field">
                    <label for=SHOWN>{label}</label>
                    <p class="help" id="shown-help">{help}</p>
                    <textarea
                        class="input mono"
                        id=SHOWN
                        name=SHOWN
                        rows="10"
                        maxlength=MAX_PASTED.to_string()
                        spellcheck="false"
                        autocapitalize="none"
                        autocomplete="off"
                        aria-describedby="shown-help"
                        required
                    >
                        {text}
                    </textarea>
                </div>
                <div class="row"><button class=class>"Explain this error"</button></div>
            </form>
        </SendOnce>
    }
}

/// The values that the page shows.
#[derive(Clone, Debug)]
pub struct ShownView {
    pub connector: Connector,
    /// The remedies that this connector can offer.
    pub offers: Offers,
    /// The pasted text and what was read from it; `None` before a text was pasted.
    pub pasted: Option<(String, Pasted)>,
    /// The Redirect URI that is registered at the provider, if the user typed it.
    pub registered: String,
}

/// The page that explains the provider's error.
#[component]
pub fn ShownPage(
    /// The values that it shows.
    model: ShownView,
) -> impl IntoView {
    let ShownView { connector, offers, pasted, registered } = model;
    let id = connector.id;
    let back = format!("/connectors/{id}");
    let name = connector.service_name.as_str().to_owned();
    let provider = connector.provider.clone();
    let names = provider.names();
    let not_understood = pasted.as_ref().is_some_and(|(_, pasted)| !pasted.is_understood);
    let (text, pasted) = match pasted {
        Some((text, pasted)) if pasted.is_understood => (text, pasted),
        other => {
            let text = other.map(|(text, _)| text).unwrap_or_default();
            return view! {
                <Ask connector=connector pasted=text not_understood=not_understood offers=offers />
            }
            .into_any();
        }
    };
    let title = title_of(&provider, &pasted);
    let diagnosis = offers.adapt_diagnosis(&*provider, pasted.diagnosis);
    let what = diagnosis.what.clone();
    let compared = pasted.is_about_redirect_uri.then(|| {
        let theirs = pasted.uris.first().cloned();
        view! {
            <Compared
                connector=id
                provider=provider.clone()
                ours=offers.redirect_uri.clone()
                named=theirs
                registered=registered
                text=text
            />
        }
        .into_any()
    });
    view! {
        <div class="head">
            <div>
                <Back to=back what=name />
                <div class="row title bad">{Icon::Bad.draw()}<h1>{title}</h1></div>
                <p class="soft">{what}</p>
            </div>
        </div>
        <div class="stack text">
            <Next
                diagnosis=diagnosis.clone()
                provider=provider.clone()
                client_id=connector.client_id.clone()
            />
            <Remedies
                diagnosis=diagnosis
                connector=connector
                offers=offers
                said=Some(pasted.said.clone())
                between=compared
            />
            <section class="stack tight" aria-labelledby="said-title">
                <h2 id="said-title">{format!("What {} said", names.provider)}</h2>
                <dl class="facts note">{draw_provider_words(&*provider, pasted.said)}</dl>
            </section>
        </div>
    }
    .into_any()
}

impl ShownView {
    /// The heading of the page.
    pub fn title(&self) -> String {
        match &self.pasted {
            Some((_, pasted)) if pasted.is_understood => title_of(&self.connector.provider, pasted),
            _ => ask_title(self.connector.names()),
        }
    }
}

/// The heading for an error that was understood. An unknown code is named.
fn title_of(provider: &SharedProvider, pasted: &Pasted) -> String {
    match provider.code(&pasted.said).filter(|code| code.diagnosis.is_none()) {
        Some(code) => format!("{}’s error {}", provider.names().provider, number(&code.text)),
        None => pasted.diagnosis.title.to_owned(),
    }
}

/// The heading of the page that asks for an error.
fn ask_title(names: &Names) -> String {
    format!("Paste {}’s error", names.provider)
}

/// The number of a code, without the letters that some providers write before it.
fn number(code: &str) -> &str {
    let number = code.trim_start_matches(|sign: char| !sign.is_ascii_digit());
    if number.is_empty() { code } else { number }
}

/// Asks for the error. Some of a provider's pages have no code and are in the reader’s language. If a pasted text is
/// not understood, it names the usual reason: the page asked for an administrator.
#[component]
fn Ask(connector: Connector, pasted: String, not_understood: bool, offers: Offers) -> impl IntoView {
    let id = connector.id;
    let names = connector.names();
    let name = names.provider;
    let notice = not_understood.then(|| {
        let title = "We found no error code in this text";
        view! { <Notice tone=Tone::Bad title=title><p>{names.error_place}</p></Notice> }
    });
    let possibly = offers.approval.as_deref().filter(|_| not_understood).map(|address| {
        let message = Message::asking_for_consent(&connector, &offers, address);
        view! {
            <p>"Did the page ask for an administrator? Then send them this message."</p>
            <MessageCard message=message primary=false />
        }
    });
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=connector.service_name.as_str().to_owned() />
                <h1>{ask_title(names)}</h1>
                <p class="soft">
                    {format!("Some errors stay on {name}’s page. Paste the text here, and we explain it.")}
                </p>
            </div>
        </div>
        <div class="stack text">
            {notice}
            <PasteForm connector=id names=names primary=true pasted=pasted />
            {possibly}
        </div>
    }
}

/// Our Redirect URI above the one that the error names or that the provider has. The first difference is marked.
#[component]
fn Compared(
    connector: ConnectorId,
    provider: SharedProvider,
    ours: String,
    named: Option<String>,
    registered: String,
    text: String,
) -> impl IntoView {
    let names = provider.names();
    let Names { provider: name, console, .. } = names;
    let given = !registered.trim().is_empty();
    let (label, place, theirs) = if given {
        (format!("{console} has"), format!("In {console}"), Some(registered.clone()))
    } else {
        (format!("{name} was asked with"), format!("In {name}’s error"), named)
    };
    let shown = theirs.map(|theirs| match provider.redirect_difference(&ours, &theirs) {
        Some(difference) => {
            let sentence = difference.sentence(&place, &ours, &theirs);
            let Difference { at, ours: only_ours, theirs: only_theirs, words } = difference;
            view! {
                <dl class="uris">
                    <div><dt>"This program sends"</dt><dd>{marked(&ours, at, only_ours)}</dd></div>
                    <div><dt>{label}</dt><dd>{marked(&theirs, at, only_theirs)}</dd></div>
                </dl>
                <p><strong>{sentence}</strong> " " {words}</p>
            }
            .into_any()
        }
        None if given => view! {
            <p>
                {format!(
                    "This is exactly what this program sends. Then it may {}, belong to another application than the \
                     one with this Client ID, or not be saved yet.",
                    names.redirect_uri_misplaced
                )}
            </p>
        }
        .into_any(),
        None => view! {
            <p>
                {format!(
                    "{name} was asked with exactly the Redirect URI of this program, so {console} has another one."
                )}
            </p>
        }
        .into_any(),
    });
    view! {
        <section class="card low" aria-labelledby="compared-title">
            <h2 id="compared-title">"Where they differ"</h2>
            {shown}
            <form class="fields" method="post" action=format!("/connectors/{connector}/pasted-error")>
                <input type="hidden" name=SHOWN value=text />
                <TextField
                    name=REGISTERED
                    label=format!("The Redirect URI as {console} has it")
                    help=format!("Copied from {}. We compare it and do not keep it.", names.redirect_uris)
                    kind=FieldKind::Code
                    value=registered
                    required=false
                    max=Some(2_000)
                />
                <div class="row"><button class="button">"Compare"</button></div>
            </form>
        </section>
    }
}

/// An address in which one part is marked: the characters after the first `at`. If it has none there, a word says so.
fn marked(text: &str, at: usize, part: String) -> impl IntoView + use<> {
    let before: String = text.chars().take(at).collect();
    let after: String = text.chars().skip(at + part.chars().count()).collect();
    let mark = if part.is_empty() {
        view! { <mark class="none">"nothing"</mark> }.into_any()
    } else {
        view! { <mark>{part}</mark> }.into_any()
    };
    view! { <code>{before}{mark}{after}</code> }
}
