//! `/connectors/{id}/delete`: says what stops working if a connector is deleted, and asks the user to confirm. For a
//! connector with accounts, the user types its Service Name.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
};
use leptos::prelude::*;

use super::{
    actions::{DELETE, WRONG_NAME},
    draft::OWNER,
    model::list::Count,
    service::{Connector, ConnectorId, ConnectorService},
};
use crate::{
    people::access::Member,
    platform::{failure::Failure, page::Page},
    ui::{
        islands::SendOnce,
        numbers::grouped,
        widgets::{Back, TextField},
    },
};

/// `GET /connectors/{id}/delete`.
pub async fn show(
    State(service): State<ConnectorService>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = service.get_usable(&admin.caller(), id).await?;
    let accounts = service.count_accounts(&admin.caller(), id).await?;
    let owner = service.seal_owner(&admin)?;
    let is_wrong = query.as_deref() == Some(WRONG_NAME) && accounts.number > 0;
    let error = if is_wrong { "Error: " } else { "" };
    let title = format!("{error}Delete {}?", connector.service_name.as_str());
    Ok(Page::new(title, move || {
        view! { <DeletePage connector=connector owner=owner accounts=accounts is_wrong=is_wrong /> }
            .into_any()
    }))
}

/// What happens to the accounts of a connector that is deleted; `None` if it has none.
fn accounts_words(Count { number, more }: Count) -> Option<String> {
    Some(match (number, more) {
        (0, _) => return None,
        (1, _) => "Its account is deleted: your software loses the access to that mailbox.".to_owned(),
        (number, false) => format!(
            "Its {} accounts are deleted: your software loses the access to those mailboxes.",
            grouped(number)
        ),
        (number, true) => format!(
            "Its accounts, more than {}, are deleted: your software loses the access to those mailboxes.",
            grouped(number)
        ),
    })
}

#[component]
fn DeletePage(connector: Connector, owner: String, accounts: Count, is_wrong: bool) -> impl IntoView {
    let here = format!("/connectors/{}", connector.id);
    let name = connector.service_name.as_str().to_owned();
    let console = connector.names().console;
    let accounts = accounts_words(accounts);
    let has_accounts = accounts.is_some();
    let accounts = accounts.map(|words| view! { <li><strong>{words}</strong></li> });
    let confirm = has_accounts.then(|| {
        let error = is_wrong.then(|| "This is not the Service Name of this connector.".to_owned());
        view! {
            <TextField
                name="service_name"
                label="Service Name"
                help=format!("Type {name} to confirm.")
                error=error
                focus=is_wrong
            />
        }
    });
    view! {
        <div class="head">
            <div>
                <Back to=here.clone() what=name.clone() />
                <h1>"Delete " <bdi>{name}</bdi> "?"</h1>
            </div>
        </div>
        <section class="card low alone" aria-labelledby="breaks-title">
            <h2 id="breaks-title">"What this breaks"</h2>
            <ul class="list">
                {accounts}
                <li>"No one can sign in with it. Sign-ins in progress fail."</li>
                <li>
                    {format!(
                        "Its settings, its client secret and its sign-ins are erased. {console} does not show the secret \
                         again: to add the connector again, you need a new secret."
                    )}
                </li>
                <li>"The activity keeps its name and shows that you deleted it."</li>
                <li>{format!("The application in {console} stays as it is.")}</li>
            </ul>
            <SendOnce><form class="stack" method="post" action=DELETE>
                <input type="hidden" name="connector" value=connector.id.to_string() />
                <input type="hidden" name=OWNER value=owner />
                {confirm}
                <div class="row">
                    <button class="button danger final">"Delete the connector"</button>
                    <a class="button plain" href=here>"Cancel"</a>
                </div>
            </form></SendOnce>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_accounts_is_named_as_far_as_it_is_counted() {
        let words = |number, more| accounts_words(Count { number, more });
        assert_eq!(words(0, false), None);
        for (number, more, begins) in [
            (1, false, "Its account is deleted"),
            (400, false, "Its 400 accounts are deleted"),
            (1_000, true, "Its accounts, more than 1,000, are deleted"),
        ] {
            let words = words(number, more).expect("words");
            assert!(words.starts_with(begins), "{words}");
        }
    }
}
