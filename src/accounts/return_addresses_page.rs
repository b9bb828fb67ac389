//! `/settings/return-addresses`: the addresses of applications to which people go back after they have connected a
//! mailbox, the secrets that sign what they bring along, and whether an application must confirm each mailbox. A secret
//! is shown once.

use axum::{
    Extension, Form,
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use http::StatusCode;
use leptos::prelude::*;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::service::return_addresses::{
    NewSecret, ROTATION, ReturnAddress, ReturnAddressId, ReturnAddresses,
};
use crate::{
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
    ui::widgets::{Copyable, ErrorSummary, FieldKind, FocusedNotice, Moment, Notice, TextField, Tone},
};

const HERE: &str = "/settings/return-addresses";
const TITLE: &str = "Return addresses";

/// What a form did.
enum Done {
    /// A secret that is shown once: of a new address, or in place of an older secret.
    Secret { new: NewSecret, is_rotated: bool },
    /// A typed address was refused, with what to change.
    Refused { typed: String, needs_confirmation: bool, words: &'static str },
    /// The secret of this address was replaced since the page was opened.
    Outdated,
}

struct ReturnAddressesView {
    addresses: Vec<ReturnAddress>,
    done: Option<Done>,
}

impl ReturnAddressesView {
    async fn of(service: &ReturnAddresses, admin: &Admin, done: Option<Done>) -> Result<Self, Failure> {
        Ok(Self { addresses: service.list(admin).await?, done })
    }

    fn page(self) -> Page {
        let (status, error) = match &self.done {
            Some(Done::Refused { .. }) => (StatusCode::UNPROCESSABLE_ENTITY, "Error: "),
            Some(Done::Outdated) => (StatusCode::CONFLICT, "Error: "),
            Some(Done::Secret { .. }) | None => (StatusCode::OK, ""),
        };
        let page = Page::new(format!("{error}{TITLE}"), move || {
            view! { <ReturnAddressesPage model=self /> }.into_any()
        });
        page.with_status(status)
    }
}

/// `GET /settings/return-addresses`.
pub async fn show(
    State(service): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
) -> Result<Page, Failure> {
    Ok(ReturnAddressesView::of(&service, &member.admin()?, None).await?.page())
}

/// The form with a new address.
#[derive(Deserialize)]
pub struct AddForm {
    #[serde(default)]
    address: String,
    /// `true` if the box is ticked; a box that is not ticked is not sent.
    #[serde(default)]
    needs_confirmation: String,
}

/// `POST /settings/return-addresses`. The page of the answer shows the secret.
pub async fn add(
    State(service): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Form(AddForm { address, needs_confirmation }): Form<AddForm>,
) -> Result<Page, Failure> {
    let admin = member.admin()?.reauthenticated()?;
    let needs_confirmation = needs_confirmation == "true";
    let done = match service.add(&admin, &address, needs_confirmation).await? {
        Ok(new) => Done::Secret { new, is_rotated: false },
        Err(words) => Done::Refused { typed: address, needs_confirmation, words },
    };
    Ok(ReturnAddressesView::of(&service, &admin, Some(done)).await?.page())
}

/// The form that makes a new secret.
#[derive(Deserialize)]
pub struct RotateForm {
    /// The id of the secret that the page showed. If the form is sent twice, the second one does nothing: otherwise it
    /// would end the secret that the first one has just shown.
    #[serde(default)]
    key_id: String,
}

/// `POST /settings/return-addresses/{id}/rotate`. The page of the answer shows the secret.
pub async fn rotate(
    State(service): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(RotateForm { key_id }): Form<RotateForm>,
) -> Result<Page, Failure> {
    let id: ReturnAddressId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?.reauthenticated()?;
    let done = match service.rotate(&admin, id, &key_id).await? {
        Some(new) => Done::Secret { new, is_rotated: true },
        None => Done::Outdated,
    };
    Ok(ReturnAddressesView::of(&service, &admin, Some(done)).await?.page())
}

/// `POST /settings/return-addresses/{id}/remove`.
pub async fn remove(
    State(service): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: ReturnAddressId = id.parse().map_err(|_| Failure::NotFound)?;
    service.remove(&member.admin()?.reauthenticated()?, id).await?;
    Ok(Redirect::to(HERE).into_response())
}

/// The form that switches whether an application must confirm mailboxes.
#[derive(Deserialize)]
pub struct ConfirmationForm {
    #[serde(default)]
    needs_confirmation: String,
}

/// `POST /settings/return-addresses/{id}/confirmation`.
pub async fn set_confirmation(
    State(service): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Path(id): Path<String>,
    Form(ConfirmationForm { needs_confirmation }): Form<ConfirmationForm>,
) -> Result<Response, Failure> {
    let id: ReturnAddressId = id.parse().map_err(|_| Failure::NotFound)?;
    let admin = member.admin()?.reauthenticated()?;
    service.set_needs_confirmation(&admin, id, needs_confirmation == "true").await?;
    Ok(Redirect::to(HERE).into_response())
}

#[component]
fn ReturnAddressesPage(model: ReturnAddressesView) -> impl IntoView {
    let ReturnAddressesView { addresses, done } = model;
    let (mut typed, mut error, mut is_ticked) = (String::new(), None, false);
    let notice = match done {
        Some(Done::Secret { new, is_rotated }) => {
            Some(view! { <NewSecretNotice new=new is_rotated=is_rotated /> }.into_any())
        }
        Some(Done::Refused { typed: refused, needs_confirmation, words }) => {
            (typed, error, is_ticked) = (refused, Some(words.to_owned()), needs_confirmation);
            Some(view! { <ErrorSummary fields=vec![("address", "Address")] /> }.into_any())
        }
        Some(Done::Outdated) => Some(
            view! {
                <FocusedNotice tone=Tone::Warn title="This secret was replaced already">
                    <p>
                        "No further secret was made. If the new one was not written down, make another one below."
                    </p>
                </FocusedNotice>
            }
            .into_any(),
        ),
        None => None,
    };
    let is_empty = addresses.is_empty();
    let items = addresses.into_iter().map(|address| view! { <AddressItem address=address /> }).collect_view();
    let list = (!is_empty).then(|| {
        view! {
            <section class="card low alone" aria-labelledby="addresses-title">
                <h2 id="addresses-title">"Addresses"</h2>
                <ul class="stack" role="list">{items}</ul>
            </section>
        }
    });
    view! {
        <div class="head">
            <div>
                <h1>{TITLE}</h1>
                <p class="soft">
                    "Pages of your own software to which people go back after they have connected a mailbox. A link may \
                     name only addresses of this list."
                </p>
            </div>
        </div>
        {notice}
        <form class="card low alone" method="post" action=HERE>
            <div class="fields">
                <TextField
                    name="address"
                    label="Address"
                    help="Such as https://crm.example.com/mailboxes. Links may name this page and the pages below it."
                    kind=FieldKind::Code
                    value=typed
                    error=error
                />
                <div class="field">
                    <div class="choice">
                        <label>
                            <input
                                type="checkbox"
                                name="needs_confirmation"
                                value="true"
                                checked=is_ticked
                                aria-describedby="needs_confirmation-help"
                            />
                            <span>"Connect a mailbox only after this software has confirmed it"</span>
                        </label>
                    </div>
                    <p class="soft note" id="needs_confirmation-help">{DANGER}</p>
                </div>
            </div>
            <div class="row"><button class="button primary">"Add the address"</button></div>
        </form>
        {list}
    }
}

/// Why an application should confirm mailboxes.
const DANGER: &str = "A link can be forwarded. The person who opens it then connects their own mailbox, and your \
                      software takes it for the mailbox of the user who forwarded the link. To confirm, your software \
                      checks that this user came back, and sends us a code within ten minutes. Without it nothing is \
                      connected.";

/// A secret that is shown once.
#[component]
fn NewSecretNotice(new: NewSecret, is_rotated: bool) -> impl IntoView {
    let NewSecret { address, key_id, secret, .. } = new;
    let old = is_rotated.then(|| {
        format!(
            "For {} more hours answers are signed with the old secret, and then with this one. Let your software accept \
             both until then. ",
            ROTATION.whole_hours()
        )
    });
    let title = if is_rotated { "The new secret of " } else { "The secret of " };
    view! {
        <Notice tone=Tone::Good>
            <p class="title">{title} <bdi>{address}</bdi></p>
            <p>
                {old} "Your software checks with it that an answer comes from here. Copy it now: it is not shown again."
            </p>
            <Copyable value=secret.expose_secret().to_owned() what="the secret" />
            <p>"The id of this secret, which each answer names as " <code>"kid"</code> ": " <code>{key_id}</code></p>
        </Notice>
    }
}

/// An address with the forms that change it.
#[component]
fn AddressItem(address: ReturnAddress) -> impl IntoView {
    let ReturnAddress { id, address, key_id, previous_until, created_at, needs_confirmation } = address;
    let [rotate, remove, confirmation] =
        ["rotate", "remove", "confirmation"].map(|action| format!("{HERE}/{id}/{action}"));
    let previous = previous_until.map(|at| {
        view! {
            <p class="soft note">"Until " <Moment at=at /> " answers are signed with the old secret."</p>
        }
    });
    let (of_rotate, of_remove) = (format!(" for {address}"), format!(" {address}"));
    let of_confirmation = of_rotate.clone();
    let (state, summary, button, value) = if needs_confirmation {
        (
            "A mailbox is connected only after this software has confirmed it.",
            "Stop asking for confirmations",
            "Connect mailboxes without a confirmation",
            "false",
        )
    } else {
        (
            "A mailbox is connected without a confirmation of this software.",
            "Ask for confirmations",
            "Ask this software to confirm each mailbox",
            "true",
        )
    };
    let before = if needs_confirmation {
        "Do this only if your software cannot send the code. "
    } else {
        "Do this after your software can send the code: before that it would connect no mailbox. "
    };
    view! {
        <li class="stack tight">
            <p><code>{address}</code></p>
            <p class="soft note">
                "Added on " <Moment at=created_at /> ". Id of the secret: " <code>{key_id.clone()}</code>
            </p>
            {previous}
            <p class="soft note">{state}</p>
            <details class="disclosure">
                <summary>{summary}<span class="unseen">{of_confirmation}</span></summary>
                <form class="stack tight" method="post" action=confirmation>
                    <p class="soft">{before} {DANGER}</p>
                    <input type="hidden" name="needs_confirmation" value=value />
                    <div class="row"><button class="button">{button}</button></div>
                </form>
            </details>
            <details class="disclosure">
                <summary>"Make a new secret"<span class="unseen">{of_rotate}</span></summary>
                <form class="stack tight" method="post" action=rotate>
                    <p class="soft">
                        "Do this if other people may know the secret, or once a year. Your software must know the new \
                         secret before answers are signed with it, which begins "
                        {format!("{} hours later.", ROTATION.whole_hours())}
                    </p>
                    <input type="hidden" name="key_id" value=key_id />
                    <div class="row"><button class="button">"Make a new secret"</button></div>
                </form>
            </details>
            <details class="disclosure">
                <summary>"Remove"<span class="unseen">{of_remove}</span></summary>
                <form class="stack tight" method="post" action=remove>
                    <p class="soft">
                        "Open links that name it still connect mailboxes, but people then stay on the page of this \
                         program. If it asks for confirmations, they connect nothing any more, and what waits for a \
                         confirmation is erased. Its secret is deleted."
                    </p>
                    <div class="row"><button class="button danger final">"Remove this address"</button></div>
                </form>
            </details>
        </li>
    }
}
