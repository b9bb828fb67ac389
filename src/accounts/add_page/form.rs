//! The form with which an administrator makes a connect link.

use leptos::prelude::*;
use serde::Deserialize;
use time::Duration;

use super::{
    MANY,
    moving::MoveNotice,
    parts::{Choice, LIFE, NoConnector, USUAL_LIFE, chosen_life, life_field, option, return_address_field},
};
use crate::{
    accounts::service::{
        Account, AccountId, ReachChange,
        links::{LinkErrors, LinkSource, NewLink},
    },
    connectors::service::{Choices, ConnectorChoice, ConnectorId},
    platform::text,
    ui::{
        islands::SendOnce,
        widgets::{Back, ErrorSummary, FieldKind, TextField},
    },
};

/// How long a link works that is opened in this browser at once.
const LIFE_HERE: Duration = Duration::hours(1);

/// The value of the button that opens the link in this browser.
const HERE: &str = "here";

/// The form as sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct LinkForm {
    connector: String,
    expected_email: String,
    name: String,
    reference: String,
    return_address: String,
    life: String,
    /// The connector of a move of which the form has shown who gains and loses the account.
    seen: String,
    /// Which of the two buttons was pressed.
    how: String,
}

impl LinkForm {
    pub(super) fn connector(&self) -> Option<ConnectorId> {
        self.connector.parse().ok()
    }

    /// Whether the form has shown which API clients gain and lose the account by a move to this connector.
    pub(super) fn has_seen(&self, connector: ConnectorId) -> bool {
        self.seen == connector.to_string()
    }

    /// Whether the link is opened in this browser, and not shown.
    pub(super) fn continues_here(&self) -> bool {
        self.how == HERE
    }

    pub(super) fn expected_email(&self) -> Option<String> {
        Some(text::line(&self.expected_email)).filter(|email| !email.is_empty())
    }

    /// What the use case takes.
    ///
    /// # Errors
    /// The field that names no choice of the form. All other values are checked by the use case.
    pub(super) fn parse(&self, account: Option<AccountId>) -> Result<NewLink, LinkErrors> {
        let Some(connector) = self.connector() else {
            return Err(vec![("connector", "Choose a connector.")]);
        };
        let life = if self.continues_here() { Some(LIFE_HERE) } else { chosen_life(&self.life) };
        let given = |text: &str| Some(text.to_owned());
        Ok(NewLink {
            connector,
            account,
            expected_email: given(&self.expected_email).filter(|_| account.is_none()),
            name: given(&self.name).filter(|_| account.is_none()),
            reference: given(&self.reference).filter(|_| account.is_none()),
            return_address: given(&self.return_address),
            state: None,
            life,
            source: LinkSource::Console,
        })
    }
}

/// The fields with their labels, in the order of the form.
const LABELS: [(&str, &str); 6] = [
    ("connector", "Connector"),
    ("expected_email", "Email of the mailbox"),
    ("name", "Name of the account"),
    ("reference", "Reference"),
    ("return_address", "Return address"),
    ("life", LIFE),
];

pub(super) struct LinkFormView {
    /// The account that is to sign in again or to move; `None` for a new one.
    pub account: Option<Account>,
    /// The connectors that the form offers.
    pub choices: Choices,
    /// The return addresses of the organisation.
    addresses: Vec<String>,
    typed: LinkForm,
    pub errors: LinkErrors,
    /// The API clients that gain and lose the account, if the administrator has not agreed yet.
    change: Option<ReachChange>,
}

impl LinkFormView {
    pub(super) fn new(account: Option<Account>, choices: Choices, addresses: Vec<String>) -> Self {
        let own = account.as_ref().map(|account| account.connector);
        // One choice alone is chosen already.
        let only = choices.connectors.first().filter(|_| choices.connectors.len() == 1).map(|only| only.id);
        let connector = own.or(only).map(|id| id.to_string()).unwrap_or_default();
        let typed = LinkForm { connector, life: USUAL_LIFE.to_owned(), ..LinkForm::default() };
        Self { account, choices, addresses, typed, errors: LinkErrors::new(), change: None }
    }

    /// Chooses a connector of the form.
    pub(super) fn choose(&mut self, connector: ConnectorId) {
        self.typed.connector = connector.to_string();
    }

    /// Shows what was typed, and the mistakes in it.
    pub(super) fn show_again(&mut self, typed: LinkForm, errors: LinkErrors) {
        self.typed = typed;
        self.errors = errors;
    }

    /// Shows what was typed, and asks whether these API clients may gain and lose the account.
    pub(super) fn ask(&mut self, typed: LinkForm, change: ReachChange) {
        self.typed = LinkForm { seen: typed.connector.clone(), ..typed };
        self.change = Some(change);
    }

    fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|(wrong, _)| *wrong == field).map(|(_, words)| (*words).to_owned())
    }

    fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        let is_wrong = |name: &str| self.errors.iter().any(|(wrong, _)| *wrong == name);
        LABELS.into_iter().filter(|(name, _)| is_wrong(name)).collect()
    }
}

#[component]
pub(super) fn LinkFormPage(model: LinkFormView) -> impl IntoView {
    let (back, what, action, title) = match &model.account {
        Some(account) => {
            let here = format!("/accounts/{}", account.id);
            (here.clone(), account.email.clone(), format!("{here}/link"), "Make a link for this account")
        }
        None => ("/accounts".to_owned(), "Accounts".to_owned(), "/accounts/new".to_owned(), "Add account"),
    };
    let lead = match &model.account {
        Some(_) => {
            "The owner of the mailbox opens the link and signs in. The account keeps its key and its history."
        }
        None => {
            "You make a link. The owner of the mailbox opens it, signs in and agrees. They need no user here."
        }
    };
    let many = (model.account.is_none() && !model.choices.connectors.is_empty()).then(|| {
        let to = match model.typed.connector() {
            None => MANY.to_owned(),
            Some(connector) => format!("{MANY}?connector={connector}"),
        };
        view! { <a class="button" href=to>"Many at once"</a> }
    });
    let wrong = model.wrong();
    let summary =
        (!wrong.is_empty()).then(|| view! { <ErrorSummary fields=wrong more="No link was made." /> });
    let change = model.change.clone().map(|change| view! { <MoveNotice change=change /> });
    let content = if model.choices.connectors.is_empty() {
        view! { <NoConnector /> }.into_any()
    } else {
        view! { <FormCard model=model action=action /> }.into_any()
    };
    view! {
        <div class="head">
            <div>
                <Back to=back what=what />
                <h1>{title}</h1>
                <p class="soft">{lead}</p>
            </div>
            {many}
        </div>
        {summary}
        {change}
        {content}
    }
}

#[component]
fn FormCard(model: LinkFormView, action: String) -> impl IntoView {
    let connector = connector_field(&model);
    let own_fields = model.account.is_none().then(|| new_account_fields(&model));
    let return_address =
        return_address_field(&model.addresses, &model.typed.return_address, model.error("return_address"));
    let life = life_field(&model.typed.life, model.error("life"));
    let seen = model.account.is_some().then(|| {
        view! { <input type="hidden" name="seen" value=model.typed.seen.clone() /> }
    });
    view! {
        <SendOnce><form class="card low alone" method="post" action=action>
            {seen}
            <div class="fields">
                {connector}
                {own_fields}
                {return_address}
                {life}
            </div>
            <div class="row">
                <button class="button primary" name="how" value="link">"Make a link"</button>
                <button class="button" name="how" value=HERE>"Continue here"</button>
            </div>
            <p class="soft note">
                "“Make a link” shows a link to send. “Continue here” is for your own mailbox: it opens the link in \
                 this browser at once."
            </p>
        </form></SendOnce>
    }
}

fn connector_field(model: &LinkFormView) -> impl IntoView + use<> {
    let Choices { connectors, more } = model.choices.clone();
    let own = model.account.as_ref().map(|account| account.connector);
    let chosen = model.typed.connector.clone();
    let none = chosen.is_empty().then(|| option(String::new(), "Choose a connector".to_owned(), ""));
    let words = |choice: &ConnectorChoice| {
        let present = if own == Some(choice.id) { " (current)" } else { "" };
        format!("{}{present}", choice.service_name)
    };
    let options =
        connectors.iter().map(|choice| option(choice.id.to_string(), words(choice), &chosen)).collect_view();
    let help = match (own, more) {
        (Some(_), _) => {
            "Choose another connector to move the account there. It then has that connector’s permissions and client \
             secret."
        }
        (None, false) => "Only verified connectors are listed.",
        (None, true) => {
            "The first 100 verified connectors are listed. For another one, open it and add the account there."
        }
    };
    let error = model.error("connector");
    view! {
        <Choice name="connector" label="Connector" help=help error=error>
            {none}
            {options}
        </Choice>
    }
}

fn new_account_fields(model: &LinkFormView) -> impl IntoView + use<> {
    let LinkForm { expected_email, name, reference, .. } = model.typed.clone();
    let [email_error, name_error, reference_error] =
        ["expected_email", "name", "reference"].map(|field| model.error(field));
    view! {
        <TextField
            name="expected_email"
            label="Email of the mailbox"
            help="Optional, but safer: without it, anybody who gets the link can connect any mailbox."
            kind=FieldKind::Email
            value=expected_email
            error=email_error
            required=false
        />
        <TextField
            name="name"
            label="Name of the account"
            help="Optional. For example the name of its owner."
            value=name
            error=name_error
            required=false
        />
        <TextField
            name="reference"
            label="Reference"
            help="Optional. The id that your own software has for this account."
            kind=FieldKind::Code
            value=reference
            error=reference_error
            required=false
        />
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn sent() -> LinkForm {
        LinkForm {
            connector: Uuid::from_u128(1).to_string(),
            expected_email: "alice@contoso.test".to_owned(),
            name: "Alice".to_owned(),
            reference: "7".to_owned(),
            life: "30".to_owned(),
            ..LinkForm::default()
        }
    }

    #[test]
    fn the_two_buttons_make_the_same_link_with_another_life() {
        let link = sent().parse(None).expect("a link");
        assert_eq!(link.life, Some(Duration::days(30)));
        assert_eq!(link.expected_email.as_deref(), Some("alice@contoso.test"));
        let here = LinkForm { how: HERE.to_owned(), ..sent() };
        assert!(here.continues_here() && !sent().continues_here());
        assert_eq!(here.parse(None).expect("a link").life, Some(LIFE_HERE));
        // The use case has a usual life.
        assert_eq!(LinkForm { life: "9".to_owned(), ..sent() }.parse(None).expect("a link").life, None);
    }

    #[test]
    fn a_link_for_an_account_names_the_account_alone() {
        let account = AccountId(Uuid::from_u128(2));
        let link = sent().parse(Some(account)).expect("a link");
        assert_eq!(
            (link.account, link.expected_email, link.name, link.reference),
            (Some(account), None, None, None)
        );
    }

    #[test]
    fn without_a_connector_the_form_says_so() {
        for connector in ["", "mail"] {
            let form = LinkForm { connector: connector.to_owned(), ..sent() };
            assert_eq!(form.parse(None).expect_err("a mistake"), [("connector", "Choose a connector.")]);
        }
    }
}
