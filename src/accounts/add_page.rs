//! `/accounts/new` and `/accounts/{id}/link`: makes a connect link for a new account, for one whose owner is to sign in
//! again, or for one that moves to another connector. The page after it shows the link once. *Continue here* opens the
//! link in this browser instead. `many` and `signing_in` make many links, which are downloaded as a file.

mod file;
mod form;
mod made;
pub(crate) mod many;
mod moving;
mod parts;
pub(crate) mod signing_in;

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::ExposeSecret;
use serde::Deserialize;
use url::Url;

pub use self::form::LinkForm;
use self::{
    form::{LinkFormPage, LinkFormView},
    made::{Made, MadeLinkPage},
};
use super::service::{
    Account, AccountId, AccountService,
    appearance::Appearances,
    links::{ConnectLinks, MadeLink},
    return_addresses::ReturnAddresses,
};
use crate::{
    connectors::service::{ConnectorChoice, ConnectorId, ConnectorService},
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
};

/// The path of the page that makes links for a list of emails.
pub const MANY: &str = "/accounts/new/many";
/// The path of the page that makes links for all accounts that need a sign-in.
pub const SIGN_IN_LINKS: &str = "/accounts/sign-in-links";

/// The query of the page with the form.
#[derive(Deserialize)]
pub struct AddQuery {
    /// The connector that is chosen already.
    #[serde(default)]
    connector: String,
}

/// What the handlers of these pages work with.
struct Services {
    accounts: AccountService,
    connectors: ConnectorService,
    links: ConnectLinks,
    return_addresses: ReturnAddresses,
}

impl Services {
    /// The account of an address.
    async fn account(&self, admin: &Admin, id: &str) -> Result<Account, Failure> {
        let id: AccountId = id.parse().map_err(|_| Failure::NotFound)?;
        self.accounts.get(&admin.caller(), id).await
    }

    /// The form: for a new account, or for this one.
    async fn form(&self, admin: &Admin, account: Option<Account>) -> Result<LinkFormView, Failure> {
        let caller = admin.caller();
        let mut choices = self.connectors.choices(&caller, true).await?;
        if let Some(account) = &account {
            // An account moves only to a connector of its own provider. Its present connector need not be verified.
            choices.connectors.retain(|choice| choice.provider.form().name() == account.provider);
            self.offer(admin, &mut choices.connectors, account.connector).await?;
        }
        let addresses = self.return_addresses.addresses(admin.organisation()).await?;
        Ok(LinkFormView::new(account, choices, addresses))
    }

    /// Adds a connector to the choices that may not be one of the first.
    async fn offer(
        &self,
        admin: &Admin,
        choices: &mut Vec<ConnectorChoice>,
        id: ConnectorId,
    ) -> Result<(), Failure> {
        if choices.iter().any(|choice| choice.id == id) {
            return Ok(());
        }
        let found = self.connectors.find_choices(&admin.caller(), &[id]).await?.remove(&id);
        choices.extend(found);
        Ok(())
    }

    /// Makes a link as the form says, and shows it or opens it here. If a value is wrong, shows the form again.
    async fn make(
        &self,
        member: &Member,
        appearances: &Appearances,
        account: Option<Account>,
        form: LinkForm,
    ) -> Result<Response, Failure> {
        let admin = member.admin()?;
        let parsed = form.parse(account.as_ref().map(|account| account.id));
        if let (Some(account), Ok(new)) = (&account, &parsed)
            && !form.has_seen(new.connector)
        {
            let change = self.accounts.find_reach_change(&admin, account, new.connector).await?;
            if !change.is_empty() {
                let mut view = self.form(&admin, Some(account.clone())).await?;
                self.offer(&admin, &mut view.choices.connectors, new.connector).await?;
                view.ask(form, change);
                return Ok(page_of(view).into_response());
            }
        }
        let made = match parsed {
            Ok(new) => self.links.make(&admin.caller(), new).await?,
            Err(errors) => Err(errors),
        };
        let link = match made {
            Ok(link) => link,
            Err(errors) => {
                let mut view = self.form(&admin, account).await?;
                if let Some(id) = form.connector() {
                    self.offer(&admin, &mut view.choices.connectors, id).await?;
                }
                view.show_again(form, errors);
                return Ok(page_of(view).with_status(StatusCode::UNPROCESSABLE_ENTITY).into_response());
            }
        };
        if form.continues_here() {
            return Ok(Redirect::to(&path_of(&link)?).into_response());
        }
        let chosen = match form.connector() {
            Some(id) => self.connectors.find_choices(&admin.caller(), &[id]).await?.remove(&id),
            None => None,
        };
        let made = Made {
            email: account.as_ref().map(|account| account.email.clone()).or_else(|| form.expected_email()),
            account: account.map(|account| account.id),
            connector: form.connector(),
            provider: chosen.map_or("the provider", |connector| connector.names().provider),
            // The page behind the link shows this name too.
            organisation: appearances.of_organisation(admin.organisation()).await?.name,
            sender: member.name.clone(),
            link,
        };
        Ok(Page::new("The link is ready", move || view! { <MadeLinkPage made=made /> }.into_any())
            .into_response())
    }
}

/// The path of a link, for this browser.
fn path_of(link: &MadeLink) -> Result<String, Failure> {
    let url = Url::parse(link.url.expose_secret());
    // The error has the address, which is a secret.
    let url = url.map_err(|_| Failure::Unexpected("the address of a link cannot be parsed".to_owned()))?;
    Ok(url.path().to_owned())
}

fn page_of(view: LinkFormView) -> Page {
    let error = if view.errors.is_empty() { "" } else { "Error: " };
    let title = match &view.account {
        Some(account) => format!("{error}Make a link for {}", account.email),
        None => format!("{error}Add account"),
    };
    Page::new(title, move || view! { <LinkFormPage model=view /> }.into_any())
}

/// `GET /accounts/new?connector={id}`.
pub async fn show(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Query(AddQuery { connector }): Query<AddQuery>,
) -> Result<Page, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    let admin = member.admin()?;
    let mut view = services.form(&admin, None).await?;
    if let Ok(id) = connector.parse::<ConnectorId>() {
        services.offer(&admin, &mut view.choices.connectors, id).await?;
        view.choose(id);
    }
    Ok(page_of(view))
}

/// `POST /accounts/new`.
pub async fn make(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    State(appearances): State<Appearances>,
    Extension(member): Extension<Member>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    services.make(&member, &appearances, None, form).await
}

/// `GET /accounts/{id}/link`.
pub async fn show_for_account(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Page, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    let admin = member.admin()?;
    let account = services.account(&admin, &id).await?;
    Ok(page_of(services.form(&admin, Some(account)).await?))
}

/// `POST /accounts/{id}/link`.
#[expect(clippy::too_many_arguments, reason = "each parameter is an extractor")]
pub async fn make_for_account(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    State(appearances): State<Appearances>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(form): Form<LinkForm>,
) -> Result<Response, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    let account = services.account(&member.admin()?, &id).await?;
    services.make(&member, &appearances, Some(account), form).await
}
