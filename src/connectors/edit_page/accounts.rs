//! What the form of a connector says about its accounts: another application ends their access, so such a change is
//! confirmed with the Service Name.

use leptos::prelude::*;

use crate::{
    connectors::{
        draft::{CONFIRMED_NAME, Confirmation},
        form::FORM,
        model::list::Count,
        service::Connector,
    },
    ui::{
        numbers::grouped,
        widgets::{FieldError, FocusedNotice, Notice, Tone},
    },
};

/// How many accounts use the connector, for the beginning of a sentence; `None` if none does.
fn users_words(Count { number, more }: Count) -> Option<String> {
    Some(match (number, more) {
        (0, _) => return None,
        (1, _) => "1 account uses this connector".to_owned(),
        (number, false) => format!("{} accounts use this connector", grouped(number)),
        (number, true) => format!("More than {} accounts use this connector", grouped(number)),
    })
}

/// The settings whose change ends the access of accounts.
fn settings_words(connector: &Connector) -> String {
    let own = connector.provider.settings().iter().map(|setting| setting.label.to_owned());
    let mut labels: Vec<String> = std::iter::once("Client ID".to_owned()).chain(own).collect();
    let last = labels.pop().unwrap_or_default();
    if labels.is_empty() { last } else { format!("{} or {last}", labels.join(", ")) }
}

/// The notice above the form; nothing if the connector has no account. If the change must be confirmed, it has the
/// field for that, which belongs to the form below.
#[component]
pub(super) fn AccountsWarning(
    connector: Connector,
    accounts: Count,
    /// Whether the form asks for the present Service Name.
    confirmation: Confirmation,
) -> impl IntoView {
    let users = users_words(accounts)?;
    let settings = settings_words(&connector);
    let effect = format!(
        "After a change of {settings}, the owner of each mailbox must sign in again, and your software has no access \
         until then. A new client secret alone keeps the access."
    );
    Some(match confirmation {
        Confirmation::NotNeeded => {
            view! { <Notice tone=Tone::Info title=users><p>{effect}</p></Notice> }.into_any()
        }
        Confirmation::Needed | Confirmation::Wrong => {
            let name = connector.service_name.as_str().to_owned();
            let error = (confirmation == Confirmation::Wrong)
                .then(|| "This is not the present Service Name of the connector.".to_owned());
            let is_wrong = error.is_some().then_some("true");
            view! {
                <FocusedNotice tone=Tone::Warn title=format!("{users}. Confirm the change")>
                    <p>{effect} " Nothing is saved yet."</p>
                    <div class="field">
                        <label for=CONFIRMED_NAME>"Present Service Name"</label>
                        <p class="help" id=format!("{CONFIRMED_NAME}-help")>
                            "Type " <bdi>{name}</bdi> " here, then click Save below the form."
                        </p>
                        <input
                            class="input"
                            id=CONFIRMED_NAME
                            name=CONFIRMED_NAME
                            form=FORM
                            type="text"
                            autocomplete="off"
                            aria-describedby=format!("{CONFIRMED_NAME}-help {CONFIRMED_NAME}-error")
                            aria-invalid=is_wrong
                        />
                        <FieldError id=format!("{CONFIRMED_NAME}-error") error=error />
                    </div>
                </FocusedNotice>
            }
            .into_any()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_named_as_far_as_they_are_counted() {
        let words = |number, more| users_words(Count { number, more });
        assert_eq!(words(0, false), None);
        assert_eq!(words(1, false).as_deref(), Some("1 account uses this connector"));
        assert_eq!(words(400, false).as_deref(), Some("400 accounts use this connector"));
        assert_eq!(words(1_000, true).as_deref(), Some("More than 1,000 accounts use this connector"));
    }
}
