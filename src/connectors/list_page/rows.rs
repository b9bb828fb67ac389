//! Writes the rows of the list as HTML directly, for speed: they are most of the page, and they contain no island.

use leptos::prelude::IntoView;
use time::Date;

use crate::{
    connectors::{
        pages::{write_expiry, write_state, write_who_may_sign_in},
        service::Listed,
    },
    ui::markup::Markup,
};

/// Upper estimate of the bytes of a row.
const ROW: usize = 1536;

/// The rows of the table, in this order.
pub(super) fn rows(connectors: &[Listed], today: Date) -> impl IntoView + use<> {
    let mut html = Markup::with_capacity(connectors.len() * ROW);
    for connector in connectors {
        write_row(&mut html, connector, today);
    }
    html.into_view()
}

fn write_row(html: &mut Markup, connector: &Listed, today: Date) {
    let (name, names) = (connector.service_name.as_str(), connector.names());
    html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div class="named">"#);
    html.raw(r#"<img class="sign" src=""#).in_quotes(names.image);
    html.raw(r#"" alt=""#).in_quotes(names.service).raw(r#"" width="32" height="32">"#);
    html.raw(r#"<div><a href="/connectors/"#).in_quotes(connector.id).raw(r#""><bdi>"#);
    html.text(name);
    html.raw(r#"</bdi></a><p class="soft note"><span class="unseen">Client ID </span><code>"#);
    html.text(connector.client_id.as_str()).raw("</code></p></div></div></th>");

    html.raw(r#"<td role="cell" data-label="Who may sign in"><div>"#);
    write_who_may_sign_in(html, connector.application.as_ref());
    html.raw(r#"</div></td><td role="cell" data-label="State"><div>"#);
    write_state(html, connector.state, names);
    html.raw(r#"</div></td><td class="brief" role="cell" data-label="Secret expires"><div>"#);
    write_expiry(html, connector.secret_expires_on, today);

    html.raw(
        r#"</div></td><td class="brief" role="cell" data-label="API scope"><details class="disclosure">"#,
    );
    html.raw(r#"<summary>View API scope<span class="unseen"> of <bdi>"#);
    html.text(name).raw(r#"</bdi></span></summary><ul class="mono" role="list">"#);
    for scope in &connector.scopes {
        html.raw("<li>").text(scope).raw("</li>");
    }
    html.raw("</ul></details></td></tr>");
}

#[cfg(test)]
mod tests;
