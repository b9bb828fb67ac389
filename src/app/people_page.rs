//! `/settings/people`: users, invitations, and whether a second factor is required. It is here because users
//! and sessions belong to two features.

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    people::{
        access::{Admin, Member},
        model::{Email, InvitationId, Role},
        service::{INVITATION_LASTS, Invitation, Invited, People, User},
    },
    platform::{clock::Timestamp, config::Config, failure::Failure, id::UserId, page::Page},
    ui::{
        table::Table,
        widgets::{Badge, Copyable, FieldKind, Moment, Notice, Pager, TextField, Tone},
    },
};

const HERE: &str = "/settings/people";

/// The query: the e-mail after which the page of the list begins.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    after: String,
}

/// The result of an invitation, for the next page.
#[derive(Clone, Debug)]
enum InvitationResult {
    Link { email: String, link: String, until: Timestamp },
    Refused(&'static str),
}

#[derive(Clone)]
struct PeopleView {
    users: Vec<User>,
    next: Option<String>,
    first: bool,
    invitations: Vec<(Invitation, String)>,
    required: bool,
    you: UserId,
    typed: (String, Role),
    result: Option<InvitationResult>,
}

impl PeopleView {
    async fn of(people: &People, admin: &Admin, after: Option<&str>) -> Result<Self, Failure> {
        let (users, more) = people.page(admin, after).await?;
        Ok(Self {
            next: users.last().filter(|_| more).map(|user| user.email.clone()),
            first: after.is_none(),
            users,
            invitations: people.invitations(admin).await?,
            required: people.organisation(&admin.caller()).await?.second_factor_required,
            you: admin.user(),
            typed: (String::new(), Role::Viewer),
            result: None,
        })
    }

    fn page(self) -> Page {
        Page::new("People", move || view! { <PeoplePage model=self.clone() /> }.into_any())
    }
}

/// `GET /settings/people`.
pub async fn show(
    State(people): State<People>,
    Extension(member): Extension<Member>,
    Query(ListQuery { after }): Query<ListQuery>,
) -> Result<Page, Failure> {
    // Stored e-mails contain no control characters. PostgreSQL would answer a NUL with an error.
    let after = Some(after.as_str()).filter(|after| !after.is_empty() && !after.contains(char::is_control));
    Ok(PeopleView::of(&people, &member.admin()?, after).await?.page())
}

/// Fields of the form.
#[derive(Deserialize)]
pub struct InvitationForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    role: String,
}

/// `POST /settings/people`: invites a person. The response is the only page that shows the link.
pub async fn invite(
    State(people): State<People>,
    State(config): State<std::sync::Arc<Config>>,
    Extension(member): Extension<Member>,
    Form(form): Form<InvitationForm>,
) -> Result<Response, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let role = Role::from_name(&form.role).ok_or(Failure::BadRequest)?;
    let typed: String = form.email.chars().take(254).collect();
    let (result, status) = match Email::parse(&form.email) {
        Err(words) => (InvitationResult::Refused(words), StatusCode::UNPROCESSABLE_ENTITY),
        Ok(email) => match people.invite(&admin, &email, role).await? {
            Invited::Link(token, until) => {
                let link = format!("{}/invitations/{}", config.public_url.origin(), token.expose());
                (InvitationResult::Link { email: email.as_str().to_owned(), link, until }, StatusCode::OK)
            }
            Invited::AlreadyHere => {
                (InvitationResult::Refused("There is a user with this e-mail already."), StatusCode::CONFLICT)
            }
            Invited::TooMany => (
                InvitationResult::Refused("Too many invitations are open. Withdraw some first."),
                StatusCode::CONFLICT,
            ),
        },
    };
    let refused = matches!(result, InvitationResult::Refused(_));
    let view = PeopleView {
        typed: if refused { (typed, role) } else { (String::new(), Role::Viewer) },
        result: Some(result),
        ..PeopleView::of(&people, &admin, None).await?
    };
    Ok(view.page().with_status(status).into_response())
}

/// `POST /settings/people/invitations/{id}/withdraw`.
pub async fn withdraw(
    State(people): State<People>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let id: InvitationId = id.parse().map_err(|_| Failure::NotFound)?;
    people.withdraw(&admin, id).await?;
    Ok(Redirect::to(HERE))
}

/// Fields of the form.
#[derive(Deserialize)]
pub struct RequirementForm {
    required: bool,
}

/// `POST /settings/people/second-factor`.
pub async fn require_second_factor(
    State(people): State<People>,
    Extension(member): Extension<Member>,
    Form(form): Form<RequirementForm>,
) -> Result<Redirect, Failure> {
    people.require_second_factor(&member.admin()?.reauthenticated()?, form.required).await?;
    Ok(Redirect::to(HERE))
}

#[component]
fn PeoplePage(model: PeopleView) -> impl IntoView {
    let PeopleView { users, next, first, invitations, required, you, typed, result } = model;
    let rows =
        users.into_iter().map(|user| view! { <UserRow you={user.id == you} user=user /> }).collect_view();
    let link = |after: String| {
        let mut address = url::form_urlencoded::Serializer::for_suffix(format!("{HERE}?"), HERE.len() + 1);
        address.append_pair("after", &after);
        address.finish()
    };
    let first = (!first).then(|| (HERE.to_owned(), "First"));
    let next = next.map(|after| (link(after), "Next"));
    let (error, invited) = match result {
        Some(InvitationResult::Refused(words)) => (Some(words.to_owned()), None),
        Some(InvitationResult::Link { email, link, until }) => (None, Some((email, link, until))),
        None => (None, None),
    };
    let invited = invited.map(|(email, link, until)| {
        view! {
            <Notice tone=Tone::Good title=format!("Send this link to {email}")>
                <p>
                    "The person who opens the link chooses a password and is logged in. The link works once, until "
                    <Moment at=until /> ". It is not shown again."
                </p>
                <Copyable value=link what="the invitation link" />
            </Notice>
        }
    });
    view! {
        <div class="head">
            <div>
                <h1>"People"</h1>
                <p class="soft">"The users who can log in here, and what each may do."</p>
            </div>
        </div>
        {invited}
        <div class="beside">
            <div class="stack">
                <Table caption="Users, by e-mail" columns=&["User", "Role", "Second factor", "Last log-in"]>
                    {rows}
                </Table>
                <Pager first=first next=next />
                <OpenLinks invitations=invitations />
            </div>
            <div class="stack">
                <InvitationCard typed=typed error=error />
                <SecondFactorCard required=required />
            </div>
        </div>
    }
}

#[component]
fn UserRow(user: User, you: bool) -> impl IntoView {
    let to = format!("{HERE}/{}", user.id);
    let last = match user.last_login_at {
        Some(at) => view! { <Moment at=at /> }.into_any(),
        None => view! { <span class="soft">"Never"</span> }.into_any(),
    };
    let disabled = user.disabled.then(|| view! { <p><Badge tone=Tone::Bad words="Disabled" /></p> });
    let (tone, words) = if user.has_second_factor { (Tone::Good, "On") } else { (Tone::Idle, "Off") };
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                <p><a href=to><bdi>{user.name}</bdi></a>{you.then_some(" (you)")}</p>
                <p class="soft note">{user.email}</p>
                {disabled}
            </th>
            <td role="cell" data-label="Role">{user.role.to_string()}</td>
            <td role="cell" data-label="Second factor"><Badge tone=tone words=words /></td>
            <td role="cell" data-label="Last log-in">{last}</td>
        </tr>
    }
}

#[component]
fn OpenLinks(invitations: Vec<(Invitation, String)>) -> impl IntoView {
    let items = invitations
        .into_iter()
        .map(|(invitation, invited_by)| {
            let what = match invitation.for_user {
                Some(_) => "New password".to_owned(),
                None => invitation.role.to_string(),
            };
            let action = format!("{HERE}/invitations/{}/withdraw", invitation.id);
            let email = invitation.email.clone();
            view! {
                <li class="row apart">
                    <div>
                        <p>{invitation.email}</p>
                        <p class="soft note">
                            {what} ", until " <Moment at=invitation.expires_at /> ", by " <bdi>{invited_by}</bdi>
                        </p>
                    </div>
                    <form method="post" action=action>
                        <button class="button small">
                            <span>"Withdraw" <span class="unseen">" the link for " {email}</span></span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    (!items.is_empty()).then(|| {
        view! {
            <section class="card low" aria-labelledby="invitations-title">
                <h2 id="invitations-title">"Open links"</h2>
                <ul class="stack" role="list">{items}</ul>
            </section>
        }
    })
}

#[component]
fn InvitationCard(typed: (String, Role), error: Option<String>) -> impl IntoView {
    let (email, role) = typed;
    let focus = error.is_some();
    let days = INVITATION_LASTS.whole_days();
    view! {
        <section class="card low" aria-labelledby="invite-title">
            <h2 id="invite-title">"Invite a person"</h2>
            <form class="fields" method="post" action=HERE>
                <TextField
                    name="email"
                    label="E-mail"
                    kind=FieldKind::Email
                    help="The person will log in with this e-mail."
                    value=email
                    error=error
                    focus=focus
                />
                <RoleField role=role />
                <div class="row"><button class="button primary">"Make an invitation link"</button></div>
            </form>
            <p class="help">
                {format!("The link works once, for {days} days. Send the link yourself.")}
            </p>
        </section>
    }
}

/// The field for a user's role.
#[component]
pub fn RoleField(
    /// The selected role.
    role: Role,
) -> impl IntoView {
    let options = [Role::Viewer, Role::Admin].map(|each| {
        view! { <option value=each.name() selected={each == role}>{each.to_string()}</option> }
    });
    view! {
        <div class="field">
            <label for="role">"Role"</label>
            <p class="help" id="role-help">
                "An administrator may do everything here. A viewer may only look at connectors."
            </p>
            <select class="input" id="role" name="role" aria-describedby="role-help">{options.collect_view()}</select>
        </div>
    }
}

#[component]
fn SecondFactorCard(required: bool) -> impl IntoView {
    let (words, button) = if required {
        (
            "Every user must have a second factor. A user without one must set it up before they can do anything else.",
            "Make the second factor optional",
        )
    } else {
        (
            "A second factor is a code from an app on the phone, besides the password. Each user may set one up. If \
             you require a second factor, every user without one, including you, must set it up before they can do \
             anything else.",
            "Require a second factor",
        )
    };
    let badge = if required {
        view! { <Badge tone=Tone::Good words="Required" /> }
    } else {
        view! { <Badge tone=Tone::Idle words="Optional" /> }
    };
    view! {
        <section class="card low" aria-labelledby="requirement-title">
            <div class="row apart"><h2 id="requirement-title">"Second factor"</h2>{badge}</div>
            <p class="soft">{words}</p>
            <form method="post" action=format!("{HERE}/second-factor")>
                <input type="hidden" name="required" value=(!required).to_string() />
                <button class="button">{button}</button>
            </form>
        </section>
    }
}
