//! Makes the steps of the guide follow the values in the form, while the user types. It runs only in the browser.

use leptos::prelude::document;
use web_sys::Element;

use super::{
    AccountType, NoApproval,
    fields::{Tenant, parse_client_id},
    form::{ACCOUNT_TYPE, TENANT},
    secret_periods::expiration,
};
use crate::{
    platform::text,
    providers::{
        EXPIRES_IN, Field,
        mirror::{chosen_scopes, mirror, show_chosen},
    },
    ui::islands::{for_each, show, typed},
};

/// Copies the typed values into the guide's instructions for the portal. `None` if the page lacks an element.
pub fn follow() -> Option<()> {
    let client_id = parse_client_id(&typed(Field::ClientId.name())?).ok();
    let name = typed(Field::ServiceName.name()).unwrap_or_default();
    let chosen = chosen_radio(ACCOUNT_TYPE)?;
    let label = chosen.parent_element()?.query_selector("[data-label]").ok()??.text_content()?;
    let scopes = chosen_scopes();
    let (listed, lines) = (scopes.join(", "), scopes.join("\n"));
    show_chosen(&scopes);
    let months = chosen_radio(EXPIRES_IN).and_then(|radio| radio.get_attribute("value"));
    let day = typed(Field::SecretExpires.name()).unwrap_or_default();
    let (choice, life) = expiration(&months.unwrap_or_default(), &day);
    for (field, text) in [
        (Field::ServiceName.name(), text::trim(&name)),
        (ACCOUNT_TYPE, &label),
        (Field::Permissions.name(), &listed),
        ("names", &lines),
        ("expiration", &choice),
        ("life", &life),
    ] {
        mirror(field, text);
    }
    let id = client_id.as_deref();
    for_each("[data-portal]", |link| {
        if let (Some(template), Some(id)) = (link.get_attribute("data-portal"), id) {
            let _ = link.set_attribute("href", &template.replace("{client_id}", id));
        }
    });
    let consent = document().query_selector("[data-consent]").ok()??;
    let kind = AccountType::from_name(&chosen.get_attribute("value")?)?;
    let tenant = Tenant::parse(&typed(TENANT)?).ok();
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
    ready.query_selector("[data-address]").ok()??.set_text_content(address.as_deref());
    Some(())
}

/// The chosen one of the radio buttons with this name.
fn chosen_radio(name: &str) -> Option<Element> {
    document().query_selector(&["input[name=", name, "]:checked"].concat()).ok().flatten()
}
