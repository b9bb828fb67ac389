//! Widgets without scripts.

use std::fmt::Display;

use leptos::prelude::*;

use super::{
    icons::Icon,
    islands::{Copying, Revealing},
    markup::Markup,
};
use crate::platform::clock::Timestamp;

/// What a notice or a badge is about; the colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It is well.
    Good,
    /// It is not.
    Bad,
    /// To be heeded.
    Warn,
    /// To be known.
    Info,
    /// Nothing is known yet.
    Idle,
}

impl Tone {
    /// The class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Idle => "idle",
        }
    }

    /// The sign.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Good => Icon::Good,
            Self::Bad => Icon::Bad,
            Self::Warn => Icon::Warning,
            Self::Info => Icon::Info,
            Self::Idle => Icon::Idle,
        }
    }
}

/// A notice: what happened, or what to heed. Bad news interrupts those who hear the page, good news
/// waits.
#[component]
pub fn Notice(
    /// What it is about.
    tone: Tone,
    /// Its first line.
    #[prop(optional, into)]
    title: Option<String>,
    /// The rest.
    children: Children,
) -> impl IntoView {
    let role = match tone {
        Tone::Bad => Some("alert"),
        Tone::Good | Tone::Info => Some("status"),
        Tone::Warn | Tone::Idle => None,
    };
    view! {
        <div class=format!("notice {}", tone.class()) role=role>
            {tone.icon().draw()}
            <div>
                {title.map(|title| view! { <p class="title">{title}</p> })}
                {children()}
            </div>
        </div>
    }
}

/// Writes a state in words, with a sign and possibly its reason.
pub fn write_badge(html: &mut Markup, tone: Tone, words: impl Display, reason: Option<&str>) {
    html.raw("<span class=\"badge ").raw(tone.class()).raw("\">").raw(tone.icon().svg()).raw("<span>");
    match reason {
        Some(reason) => html.raw("<b>").text(words).raw(":</b> ").text(reason),
        None => html.text(words),
    };
    html.raw("</span></span>");
}

/// A state in words, with a sign.
#[component]
pub fn Badge(
    /// What it is about.
    tone: Tone,
    /// The state.
    #[prop(into)]
    words: String,
) -> impl IntoView {
    let mut html = Markup::default();
    write_badge(&mut html, tone, words, None);
    html.into_view()
}

/// A value to be typed elsewhere, ready to copy.
#[component]
pub fn Copyable(
    /// The value.
    #[prop(into)]
    value: String,
    /// What it is, with its article.
    #[prop(into)]
    what: String,
    /// The field of a form on the same page whose value this is, as it is typed.
    #[prop(optional)]
    mirror: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="copy">
            <code data-mirror=mirror>{breakable(&value)}</code>
            <CopyButton what=what />
        </div>
    }
}

/// The button beside a value: copies what stands in the `code` of the same `copy`.
#[component]
pub fn CopyButton(
    /// What it is, with its article.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <Copying>
            <button class="button plain small scripted" type="button">
                <span aria-live="polite">"Copy"</span>
                <span class="unseen">" " {what}</span>
            </button>
        </Copying>
    }
}

/// An address may break after each slash, and nowhere else if it can be helped.
fn breakable(text: &str) -> Vec<impl IntoView + use<>> {
    text.split_inclusive('/')
        .map(|part| {
            let wbr =
                (part.ends_with('/') && part.len() > 1 && !part.ends_with(":/")).then(|| view! { <wbr /> });
            (part.to_owned(), wbr)
        })
        .collect()
}

/// A moment, for people and for machines.
#[component]
pub fn Moment(
    /// The moment.
    at: Timestamp,
) -> impl IntoView {
    view! { <time datetime=at.for_machines()>{at.for_people()}</time> }
}

/// The way back to the page above.
#[component]
pub fn Back(
    /// Where to.
    #[prop(into)]
    to: String,
    /// What is there.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <a class="back" href=to>
            {Icon::Back.draw()}
            " "
            <bdi>{what}</bdi>
        </a>
    }
}

/// The ways to other pages of a list, where there are any.
#[component]
pub fn Pager(
    /// To the first page, and what that is called; none on it.
    #[prop(default = None)]
    first: Option<(String, &'static str)>,
    /// To the next one.
    #[prop(default = None)]
    next: Option<(String, &'static str)>,
) -> impl IntoView {
    let link = |(to, words): (String, &'static str)| view! { <a class="button" href=to>{words}</a> };
    (first.is_some() || next.is_some()).then(|| {
        view! { <nav class="row apart" aria-label="Pages">{first.map(link)}{next.map(link)}</nav> }
    })
}

/// What is wrong with a field, below it. It stands in the page from the start, so that what scripts put
/// into it is heard.
#[component]
pub fn FieldError(
    /// The element's id.
    id: String,
    /// What is wrong.
    error: Option<String>,
) -> impl IntoView {
    let tone = error.is_some().then_some("bad");
    view! {
        <p class="error" id=id data-tone=tone aria-live="polite">
            {Icon::Bad.draw()} {Icon::Warning.draw()} <span>{error}</span>
        </p>
    }
}

/// A field's question mark: what it is, where to find it, and what goes wrong.
#[component]
pub fn HelpMark(
    /// The field's label.
    label: &'static str,
    /// The answer, in two sentences.
    words: &'static str,
) -> impl IntoView {
    view! {
        <details class="mark">
            <summary><span aria-hidden="true">"?"</span><span class="unseen">"Help: " {label}</span></summary>
            <p>{words}</p>
        </details>
    }
}

/// How a text field looks and what the browser does with what is typed there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// Words.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A password: hidden, with a button to show it.
    Password,
    /// An identifier, to be copied sign by sign.
    Code,
    /// A secret that is copied sign by sign: hidden, with a button to show it.
    SecretCode,
    /// A day.
    Date,
    /// A short code, mostly of digits.
    Digits,
}

impl FieldKind {
    const fn is_hidden(self) -> bool {
        matches!(self, Self::Password | Self::SecretCode)
    }

    const fn input_type(self) -> &'static str {
        match self {
            Self::Text | Self::Code | Self::Digits => "text",
            Self::Email => "email",
            Self::Password | Self::SecretCode => "password",
            Self::Date => "date",
        }
    }
}

/// A line of a form: label, help, input and error.
#[component]
pub fn TextField(
    /// The name in the form, and the id.
    name: &'static str,
    /// The label.
    label: &'static str,
    /// What to type.
    #[prop(optional)]
    help: Option<&'static str>,
    /// What the question mark answers.
    #[prop(default = None)]
    mark: Option<&'static str>,
    /// What is typed.
    #[prop(optional)]
    kind: FieldKind,
    /// What stands in it. Of what is hidden nothing ever does.
    #[prop(optional, into)]
    value: String,
    /// What the browser may fill in.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// What is wrong.
    #[prop(default = None)]
    error: Option<String>,
    /// Whether the focus goes here.
    #[prop(optional)]
    focus: bool,
    /// Whether the browser itself insists on it. Where it does not, the server says more.
    #[prop(default = true)]
    required: bool,
    /// The most characters.
    #[prop(default = None)]
    max: Option<usize>,
) -> impl IntoView {
    let described = [help.map(|_| format!("{name}-help")), Some(format!("{name}-error"))];
    let described: Vec<_> = described.into_iter().flatten().collect();
    let code = matches!(kind, FieldKind::Code | FieldKind::SecretCode | FieldKind::Digits);
    let class = match kind {
        FieldKind::Date => "input short",
        _ if code => "input mono",
        _ => "input",
    };
    let input = view! {
        <input
            class=class
            id=name
            name=name
            type=kind.input_type()
            value=(!kind.is_hidden()).then_some(value)
            autocomplete=autocomplete
            autocapitalize=code.then_some("none")
            spellcheck=code.then_some("false")
            inputmode=(kind == FieldKind::Digits).then_some("text")
            maxlength=max.map(|max| max.to_string())
            aria-describedby=described.join(" ")
            aria-invalid=error.is_some().then_some("true")
            autofocus=focus
            required=required
        />
    };
    let input = if kind.is_hidden() {
        view! {
            <div class="inside">
                {input}
                <Revealing>
                    <button
                        class="button plain small scripted"
                        type="button"
                        aria-pressed="false"
                        aria-controls=name
                    >
                        <span>"Show"</span>
                        <span class="unseen">" " {label.to_lowercase()}</span>
                    </button>
                </Revealing>
            </div>
        }
        .into_any()
    } else {
        input.into_any()
    };
    view! {
        <div class="field">
            <label for=name>{label}</label>
            {mark.map(|words| view! { <HelpMark label=label words=words /> })}
            {help.map(|help| view! { <p class="help" id=format!("{name}-help")>{help}</p> })}
            {input}
            <FieldError id=format!("{name}-error") error=error />
        </div>
    }
}

/// Says above a form which fields are wrong, each with a link to it.
#[component]
pub fn ErrorSummary(
    /// Ids and labels, in the form's order.
    fields: Vec<(&'static str, &'static str)>,
    /// What else there is to say.
    #[prop(optional)]
    more: Option<&'static str>,
) -> impl IntoView {
    let title = match fields.len() {
        1 => "One entry needs a change".to_owned(),
        count => format!("{count} entries need a change"),
    };
    let links = fields
        .into_iter()
        .map(|(id, label)| view! { <li><a href=format!("#{id}")>{label}</a></li> })
        .collect_view();
    view! {
        <Notice tone=Tone::Bad title=title>
            {more.map(|more| view! { <p>{more}</p> })}
            <ul>{links}</ul>
        </Notice>
    }
}
