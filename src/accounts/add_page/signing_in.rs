//! `/accounts/sign-in-links`: makes links for all accounts that need a sign-in, as one file.

use axum::{
    Extension, Form,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

use super::{
    AddQuery, SIGN_IN_LINKS,
    file::{OnlyInFile, SentBefore, links_file, number, too_many_words},
};
use crate::{
    accounts::{
        model::AccountState,
        service::links::{ConnectLinks, LinkId, MAX_AT_ONCE, NotMade, SignInLinks},
    },
    connectors::service::{ConnectorChoice, ConnectorId, ConnectorService},
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
    ui::{
        islands::SendOnce,
        widgets::{Back, FocusedNotice, Tone},
    },
};

const TITLE: &str = "Links for all who need to sign in";

/// The form as sent.
#[derive(Deserialize)]
pub struct SignInLinksForm {
    /// The id of the first link.
    #[serde(default)]
    form: String,
    #[serde(default)]
    connector: String,
    /// Whether accounts whose link was made a while ago get another one.
    #[serde(default)]
    again: String,
}

/// The connector of a query or a form; `None` if it names none.
async fn find_connector(
    connectors: &ConnectorService,
    admin: &Admin,
    text: &str,
) -> Result<Option<ConnectorChoice>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let id: ConnectorId = text.parse().map_err(|_| Failure::NotFound)?;
    let found = connectors.find_choices(&admin.caller(), &[id]).await?.remove(&id);
    found.map(Some).ok_or(Failure::NotFound)
}

struct SignInLinksView {
    /// The connector of the accounts; `None` for all.
    connector: Option<ConnectorChoice>,
    /// Number of accounts that need a sign-in and have no open link, counted up to 1,001.
    without_link: u64,
    /// The same, with those whose link was made more than an hour ago.
    with_old_link: u64,
    /// The id of the first link that the form makes.
    form: LinkId,
    problem: Option<NotMade>,
}

impl SignInLinksView {
    async fn of(
        links: &ConnectLinks,
        admin: &Admin,
        connector: Option<ConnectorChoice>,
        problem: Option<NotMade>,
    ) -> Result<Self, Failure> {
        let which = |again| SignInLinks { connector: connector.as_ref().map(|chosen| chosen.id), again };
        let without_link = links.count_for_sign_ins(admin, which(false)).await?;
        let with_old_link = links.count_for_sign_ins(admin, which(true)).await?;
        Ok(Self { without_link, with_old_link, form: links.new_id(), connector, problem })
    }

    fn page(self) -> Page {
        let (title, status) = match self.problem {
            None => (TITLE.to_owned(), StatusCode::OK),
            Some(NotMade::SentBefore) => (format!("Error: {TITLE}"), StatusCode::CONFLICT),
            Some(_) => (format!("Error: {TITLE}"), StatusCode::UNPROCESSABLE_ENTITY),
        };
        Page::new(title, move || view! { <SignInLinksPage model=self /> }.into_any()).with_status(status)
    }
}

/// `GET /accounts/sign-in-links?connector={id}`.
pub async fn show(
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    Extension(member): Extension<Member>,
    Query(AddQuery { connector }): Query<AddQuery>,
) -> Result<Page, Failure> {
    let admin = member.admin()?;
    let connector = find_connector(&connectors, &admin, &connector).await?;
    Ok(SignInLinksView::of(&links, &admin, connector, None).await?.page())
}

/// `POST /accounts/sign-in-links`.
pub async fn make(
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    Extension(member): Extension<Member>,
    Form(form): Form<SignInLinksForm>,
) -> Result<Response, Failure> {
    let admin = member.admin()?;
    let connector = find_connector(&connectors, &admin, &form.connector).await?;
    let first: LinkId = form.form.parse().map_err(|_| Failure::BadRequest)?;
    let chosen = connector.as_ref().map(|connector| connector.id);
    let which = SignInLinks { connector: chosen, again: form.again == "true" };
    match links.make_for_sign_ins(&admin, first, which).await? {
        Ok(made) => links_file(&made),
        Err(problem) => {
            Ok(SignInLinksView::of(&links, &admin, connector, Some(problem)).await?.page().into_response())
        }
    }
}

/// The number of accounts as a sentence.
fn count_words(without_link: u64) -> String {
    let most = u64::try_from(MAX_AT_ONCE).unwrap_or(u64::MAX);
    match without_link {
        0 => "No account needs a sign-in that has no open link yet.".to_owned(),
        1 => "1 account needs a sign-in and has no open link.".to_owned(),
        many if many <= most => format!("{} accounts need a sign-in and have no open link.", number(many)),
        _ => format!(
            "More than {0} accounts need a sign-in and have no open link. One file has the first {0}, in the order of \
             the emails. Open this page again for the next ones.",
            number(most)
        ),
    }
}

fn problem_notice(problem: NotMade) -> AnyView {
    let words = match problem {
        NotMade::SentBefore => return view! { <SentBefore /> }.into_any(),
        NotMade::TooManyOpen { open, new } => too_many_words(open, new),
        NotMade::NoAccount => "No account needs a link now.".to_owned(),
        NotMade::Wrong(errors) => errors.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(" "),
    };
    view! { <FocusedNotice tone=Tone::Bad title="No link was made"><p>{words}</p></FocusedNotice> }.into_any()
}

#[component]
fn SignInLinksPage(model: SignInLinksView) -> impl IntoView {
    let SignInLinksView { connector, without_link, with_old_link, form, problem } = model;
    let id = connector.as_ref().map(|connector| connector.id.to_string()).unwrap_or_default();
    let state = AccountState::NeedsSignIn.name();
    let back = if id.is_empty() {
        format!("/accounts?state={state}")
    } else {
        format!("/accounts?connector={id}&state={state}")
    };
    let through = connector.map(|connector| {
        view! { <p>"Only accounts of the connector " <bdi>{connector.service_name}</bdi> "."</p> }
    });
    let again = (with_old_link > without_link).then(|| {
        view! {
            <div class="choices">
                <div class="choice">
                    <label>
                        <input type="checkbox" name="again" value="true" />
                        <span>"Also accounts that have an open link which was made more than an hour ago"</span>
                    </label>
                </div>
            </div>
        }
    });
    let card = (with_old_link > 0).then(|| {
        view! {
            <OnlyInFile>
                <p>
                    "Each link works once, for 7 days. The owner of the mailbox signs in with it. The account keeps its \
                     key and its history."
                </p>
            </OnlyInFile>
            <SendOnce><form class="card low alone" method="post" action=SIGN_IN_LINKS>
                <input type="hidden" name="form" value=form.to_string() />
                <input type="hidden" name="connector" value=id />
                {again}
                <div class="row"><button class="button primary">"Make the links and download them"</button></div>
            </form></SendOnce>
        }
    });
    view! {
        <div class="head">
            <div>
                <Back to=back what="Accounts" />
                <h1>{TITLE}</h1>
                <p class="soft">{count_words(without_link)}</p>
                {through}
            </div>
        </div>
        {problem.map(problem_notice)}
        {card}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_says_when_one_file_does_not_have_all_links() {
        assert!(count_words(0).starts_with("No account"));
        assert!(count_words(1).starts_with("1 account needs"));
        assert_eq!(count_words(1_000), "1,000 accounts need a sign-in and have no open link.");
        assert!(count_words(1_001).contains("One file has the first 1,000"), "{}", count_words(1_001));
    }
}
