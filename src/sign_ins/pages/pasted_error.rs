//! The page that explains an error that Microsoft showed on its own page. The user pastes that error.

use leptos::prelude::*;

use super::{
    super::pasted_error::{Difference, MAX, Pasted, difference},
    parts::{Next, provider_said},
    remedy::{ApprovalCard, Offers, Remedies},
};
use crate::{
    connectors::service::{Connector, ConnectorId},
    providers::{
        diagnosis::{Diagnosis, Remedy},
        microsoft::codes,
    },
    ui::{
        icons::Icon,
        islands::SendOnce,
        widgets::{Back, FieldKind, Notice, TextField, Tone},
    },
};

/// The name of the field into which the error is pasted.
pub const SHOWN: &str = "shown";
/// The name of the field for the Redirect URI as Azure has it.
pub const REGISTERED: &str = "registered";

/// The form into which an error is pasted.
#[component]
pub fn PasteForm(
    /// The connector.
    connector: ConnectorId,
    /// The pasted text that was not understood.
    #[prop(optional, into)]
    pasted: String,
) -> impl IntoView {
    // Leptos does not escape the content of a `textarea`: `</textarea><script>` would end it (cross-site scripting).
    let text = html_escape::encode_text(&pasted).into_owned();
    view! {
        <SendOnce>
            <form class="fields" method="post" action=format!("/connectors/{connector}/pasted-error")>
                <div class="field">
                    <label for=SHOWN>"What Microsoft showed"</label>
                    <p class="help" id="shown-help">
                        "The whole text, or its line with AADSTS and a number. It is read, and not kept."
                    </p>
                    <textarea
                        class="input mono"
                        id=SHOWN
                        name=SHOWN
                        rows="4"
                        maxlength=MAX.to_string()
                        spellcheck="false"
                        autocapitalize="none"
                        autocomplete="off"
                        aria-describedby="shown-help"
                        required
                    >
                        {text}
                    </textarea>
                </div>
                <div class="row"><button class="button">"Say what it means"</button></div>
            </form>
        </SendOnce>
    }
}

/// The values that the page shows.
#[derive(Clone, Debug)]
pub struct ShownView {
    /// The connector.
    pub connector: Connector,
    /// The remedies that this connector can offer.
    pub offers: Offers,
    /// The pasted text and what was read from it; `None` before a text was pasted.
    pub pasted: Option<(String, Pasted)>,
    /// The Redirect URI as Azure has it, if the user typed it.
    pub registered: String,
}

/// The page that explains Microsoft's error.
#[component]
pub fn ShownPage(
    /// The values that it shows.
    model: ShownView,
) -> impl IntoView {
    let ShownView { connector, offers, pasted, registered } = model;
    let id = connector.id;
    let back = format!("/connectors/{id}");
    let name = connector.service_name.as_str().to_owned();
    let not_understood = pasted.as_ref().is_some_and(|(_, pasted)| pasted.code.is_none());
    let (text, pasted) = match pasted {
        Some((text, pasted)) if pasted.code.is_some() => (text, pasted),
        other => {
            let text = other.map(|(text, _)| text).unwrap_or_default();
            return view! {
                <Ask connector=connector pasted=text not_understood=not_understood approval=offers.approval />
            }
            .into_any();
        }
    };
    let known = pasted.code.is_some_and(|code| codes::find(code).is_some());
    let diagnosis = offers.fit(Diagnosis::of_shown(pasted.code));
    let (what, remedies) = (diagnosis.what.clone(), diagnosis.remedies());
    let title = match pasted.code {
        Some(code) if !known => format!("Microsoft’s error {code}"),
        _ => diagnosis.title.to_owned(),
    };
    let what = if known { what } else { "This program has no words of its own for it.".to_owned() };
    let compared = remedies.contains(&Remedy::RedirectUri).then(|| {
        let named = pasted.uris.first().cloned();
        view! {
            <Compared
                connector=id
                ours=offers.redirect_uri.clone()
                named=named
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
            <Next diagnosis=diagnosis portal=offers.portal client_id=connector.client_id.clone() />
            <Remedies remedies=remedies connector=connector offers=offers between=compared />
            <section class="stack tight" aria-labelledby="said-title">
                <h2 id="said-title">"What Microsoft said"</h2>
                <dl class="facts note">{provider_said(pasted.said)}</dl>
            </section>
        </div>
    }
    .into_any()
}

/// Asks for the error. Some of Microsoft's pages have no code and are in the reader’s language. If a pasted text is
/// not understood, it names the usual reason: the page asked for an administrator.
#[component]
fn Ask(
    connector: Connector,
    pasted: String,
    not_understood: bool,
    approval: Option<String>,
) -> impl IntoView {
    let id = connector.id;
    let notice = not_understood.then(|| {
        view! {
            <Notice tone=Tone::Bad title="No error of Microsoft’s was found in it">
                <p>
                    "Look on Microsoft’s page for “AADSTS” with a number, perhaps behind “Troubleshooting details” or \
                     “More details”, and paste that line. Some pages show no such number."
                </p>
            </Notice>
        }
    });
    let possibly = approval.filter(|_| not_understood).map(|address| {
        view! {
            <ApprovalCard title="Did the page ask for an administrator? Send this address" address=address />
        }
    });
    view! {
        <div class="head">
            <div>
                <Back to=format!("/connectors/{id}") what=connector.service_name.as_str().to_owned() />
                <h1>"Did Microsoft show an error?"</h1>
                <p class="soft">
                    "Some errors Microsoft shows on its own page and never sends back here. Paste one, and read what it \
                     means and what to do."
                </p>
            </div>
        </div>
        <div class="stack text">
            {notice}
            {possibly}
            <PasteForm connector=id pasted=pasted />
        </div>
    }
}

/// Our Redirect URI above the one that Microsoft names or that Azure has. The first difference is marked.
#[component]
fn Compared(
    connector: ConnectorId,
    ours: String,
    named: Option<String>,
    registered: String,
    text: String,
) -> impl IntoView {
    let given = !registered.trim().is_empty();
    let (label, theirs) =
        if given { ("Azure has", Some(registered.clone())) } else { ("Microsoft was asked with", named) };
    let shown = theirs.map(|theirs| match difference(&ours, &theirs) {
        Some(Difference { at, words }) => view! {
            <dl class="uris">
                <div><dt>"This program sends"</dt><dd>{marked(&ours, at)}</dd></div>
                <div><dt>{label}</dt><dd>{marked(&theirs, at)}</dd></div>
            </dl>
            <p><strong>"They differ: "</strong>{words}</p>
        }
        .into_any(),
        None if given => view! {
            <p>
                "This is exactly what this program sends. Then it may stand on another platform than Web, belong to \
                 another application than the one with this Client ID, or not be saved yet."
            </p>
        }
        .into_any(),
        None => view! {
            <p>"Microsoft was asked with exactly the Redirect URI of this program, so Azure has another one."</p>
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
                    label="The Redirect URI as Azure has it"
                    help="Copied from Authentication, on the platform Web. It is compared, and not kept."
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

/// A text in which the character after the first `at` characters is marked, or the end if there is none.
fn marked(text: &str, at: usize) -> impl IntoView + use<> {
    let before: String = text.chars().take(at).collect();
    let sign: String = text.chars().skip(at).take(1).collect();
    let after: String = text.chars().skip(at + 1).collect();
    let mark = if sign.is_empty() {
        view! { <mark class="end"><span class="unseen">" (it ends here)"</span></mark> }.into_any()
    } else {
        view! { <mark>{sign}</mark> }.into_any()
    };
    view! { <code>{before}{mark}{after}</code> }
}
