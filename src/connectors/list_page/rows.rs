//! Writes the rows of the list as HTML directly, for speed: they are most of the page, and they contain no island.

use leptos::prelude::IntoView;
use time::Date;

use crate::{
    connectors::{
        pages::{write_being_deleted, write_expiry, write_state},
        service::Listed,
    },
    ui::markup::Markup,
};

/// Upper estimate of the bytes of a row.
const ROW: usize = 1280;

/// The rows of the table, in this order.
pub(super) fn rows(connectors: &[Listed], today: Date) -> impl IntoView + use<> {
    let mut html = Markup::with_capacity(connectors.len() * ROW);
    // If all rows have the same provider, its name does not help to distinguish them.
    let mut services = connectors.iter().map(|connector| connector.names().service);
    let first = services.next();
    let several = services.any(|service| Some(service) != first);
    for connector in connectors {
        write_row(&mut html, connector, today, several);
    }
    html.into_view()
}

/// Writes a row. If `several` providers are in the list, it names its own.
fn write_row(html: &mut Markup, connector: &Listed, today: Date, several: bool) {
    let (name, names) = (connector.service_name.as_str(), connector.names());
    html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div class="named">"#);
    html.raw(r#"<img class="sign" src=""#).in_quotes(names.image).raw(r#"" alt=""#);
    html.in_quotes(if several { "" } else { names.service }).raw(r#"" width="32" height="32">"#);
    html.raw(r#"<div><a href="/connectors/"#).in_quotes(connector.id).raw(r#""><bdi>"#);
    html.text(name);
    html.raw(r#"</bdi></a><p class="soft note"><span class="unseen">Client ID </span><code>"#);
    html.text(connector.client_id.as_str()).raw("</code>");
    if several {
        html.raw(" ").text(names.service);
    }
    html.raw("</p></div></div></th>");

    html.raw(r#"<td role="cell" data-label="Who may sign in"><div>"#);
    let (audience, company) = connector.application.audience();
    html.raw("<p>").text(audience).raw("</p>");
    if let Some(company) = company {
        html.raw(r#"<p class="soft note"><code>"#).text(company).raw("</code></p>");
    }
    html.raw(r#"</div></td><td role="cell" data-label="State"><div>"#);
    if connector.deleted_at.is_some() {
        write_being_deleted(html);
    } else {
        write_state(html, connector.state, names);
    }
    html.raw(r#"</div></td><td class="brief" role="cell" data-label="Secret expires"><div>"#);
    write_expiry(html, &*connector.provider, connector.secret_expires_on, today);

    let permissions = connector.scopes.len();
    html.raw(r#"</div></td><td class="brief" role="cell" data-label="Permissions"><div><p>"#);
    html.text(permissions).raw(if permissions == 1 { " permission" } else { " permissions" });
    html.raw("</p></div></td></tr>");
}

#[cfg(test)]
mod tests;
