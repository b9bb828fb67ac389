//! Live checks of the forms of connectors. They run the server's own parsers in the browser while the user types, and
//! again before the form is sent. They only help: if a parser is missing, the form is sent and the server decides.

mod file;

use std::time::Duration;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::model::ServiceName;
use crate::{
    platform::text,
    providers::{EXPIRES_IN, ExpiryDate, Field, ProviderForm, day_counts, form::form_of},
    ui::islands::{closest, for_each, send_once, typed},
};

/// Interval between checks whether the pressed button was released.
const PRESSED: Duration = Duration::from_millis(50);

/// Matches in a page whose form may have an empty secret: it keeps the stored one, or the server keeps the typed one.
const EMPTY_SECRET: &str = "form[action$='/change'],[name=secret_kept]";

/// The moment of a check.
#[derive(Clone, Copy)]
enum Moment {
    /// The user types, and may be about to correct the value. Only a mistake that is shown already is checked again.
    Typing,
    /// The user leaves the field. An empty field is not a mistake yet.
    Leaving,
    /// The user sends the form.
    Sending,
}

/// Wraps a connector's form. It shows the mistake in a field when the user leaves it, and from then on while the user
/// types. A form with a mistake is not sent, and its first wrong field gets the focus. A double click sends the form
/// only once.
#[island]
pub fn CheckedForm(
    /// The form.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    catch_up();
    let on_change = |event: ev::Event| {
        let _ = file::read_chosen(&event);
        once_released(move || {
            let _ = check_target(&event, Moment::Leaving);
        });
    };
    let on_input = |event: ev::Event| {
        // `None` if the page lacks an element, for example after a browser extension changed it. Then only
        // the server checks the field.
        let _ = check_target(&event, Moment::Typing);
        let _ = follow();
    };
    let on_submit = |event: ev::SubmitEvent| {
        if let Some(input) = first_mistake() {
            event.prevent_default();
            let _ = input.focus();
        } else {
            let _ = send_once(&event);
        }
    };
    view! {
        <div class="contents" on:change=on_change on:input=on_input on:submit=on_submit>
            {children()}
        </div>
    }
}

/// Checks the values that the user typed or chose before this island was hydrated.
#[cfg(feature = "hydrate")]
fn catch_up() {
    once_released(|| {
        let here = document().active_element();
        let mut changed = false;
        for_each("input", |element| {
            let Some(input) = element.dyn_ref::<HtmlInputElement>().filter(|input| is_changed(input)) else {
                return;
            };
            changed = true;
            // The user is still in the focused field and may be about to correct it.
            if here.as_ref() != Some(element) {
                let _ = check(input, Moment::Leaving);
            }
        });
        if changed {
            let _ = follow();
        }
    });
}

/// Whether the value differs from the one that the server rendered.
#[cfg(feature = "hydrate")]
fn is_changed(input: &HtmlInputElement) -> bool {
    input.value() != input.default_value() || input.checked() != input.default_checked()
}

/// Runs this now, or after the pressed button is released. A user may leave a field by pressing a button. A message
/// that appears before the release would move the button away, and the click would be lost.
fn once_released(then: impl FnOnce() + 'static) {
    if matches!(document().query_selector(":active"), Ok(Some(_))) {
        set_timeout(move || once_released(then), PRESSED);
    } else {
        then();
    }
}

/// The parsers of the chosen provider. `None` if the page lacks the field, or the browser does not know that provider.
/// Then only the server checks the fields.
fn chosen_form() -> Option<&'static dyn ProviderForm> {
    // The page that replaces a secret has a hidden field in place of the choice.
    let chosen = document().query_selector("input[name=provider]:checked,#provider[type=hidden]").ok()??;
    form_of(&chosen.get_attribute("value")?)
}

/// Makes the guide follow the values in the form. `None` if the page lacks an element.
fn follow() -> Option<()> {
    chosen_form()?.follow()
}

/// The browser's storage for the ticked steps of the guide. It holds names of steps and no typed values.
const TICKS: &str = "mail360:guide";

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok()?
}

/// Wraps the guide and remembers the ticked steps while the user moves between pages.
#[island]
pub fn Checklist(
    /// The guide.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        // `None` if the browser has no storage; then the boxes stay as they are.
        let _ = recall();
    }
    let on_change = |_: ev::Event| {
        let _ = remember();
    };
    view! { <div class="contents" on:change=on_change>{children()}</div> }
}

/// Stores the ticked steps; `None` if the browser has no storage.
fn remember() -> Option<()> {
    // The steps of another provider's guide are not in this page.
    let kept = storage()?.get_item(TICKS).ok()?.unwrap_or_default();
    let is_elsewhere = |&step: &&str| document().get_element_by_id(&["step-", step].concat()).is_none();
    let mut ticked: Vec<_> = kept.split(' ').filter(is_elsewhere).map(str::to_owned).collect();
    for_each(".step > input:checked", |input| ticked.extend(input.get_attribute("value")));
    storage()?.set_item(TICKS, &ticked.join(" ")).ok()
}

#[cfg(feature = "hydrate")]
fn recall() -> Option<()> {
    let kept = storage()?.get_item(TICKS).ok()?.unwrap_or_default();
    let mut newer = false;
    for_each(".step > input", |element| {
        let Some(input) = element.dyn_ref::<HtmlInputElement>() else { return };
        // A box that was changed before hydration, or that came back with a form, is newer than the stored steps.
        if is_changed(input) || input.default_checked() {
            newer = true;
        } else if kept.split(' ').any(|step| step == input.value()) {
            input.set_checked(true);
        }
    });
    if newer { remember() } else { Some(()) }
}

/// Wraps the message after a connector was added, and clears the checklist for the next application.
#[island]
pub fn ForgetTicks(
    /// The message.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    {
        let _ = storage().map(|storage| storage.remove_item(TICKS));
    }
    view! { <div class="contents">{children()}</div> }
}

/// The result of a field's parser: nothing, a warning, or an error.
fn judge(field: &Field, text: &str) -> Option<(&'static str, &'static str)> {
    let form = chosen_form()?;
    let judgement = match field {
        Field::ServiceName => ServiceName::parse(text).map(|_| None),
        Field::ClientId => form.parse_client_id(text).map(|_| None),
        Field::ClientSecret => {
            let client_id = typed(Field::ClientId.name()).unwrap_or_default();
            form.parse_secret(text, &client_id).map(|(_, warning)| warning)
        }
        Field::SecretExpires => ExpiryDate::parse(text).map(|_| None),
        Field::Setting(name) => form.parse_setting(name, text).map(|_| None),
        Field::Provider | Field::Permissions => Ok(None),
    };
    match judgement {
        Ok(warning) => warning.map(|words| ("warn", words)),
        Err(words) => Some(("bad", words)),
    }
}

fn check_target(event: &ev::Event, moment: Moment) -> Option<bool> {
    check(&closest(event, "input")?.dyn_into().ok()?, moment)
}

/// The value of a field, and of a choice the chosen one.
fn value_of(name: &str) -> Option<String> {
    let input = ["input[name=", name, "]:not([type=radio]),input[name=", name, "]:checked"].concat();
    let input = document().query_selector(&input).ok()??;
    Some(input.dyn_into::<HtmlInputElement>().ok()?.value())
}

/// Whether the server reads the field. A browser may show a field that does not count, if it lacks `:has()` or the
/// style sheet. A mistake in it must not keep the form from being sent.
fn counts(field: &Field) -> bool {
    match field {
        Field::SecretExpires => day_counts(&value_of(EXPIRES_IN).unwrap_or_default()),
        Field::Setting(name) => chosen_form().is_none_or(|form| form.counts(name, &value_of)),
        _ => true,
    }
}

/// Checks all text fields that count, and returns the first one with a mistake.
fn first_mistake() -> Option<HtmlInputElement> {
    let mut first = None;
    for_each("input.input", |element| {
        let input = element.dyn_ref::<HtmlInputElement>().filter(|input| counts(&Field::of(&input.name())));
        if let Some(input) = input
            && check(input, Moment::Sending) == Some(true)
            && first.is_none()
        {
            first = Some(input.clone());
        }
    });
    first
}

/// Whether the field has a mistake. `None` if it was not checked.
fn check(input: &HtmlInputElement, moment: Moment) -> Option<bool> {
    let field = Field::of(&input.name());
    let line = document().get_element_by_id(&[field.name(), "-error"].concat())?;
    let words = line.query_selector("span").ok()??;
    if matches!(field, Field::ClientId | Field::ClientSecret) {
        let _ = file::spread(&input.value());
    }
    let text = input.value();
    let skipped = match moment {
        Moment::Typing => !line.has_attribute("data-tone"),
        Moment::Leaving => text::trim(&text).is_empty(),
        Moment::Sending => {
            field == Field::ClientSecret
                && text::trim(&text).is_empty()
                && document().query_selector(EMPTY_SECRET).ok()?.is_some()
        }
    };
    if skipped {
        return None;
    }
    let verdict = judge(&field, &text);
    words.set_text_content(verdict.map(|(_, words)| words));
    match verdict {
        Some((tone, _)) => line.set_attribute("data-tone", tone).ok()?,
        None => line.remove_attribute("data-tone").ok()?,
    }
    let is_bad = verdict.is_some_and(|(tone, _)| tone == "bad");
    if is_bad {
        input.set_attribute("aria-invalid", "true").ok()?;
    } else {
        input.remove_attribute("aria-invalid").ok()?;
    }
    Some(is_bad)
}
