//! Writes the rows of the list as HTML directly, for speed: they are most of the page, and they contain no island.

use std::collections::HashMap;

use leptos::prelude::IntoView;

use crate::{
    accounts::{
        model::AccountState,
        pages::{NextStep, reason_line, write_state},
        service::Account,
    },
    connectors::service::{ConnectorChoice, ConnectorId},
    platform::clock::Timestamp,
    providers::Providers,
    ui::{email, markup::Markup, moment::distance},
};

/// Upper estimate of the bytes of a row.
const ROW: usize = 1280;

/// What the rows need beside the accounts.
pub(super) struct RowContext<'a> {
    pub names: &'a HashMap<ConnectorId, ConnectorChoice>,
    pub providers: &'a Providers,
    pub now: Timestamp,
    /// Whether an administrator looks. Others see emails and states, and no links.
    pub admin: bool,
}

/// The rows of the table, in this order.
pub(super) fn rows(accounts: &[Account], context: &RowContext<'_>) -> impl IntoView + use<> {
    let mut html = Markup::with_capacity(accounts.len() * ROW);
    // If all rows have the same provider, its picture does not help to distinguish them.
    let first = accounts.first().map(|account| account.provider.as_str());
    let several = accounts.iter().any(|account| Some(account.provider.as_str()) != first);
    for account in accounts {
        write_row(&mut html, account, several, context);
    }
    html.into_view()
}

fn write_row(html: &mut Markup, account: &Account, several: bool, context: &RowContext<'_>) {
    let RowContext { names, providers, now, admin } = *context;
    let provider = providers.find(&account.provider);
    html.raw(r#"<tr role="row"><th scope="row" role="rowheader"><div class="named">"#);
    if let Some(names) = provider.map(|provider| provider.names()) {
        html.raw(r#"<img class="sign" src=""#).in_quotes(names.image).raw(r#"" alt=""#);
        html.in_quotes(if several { names.service } else { "" }).raw(r#"" width="32" height="32">"#);
    }
    html.raw("<div>");
    let (local, domain) = email::parts(&account.email);
    if admin {
        html.raw(r#"<a href="/accounts/"#).in_quotes(account.id).raw(r#""><bdi>"#);
        html.text(local).raw("<wbr>").text(domain).raw("</bdi></a>");
    } else {
        html.raw("<bdi>").text(local).raw("<wbr>").text(domain).raw("</bdi>");
    }
    if !account.name.is_empty() {
        html.raw(r#"<p class="soft note"><bdi>"#).text(&account.name).raw("</bdi></p>");
    }
    html.raw(r#"</div></div></th><td role="cell" data-label="Connector"><div>"#);
    match names.get(&account.connector) {
        Some(connector) => {
            html.raw(r#"<a href="/connectors/"#).in_quotes(connector.id).raw(r#""><bdi>"#);
            html.text(&connector.service_name).raw("</bdi></a>");
        }
        None => {
            html.raw("deleted");
        }
    }
    html.raw(r#"</div></td><td role="cell" data-label="State"><div><p>"#);
    write_state(html, account.state, account.paused.is_some());
    html.raw("</p>");
    if account.state != AccountState::Connected {
        write_why(html, account, context);
    }
    html.raw(
        r#"</div></td><td class="brief" role="cell" data-label="Last sign-in"><div><p><time datetime=""#,
    );
    html.in_quotes(account.signed_in_at.for_machines()).raw("\">");
    html.text(account.signed_in_at.day_for_people()).raw(r#"</time></p><p class="soft note">"#);
    html.text(distance(account.signed_in_at, now)).raw("</p></div></td></tr>");
}

/// Writes since when an account is in its state, why, and the one thing to do next.
fn write_why(html: &mut Markup, account: &Account, context: &RowContext<'_>) {
    let RowContext { providers, now, admin, .. } = *context;
    html.raw(r#"<p class="soft note">"#);
    let reason = providers.find(&account.provider).and_then(|provider| reason_line(account, provider));
    if let Some(reason) = reason {
        html.text(reason).raw(" ");
    }
    html.raw("<span class=\"ago\">Began ").text(distance(account.state_since, now)).raw("</span></p>");
    let step = match account.state.next_step() {
        NextStep::SignIn => Some(("/link", "Make a link to sign in again")),
        NextStep::TryAgain => Some(("", "Open the account")),
        NextStep::OpenConnector | NextStep::None => None,
    };
    if let Some((rest, words)) = step.filter(|_| admin) {
        html.raw(r#"<p class="note"><a href="/accounts/"#).in_quotes(account.id).raw(rest).raw("\">");
        html.raw(words).raw(r#"<span class="unseen">: "#).text(&account.email).raw("</span></a></p>");
    }
}

#[cfg(test)]
mod tests;
