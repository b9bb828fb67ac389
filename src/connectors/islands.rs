//! Live checks of the Add Connector form. They run the server's own parsers in the browser while the user types. They
//! only help: the form is posted whatever they find, and the server decides.

use std::time::Duration;

use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::model::{
    AccountType, ClientId, EXPIRES_IN, ExpiryDate, Field, NoApproval, ServiceName, Tenant, expiration,
    parse_client_secret, required_permissions,
};
use crate::{
    platform::text,
    ui::islands::{closest, send_once},
};

/// Interval between checks whether the pressed button was released.
const PRESSED: Duration = Duration::from_millis(50);

/// Wraps a connector's form. It shows the mistake in a field when the user leaves it, and from then on while the user
/// types. It also keeps a double click from sending the form twice.
#[island]
pub fn CheckedForm(
    /// The form.
    children: Children,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    catch_up();
    let on_change = |event: ev::Event| {
        once_released(move || {
            let _ = check_target(&event, true);
        });
    };
    let on_input = |event: ev::Event| {
        // `None` if the page lacks an element, for example after a browser extension changed it. Then only
        // the server checks the field.
        let _ = check_target(&event, false);
        let _ = mirror();
    };
    let on_submit = |event: ev::SubmitEvent| {
        let _ = send_once(&event);
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
                let _ = check(input, true);
            }
        });
        if changed {
            let _ = mirror();
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

/// Copies the typed values into the guide's instructions for the portal. `None` if the page lacks an element.
fn mirror() -> Option<()> {
    let client_id = ClientId::parse(&typed(Field::ClientId)?).ok();
    let name = typed(Field::ServiceName).unwrap_or_default();
    let chosen = document().query_selector("input[name=account_type]:checked").ok()??;
    let label = chosen.parent_element()?.query_selector("[data-label]").ok()??.text_content()?;
    let mut scopes: Vec<String> =
        required_permissions().map(|permission| permission.name.to_owned()).collect();
    for_each("input[name^=scopes]:checked", |input| scopes.extend(input.get_attribute("value")));
    let listed = scopes.join(", ");
    for_each("[data-scope]", |item| {
        let _ =
            show(item, scopes.iter().any(|scope| item.get_attribute("data-scope").as_ref() == Some(scope)));
    });
    for_each("[data-optional]", |part| {
        let _ =
            show(part, part.query_selector("[data-scope]:not([hidden])").is_ok_and(|item| item.is_some()));
    });
    let chosen_end = ["input[name=", EXPIRES_IN, "]:checked"].concat();
    let months = document().query_selector(&chosen_end).ok().flatten();
    let months = months.and_then(|chosen| chosen.get_attribute("value")).unwrap_or_default();
    let (choice, life) = expiration(&months, &typed(Field::SecretExpires).unwrap_or_default());
    for (field, text) in [
        ("service_name", text::trim(&name)),
        ("account_type", &label),
        ("scopes", &listed),
        ("expiration", &choice),
        ("life", &life),
    ] {
        let text = if text.is_empty() { "Mail360" } else { text };
        for_each(&["[data-mirror=", field, "]"].concat(), |element| element.set_text_content(Some(text)));
    }
    let id = client_id.as_ref().map(ClientId::as_str);
    for_each("[data-portal]", |link| {
        if let (Some(template), Some(id)) = (link.get_attribute("data-portal"), id) {
            let _ = link.set_attribute("href", &template.replace("{client_id}", id));
        }
    });
    let consent = document().query_selector("[data-consent]").ok()??;
    let kind = AccountType::from_name(&chosen.get_attribute("value")?)?;
    let tenant = Tenant::parse(&typed(Field::Tenant)?).ok();
    let approval = kind.approval(tenant.as_ref().map(Tenant::as_str), id);
    let reason = approval.err().map(NoApproval::name);
    let address = approval.ok().map(|(tenant, id)| {
        let template = consent.get_attribute("data-consent").unwrap_or_default();
        template.replace("{tenant}", tenant).replace("{client_id}", id).replace("{scopes}", &scopes.join("+"))
    });
    for_each("[data-missing]", |words| {
        let _ = show(words, words.get_attribute("data-missing").as_deref() == reason);
    });
    let ready = consent.query_selector("[data-ready]").ok()??;
    show(&ready, address.is_some())?;
    ready.query_selector("code").ok()??.set_text_content(address.as_deref());
    Some(())
}

fn show(element: &Element, shown: bool) -> Option<()> {
    if shown { element.remove_attribute("hidden").ok() } else { element.set_attribute("hidden", "").ok() }
}

fn for_each(selector: &str, mut then: impl FnMut(&Element)) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    for at in 0..found.length() {
        if let Some(element) = found.item(at).and_then(|node| node.dyn_into::<Element>().ok()) {
            then(&element);
        }
    }
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
    let mut ticked = Vec::new();
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
fn judge(field: Field, text: &str) -> Option<(&'static str, &'static str)> {
    let judgement = match field {
        Field::ServiceName => ServiceName::parse(text).map(|_| None),
        Field::ClientId => ClientId::parse(text).map(|_| None),
        Field::ClientSecret => {
            parse_client_secret(text, &typed(Field::ClientId).unwrap_or_default()).map(|(_, warning)| warning)
        }
        Field::SecretExpires => ExpiryDate::parse(text).map(|_| None),
        Field::Tenant => Tenant::parse(text).map(|_| None),
        Field::Provider | Field::AccountType | Field::Permissions => Ok(None),
    };
    match judgement {
        Ok(warning) => warning.map(|words| ("warn", words)),
        Err(words) => Some(("bad", words)),
    }
}

/// The present value of a field.
fn typed(field: Field) -> Option<String> {
    let element = document().get_element_by_id(field.name())?;
    Some(element.dyn_into::<HtmlInputElement>().ok()?.value())
}

fn check_target(event: &ev::Event, leaving: bool) -> Option<()> {
    check(&closest(event, "input")?.dyn_into().ok()?, leaving)
}

fn check(input: &HtmlInputElement, leaving: bool) -> Option<()> {
    let field = Field::from_name(&input.name())?;
    let line = document().get_element_by_id(&[field.name(), "-error"].concat())?;
    let words = line.query_selector("span").ok()??;
    let text = input.value();
    let silent = !line.has_attribute("data-tone");
    // An empty field is no mistake yet, and a user who is still typing may be about to correct the value.
    if if leaving { text::trim(&text).is_empty() } else { silent } {
        return None;
    }
    let said = judge(field, &text);
    words.set_text_content(said.map(|(_, words)| words));
    match said {
        Some((tone, _)) => line.set_attribute("data-tone", tone).ok()?,
        None => line.remove_attribute("data-tone").ok()?,
    }
    if said.is_some_and(|(tone, _)| tone == "bad") {
        input.set_attribute("aria-invalid", "true").ok()
    } else {
        input.remove_attribute("aria-invalid").ok()
    }
}
