//! `/settings/people`: users, invitations, and whether a second factor is required. It is in `app` because users and
//! sessions belong to two features.

use axum::{
    Extension, Form,
    extract::{Path, Query, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use serde::Deserialize;

use crate::{
    log_in::pages::title_of,
    people::{
        access::{Admin, Member},
        model::{Email, InvitationId, Role},
        service::{INVITATION_LASTS, Invitation, Invited, People, User},
    },
    platform::{clock::Timestamp, config::Config, failure::Failure, id::UserId, page::Page},
    ui::{
        email::EmailText,
        table::Table,
        widgets::{Badge, Copyable, ErrorSummary, FieldKind, Moment, Notice, Pager, TextField, Tone},
    },
};

const HERE: &str = "/settings/people";

/// The query of the address. `after` is the last email of the previous page of the list.
#[derive(Debug, Default, Deserialize)]
pub struct ListQuery {
    #[serde(default)]
    after: String,
}

/// The result of an invitation, for the page that answers it.
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
        let title = title_of("People", matches!(self.result, Some(InvitationResult::Refused(_))));
        Page::new(title, move || view! { <PeoplePage model=self.clone() /> }.into_any())
    }
}

/// `GET /settings/people`.
pub async fn show(
    State(people): State<People>,
    Extension(member): Extension<Member>,
    Query(ListQuery { after }): Query<ListQuery>,
) -> Result<Page, Failure> {
    // Stored emails contain no control characters. PostgreSQL would answer a NUL with an error.
    let after = Some(after.as_str()).filter(|after| !after.is_empty() && !after.contains(char::is_control));
    Ok(PeopleView::of(&people, &member.admin()?, after).await?.page())
}

/// Fields of the form that invites a person.
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
                (InvitationResult::Refused("A user with this email exists already."), StatusCode::CONFLICT)
            }
            Invited::TooMany => (
                InvitationResult::Refused("Too many invitations are open. Withdraw some of them first."),
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

/// `POST /settings/people/invitations/{id}/withdraw`. If the link was for a new password, redirects to the page of
/// its user, which shows such links.
pub async fn withdraw(
    State(people): State<People>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Redirect, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let id: InvitationId = id.parse().map_err(|_| Failure::NotFound)?;
    Ok(match people.withdraw(&admin, id).await? {
        Some(user) => Redirect::to(&format!("{HERE}/{user}")),
        None => Redirect::to(HERE),
    })
}

/// Field of the form that makes the second factor required or optional.
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
            <Notice tone=Tone::Good>
                <p class="title">"Send this link to " <EmailText email=email /></p>
                <p>"It works once, until " <Moment at=until /> ". Copy it now: it is not shown again."</p>
                <Copyable value=link what="the invitation link" />
            </Notice>
        }
    });
    view! {
        <div class="head">
            <div>
                <h1>"People"</h1>
                <p class="soft">"Users of this console and their roles."</p>
            </div>
        </div>
        {invited}
        <InvitationCard typed=typed error=error />
        <div class="stack">
            <Table
                caption="Users, by email"
                columns=&["User", "Role", "Second factor", "Last log-in"]
                kind="users"
            >
                {rows}
            </Table>
            <Pager first=first next=next />
        </div>
        <OpenInvitations invitations=invitations />
        <SecondFactorCard required=required />
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
                <p class="soft note"><EmailText email=user.email /></p>
                {disabled}
            </th>
            <td role="cell" data-label="Role">{user.role.to_string()}</td>
            <td role="cell" data-label="Second factor"><Badge tone=tone words=words /></td>
            <td role="cell" data-label="Last log-in"><div>{last}</div></td>
        </tr>
    }
}

#[component]
fn OpenInvitations(invitations: Vec<(Invitation, String)>) -> impl IntoView {
    let items = invitations
        .into_iter()
        .map(|(invitation, invited_by)| {
            let role = invitation.role.to_string();
            let action = format!("{HERE}/invitations/{}/withdraw", invitation.id);
            let email = invitation.email.clone();
            view! {
                <li class="row apart">
                    <div>
                        <p><EmailText email=invitation.email /></p>
                        <p class="soft note">
                            {role} ", until " <Moment at=invitation.expires_at /> ", by " <bdi>{invited_by}</bdi>
                        </p>
                    </div>
                    <form method="post" action=action>
                        <button class="button small">
                            <span>"Withdraw" <span class="unseen">" the invitation of " {email}</span></span>
                        </button>
                    </form>
                </li>
            }
        })
        .collect_view();
    (!items.is_empty()).then(|| {
        view! {
            <section class="card low alone" aria-labelledby="invitations-title">
                <h2 id="invitations-title">"Open invitations"</h2>
                <ul class="stack" role="list">{items}</ul>
            </section>
        }
    })
}

/// The form that invites a person. It opens with a button, because on most visits it is not needed.
#[component]
fn InvitationCard(typed: (String, Role), error: Option<String>) -> impl IntoView {
    let (email, role) = typed;
    let is_open = error.is_some();
    let summary = error.is_some().then(|| view! { <ErrorSummary fields=vec![("email", "Email")] /> });
    let days = INVITATION_LASTS.whole_days();
    view! {
        <details class="invite" open=is_open>
            <summary class="button">"Invite a user"</summary>
            <section class="card low alone" aria-label="Invite a user">
                {summary}
                <form class="fields" method="post" action=HERE>
                    <TextField
                        name="email"
                        label="Email"
                        kind=FieldKind::Email
                        help="The user logs in with this address."
                        value=email
                        error=error
                    />
                    <RoleField role=role />
                    <div class="row"><button class="button primary">"Create an invitation link"</button></div>
                </form>
                <p class="help">
                    {format!("The link works once, for {days} days. This console sends no email: you send the link to the user.")}
                </p>
            </section>
        </details>
    }
}

/// The field for a user's role.
#[component]
fn RoleField(
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
                "An administrator can do everything in this console. A viewer can only look at connectors."
            </p>
            <select class="input" id="role" name="role" aria-describedby="role-help">{options.collect_view()}</select>
        </div>
    }
}

#[component]
fn SecondFactorCard(required: bool) -> impl IntoView {
    let (words, button) = if required {
        (
            "Every user must have a second factor. Users without one must set it up at the next page they open.",
            "Make the second factor optional",
        )
    } else {
        (
            "A second factor is a code from a phone app, in addition to the password. If you require it, every user \
             (you too) must set it up at the next page they open.",
            "Require it for all users",
        )
    };
    let badge = if required {
        view! { <Badge tone=Tone::Good words="Required" /> }
    } else {
        view! { <Badge tone=Tone::Idle words="Optional" /> }
    };
    view! {
        <section class="card low alone" aria-labelledby="requirement-title">
            <div class="row apart"><h2 id="requirement-title">"Second factor"</h2>{badge}</div>
            <p class="soft">{words}</p>
            <form method="post" action=format!("{HERE}/second-factor")>
                <input type="hidden" name="required" value=(!required).to_string() />
                <button class="button">{button}</button>
            </form>
        </section>
    }
}
