//! `/connectors/{id}/approvals`: makes consent links for administrators of companies, lists those of a connector without
//! their addresses, and the companies that have allowed its permissions. A new link is shown once.

mod lists;
mod made;

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    response::Redirect,
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

use self::{
    lists::{Directories, Links},
    made::{Made, MadeLink},
};
use super::service::{
    appearance::Appearances,
    consent_links::{ConsentLinkId, ConsentLinkPage, ConsentLinks, DirectoryPage},
};
use crate::{
    connectors::service::{Connector, ConnectorId, ConnectorService},
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
    providers::provider::ConsentOffer,
    ui::{
        islands::SendOnce,
        widgets::{Back, ErrorSummary, FieldError, FieldKind, Notice, TextField, Tone},
    },
};

const TITLE: &str = "Approvals of companies";

/// The query of the page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApprovalsQuery {
    /// The position after which the list of links begins. An invalid one shows the first page.
    after: String,
    /// The id after which the list of companies begins.
    company: String,
}

/// The form that makes a link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ApprovalForm {
    directory: String,
}

/// What the form did.
enum Done {
    Made(Box<Made>),
    /// The typed company was refused, with what to change.
    Refused {
        typed: String,
        words: &'static str,
    },
}

struct ApprovalsView {
    connector: Connector,
    links: ConsentLinkPage,
    directories: DirectoryPage,
    /// Whether the lists begin at their first page.
    is_first: [bool; 2],
    done: Option<Done>,
}

impl ApprovalsView {
    async fn read(
        consents: &ConsentLinks,
        admin: &Admin,
        connector: Connector,
        ApprovalsQuery { after, company }: ApprovalsQuery,
        done: Option<Done>,
    ) -> Result<Self, Failure> {
        let after = after.parse().ok();
        let company = Some(company.as_str()).filter(|company| !company.is_empty());
        Ok(Self {
            links: consents.list(admin, connector.id, after).await?,
            directories: consents.directories(admin, &connector, company).await?,
            is_first: [after.is_none(), company.is_none()],
            connector,
            done,
        })
    }

    fn page(self) -> Page {
        let (status, error) = match &self.done {
            Some(Done::Refused { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "Error: "),
            Some(Done::Made(_)) | None => (StatusCode::OK, ""),
        };
        let title = format!("{error}{TITLE} · {}", self.connector.service_name.as_str());
        Page::new(title, move || view! { <ApprovalsPage model=self /> }.into_any()).with_status(status)
    }
}

/// `GET /connectors/{id}/approvals`.
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(consents): State<ConsentLinks>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Query(query): Query<ApprovalsQuery>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let connector = connectors.get(&admin.caller(), id).await?;
    Ok(ApprovalsView::read(&consents, &admin, connector, query, None).await?.page())
}

/// `POST /connectors/{id}/approvals`. The page of the answer shows the link.
pub async fn make(
    State(connectors): State<ConnectorService>,
    State(consents): State<ConsentLinks>,
    State(appearances): State<Appearances>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(ApprovalForm { directory }): Form<ApprovalForm>,
) -> Result<Page, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?;
    let made = consents.make(&admin, id, &directory).await?;
    let connector = connectors.get(&admin.caller(), id).await?;
    let done = match made {
        Ok(link) => Done::Made(Box::new(Made {
            link,
            provider: connector.names().provider,
            application: connector.service_name.as_str().to_owned(),
            organisation: appearances.of_organisation(admin.organisation()).await?.name,
            sender: member.name.clone(),
        })),
        Err(words) => Done::Refused { typed: directory, words },
    };
    let query = ApprovalsQuery::default();
    Ok(ApprovalsView::read(&consents, &admin, connector, query, Some(done)).await?.page())
}

/// `POST /connectors/{id}/approvals/{link}/revoke`. A link that has ended in the meantime stays as it is, and the page
/// says how it ended.
pub async fn revoke(
    State(consents): State<ConsentLinks>,
    Extension(member): Extension<Member>,
    Path((id, link)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    let id: ConnectorId = id.parse().map_err(|_| Failure::NotFound)?;
    let link: ConsentLinkId = link.parse().map_err(|_| Failure::NotFound)?;
    consents.revoke(&member.admin()?, link).await?;
    Ok(Redirect::to(&path_of(id)))
}

fn path_of(connector: ConnectorId) -> String {
    format!("/connectors/{connector}/approvals")
}

#[component]
fn ApprovalsPage(model: ApprovalsView) -> impl IntoView {
    let ApprovalsView { connector, links, directories, is_first: [links_first, directories_first], done } =
        model;
    let (id, provider) = (connector.id, connector.names().provider);
    let has_made = matches!(&done, Some(Done::Made(_)));
    let (mut typed, mut error) = (String::new(), None);
    let notice = match done {
        Some(Done::Made(made)) => Some(view! { <MadeLink made=*made /> }.into_any()),
        Some(Done::Refused { typed: refused, words }) => {
            (typed, error) = (refused, Some(words));
            let fields = vec![("directory", "Company")];
            Some(view! { <ErrorSummary fields=fields more="No link was made." /> }.into_any())
        }
        None => None,
    };
    let form = draw_form(&connector, typed, error, has_made);
    view! {
        <div class="stack list-page">
            <div class="head">
                <div>
                    <Back to=format!("/connectors/{id}") what=connector.service_name.as_str() />
                    <h1>{TITLE}</h1>
                    <p class="soft">
                        "Most companies let their users connect software only after an administrator has allowed it. \
                         A link asks the administrator of one company, who needs no user here."
                    </p>
                </div>
            </div>
            {notice}
            {form}
            <Links connector=id page=links is_first=links_first />
            <Directories connector=id provider=provider page=directories is_first=directories_first />
        </div>
    }
}

/// The form that makes a link, or the reason why there is none. After a link was made, its message is sent first.
fn draw_form(connector: &Connector, typed: String, error: Option<&'static str>, has_made: bool) -> AnyView {
    let offer = connector.application.consent_offer();
    let field = match offer {
        _ if connector.deleted_at.is_some() => return ().into_any(),
        ConsentOffer::NotOffered => {
            return view! {
                <Notice tone=Tone::Info>
                    <p>
                        "With the settings of this connector each user agrees alone. There is no administrator to ask."
                    </p>
                </Notice>
            }
            .into_any();
        }
        ConsentOffer::Own(name) => {
            let error = error.map(str::to_owned);
            view! {
                <p>
                    "Only users of one company can sign in through this connector: "
                    <strong><bdi>{name}</bdi></strong>
                </p>
                <FieldError id="directory".to_owned() error=error />
            }
            .into_any()
        }
        ConsentOffer::Any => {
            let help = connector.provider.directory_help();
            let error = error.map(str::to_owned);
            view! {
                <TextField
                    name="directory"
                    label="Company"
                    help=help
                    kind=FieldKind::Code
                    value=typed
                    error=error
                    required=false
                />
            }
            .into_any()
        }
    };
    let action = path_of(connector.id);
    let class = if has_made { "button" } else { "button primary" };
    view! {
        <SendOnce><form class="card low alone" method="post" action=action>
            <div class="fields">{field}</div>
            <div class="row"><button class=class>"Make a link"</button></div>
            <p class="soft note">"The link works for 7 days. You can revoke it below."</p>
        </form></SendOnce>
    }
    .into_any()
}
