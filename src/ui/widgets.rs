//! Widgets without scripts of their own: notices, badges, fields and links.

use std::fmt::Display;

use leptos::prelude::*;

use super::{
    icons::Icon,
    islands::{Copying, Revealing},
    markup::Markup,
};
pub use super::{moment::Moment, table::Pager};

/// The meaning of a notice or a badge. Its colour only repeats it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Success.
    Good,
    /// Failure.
    Bad,
    /// Warning.
    Warn,
    /// Information.
    Info,
    /// Not known yet.
    Idle,
}

impl Tone {
    /// The CSS class.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Idle => "idle",
        }
    }

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

/// A notice: a result, or a warning. A screen reader is interrupted by bad news; good news waits.
#[component]
pub fn Notice(
    /// Meaning of the notice.
    tone: Tone,
    /// First line.
    #[prop(optional, into)]
    title: Option<String>,
    /// Content.
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

/// Writes a state as text, with an icon and perhaps its reason.
pub fn write_badge(html: &mut Markup, tone: Tone, words: impl Display, reason: Option<&str>) {
    html.raw("<span class=\"badge ").raw(tone.class()).raw("\">").raw(tone.icon().svg()).raw("<span>");
    match reason {
        Some(reason) => html.raw("<b>").text(words).raw(":</b> ").text(reason),
        None => html.text(words),
    };
    html.raw("</span></span>");
}

/// A state as text, with an icon.
#[component]
pub fn Badge(
    /// Meaning of the badge.
    tone: Tone,
    /// The text of the badge, such as a state.
    #[prop(into)]
    words: String,
) -> impl IntoView {
    let mut html = Markup::default();
    write_badge(&mut html, tone, words, None);
    html.into_view()
}

/// A value to type elsewhere, with a button to copy it.
#[component]
pub fn Copyable(
    #[prop(into)] value: String,
    /// The noun for the value, with its article, for the label of the button.
    #[prop(into)]
    what: String,
    /// The form field on the same page whose typed value this shows.
    #[prop(optional)]
    mirror: Option<&'static str>,
) -> impl IntoView {
    view! {
        <div class="copy">
            <code data-mirror=mirror>{breakable(&value, '/')}</code>
            <CopyButton what=what />
        </div>
    }
}

/// The button beside a value: copies the `code` of the same `copy`. Screen readers hear the result from the status at
/// the end of the page.
#[component]
pub fn CopyButton(
    /// The noun for the value, with its article, for the label of the button.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <Copying>
            <button class="button plain small scripted" type="button">
                <span>"Copy"</span>
                <span class="unseen">" " {what}</span>
            </button>
        </Copying>
    }
}

/// Lets a text break after each separator, and preferably nowhere else: a URL after its slashes, the name of a permission
/// after its dots.
pub fn breakable(text: &str, separator: char) -> Vec<impl IntoView + use<>> {
    text.split_inclusive(separator)
        .map(|part| {
            let may_break = part.ends_with(separator) && part.len() > 1 && !part.ends_with(":/");
            let wbr = may_break.then(|| view! { <wbr /> });
            (part.to_owned(), wbr)
        })
        .collect()
}

/// The link to the parent page.
#[component]
pub fn Back(
    /// URL of that page.
    #[prop(into)]
    to: String,
    /// Title of that page.
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

/// The error below a field. The element is always in the page, so that screen readers announce a text that a
/// script puts into it.
#[component]
pub fn FieldError(
    /// Id of the element.
    id: String,
    /// The error text.
    error: Option<String>,
) -> impl IntoView {
    let tone = error.is_some().then_some("bad");
    view! {
        <p class="error" id=id data-tone=tone aria-live="polite">
            {Icon::Bad.draw()} {Icon::Warning.draw()} <span>{error}</span>
        </p>
    }
}

/// The question mark of a field: what the field is, where to find its value, and common mistakes.
#[component]
pub fn HelpMark(
    /// Label of the field.
    #[prop(into)]
    label: String,
    /// The help, in two sentences.
    words: &'static str,
) -> impl IntoView {
    view! {
        <details class="mark">
            <summary><span aria-hidden="true">"?"</span><span class="unseen">"Help: " {label}</span></summary>
            <p>{words}</p>
        </details>
    }
}

/// The look of a text field, and what the browser does with the typed text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// Words.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// A password: hidden, with a button to show it.
    Password,
    /// An identifier, to be copied character by character.
    Code,
    /// A secret to be copied character by character: hidden, with a button to show it.
    SecretCode,
    /// A short code or a day, mostly of digits.
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
        }
    }
}

/// A row of a form: label, help, input and error.
#[component]
pub fn TextField(
    /// Name in the form, and id.
    name: &'static str,
    #[prop(into)] label: String,
    /// Help below the label; none if it is empty.
    #[prop(optional, into)]
    help: Option<String>,
    /// Help behind the question mark.
    #[prop(default = None)]
    mark: Option<&'static str>,
    /// Kind of the input.
    #[prop(optional)]
    kind: FieldKind,
    /// Value of the input. Ignored for a hidden field, because a secret must not be in the page.
    #[prop(optional, into)]
    value: String,
    /// Value of the `autocomplete` attribute.
    #[prop(default = "off")]
    autocomplete: &'static str,
    /// The error text.
    #[prop(default = None)]
    error: Option<String>,
    /// Whether the field gets the focus.
    #[prop(optional)]
    focus: bool,
    /// Whether the browser requires a value. If not, the server gives a better error.
    #[prop(default = true)]
    required: bool,
    /// Maximum number of characters.
    #[prop(default = None)]
    max: Option<usize>,
) -> impl IntoView {
    let help = help.filter(|help| !help.is_empty());
    let described = [help.as_ref().map(|_| format!("{name}-help")), Some(format!("{name}-error"))];
    let described: Vec<_> = described.into_iter().flatten().collect();
    let code = matches!(kind, FieldKind::Code | FieldKind::SecretCode | FieldKind::Digits);
    let class = if code { "input mono" } else { "input" };
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
        let what = label.to_lowercase();
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
                        <span class="unseen">" " {what}</span>
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
            <div class="label">
                <label for=name>{label.clone()}</label>
                {help.map(|help| view! { <p class="help" id=format!("{name}-help")>{help}</p> })}
            </div>
            {mark.map(|words| view! { <HelpMark label=label words=words /> })}
            {input}
            <FieldError id=format!("{name}-error") error=error />
        </div>
    }
}

/// A notice above a form that was not saved. Its heading gets the focus. So the user first reads what happened, and
/// the page does not scroll past the notice.
#[component]
pub fn FocusedNotice(
    /// Meaning of the notice.
    tone: Tone,
    /// The heading.
    #[prop(into)]
    title: String,
    /// Content.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("notice {}", tone.class()) role="alert">
            {tone.icon().draw()}
            <div>
                <h2 class="title" tabindex="-1" autofocus=true>{title}</h2>
                {children()}
            </div>
        </div>
    }
}

/// Lists above a form which fields need a change, each with a link to it. Its heading gets the focus.
#[component]
pub fn ErrorSummary<N: Display + 'static>(
    /// Ids and labels, in the order of the form.
    fields: Vec<(N, &'static str)>,
    /// Additional text.
    #[prop(optional)]
    more: Option<&'static str>,
) -> impl IntoView {
    let title = match fields.len() {
        1 => "1 field needs your attention".to_owned(),
        count => format!("{count} fields need your attention"),
    };
    let links = fields
        .into_iter()
        .map(|(id, label)| view! { <li><a href=format!("#{id}")>{label}</a></li> })
        .collect_view();
    view! {
        <FocusedNotice tone=Tone::Bad title=title>
            {more.map(|more| view! { <p>{more}</p> })}
            <ul>{links}</ul>
        </FocusedNotice>
    }
}
