//! The form that makes a credential of a client, and the notice in place of the secret if the form is sent a second time,
//! as a reload of its answer does: the secret was shown once.

use leptos::prelude::*;
use url::form_urlencoded;

use super::{
    list_page::HERE,
    model::{ApiClientId, Credential, CredentialId, CredentialKind, ids_of_kind},
    new_secret::noun_of,
};
use crate::{
    platform::failure::Failure,
    ui::{
        islands::SendOnce,
        widgets::{FocusedNotice, Tone},
    },
};

/// Maximum number of scopes, and of credentials, that a form is read for. There are fewer.
const MAX_VALUES: usize = 50;

/// A form as it was sent.
#[derive(Debug, Default)]
pub struct MakeForm {
    /// The name of a [`CredentialKind`].
    kind: String,
    /// The ids of the credentials of that kind that the page showed, separated by blanks.
    after: String,
    /// The names of the scopes of a refresh token.
    pub scopes: Vec<String>,
}

impl MakeForm {
    pub fn read(body: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            match &*name {
                "kind" => form.kind = value.into_owned(),
                "after" => form.after = value.into_owned(),
                "scopes" if form.scopes.len() < MAX_VALUES => form.scopes.push(value.into_owned()),
                _ => {}
            }
        }
        form
    }

    /// The kind of credential that the form makes.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] if no page has such a form.
    pub fn kind(&self) -> Result<CredentialKind, Failure> {
        self.kind.parse().map_err(|_| Failure::BadRequest)
    }

    /// The credentials that the page showed.
    ///
    /// # Errors
    /// [`Failure::BadRequest`] if no page has such a form.
    pub fn seen(&self) -> Result<Vec<CredentialId>, Failure> {
        let ids = self.after.split_ascii_whitespace().take(MAX_VALUES);
        ids.map(|id| id.parse().map_err(|_| Failure::BadRequest)).collect()
    }
}

/// What the form says about the credentials that its page shows.
pub fn draw_hidden_fields(kind: CredentialKind, credentials: &[Credential]) -> impl IntoView + use<> {
    let seen: Vec<String> = ids_of_kind(credentials, kind).map(|id| id.to_string()).collect();
    view! {
        <input type="hidden" name="kind" value=kind.name() />
        <input type="hidden" name="after" value=seen.join(" ") />
    }
}

/// The notice after a form that was sent a second time, with the button that makes another credential if the client may
/// have one.
#[component]
pub fn NotShownAgain(
    client: ApiClientId,
    kind: CredentialKind,
    /// The credentials of the client.
    credentials: Vec<Credential>,
    /// The names of the scopes that the form sent.
    #[prop(optional)]
    scopes: Vec<String>,
    /// The name of the client, for a link to its page. Not on that page itself.
    #[prop(optional)]
    open: Option<String>,
) -> impl IntoView {
    let noun = noun_of(kind);
    let (here, number) = (format!("{HERE}/{client}"), ids_of_kind(&credentials, kind).count());
    let may_make = number < kind.max();
    let words = if may_make {
        format!(
            "It was made already, and shown once. If it was not saved, create another {noun} and revoke the first one."
        )
    } else {
        "It was made already, and shown once. If it was not saved, revoke it. Then you can make another one."
            .to_owned()
    };
    let another = may_make.then(|| {
        let (action, hidden) = (format!("{here}/credentials"), draw_hidden_fields(kind, &credentials));
        let scopes = scopes
            .into_iter()
            .map(|scope| view! { <input type="hidden" name="scopes" value=scope /> })
            .collect_view();
        view! {
            <SendOnce>
                <form method="post" action=action>
                    {hidden}
                    {scopes}
                    <button class="button primary">{format!("Create another {noun}")}</button>
                </form>
            </SendOnce>
        }
    });
    let open =
        open.map(|name| view! { <a class="button" href=here><span>"Open " <bdi>{name}</bdi></span></a> });
    view! {
        <FocusedNotice tone=Tone::Warn title=format!("The {noun} is not shown again")>
            <p>{words}</p>
            <div class="row">{another} {open}</div>
        </FocusedNotice>
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_form_of_a_credential_is_read_with_all_its_boxes() {
        let form = MakeForm::read(b"kind=refresh_token&after=x&scopes=a&scopes=b&other=c");
        assert_eq!(form.kind().ok(), Some(CredentialKind::RefreshToken));
        assert_eq!(form.scopes, ["a", "b"]);
        assert!(form.seen().is_err());
        assert!(MakeForm::read(b"kind=of_next_year").kind().is_err());
    }

    #[test]
    fn the_credentials_that_a_page_showed_are_read() {
        let [one, other] = [1, 2].map(|id| CredentialId(Uuid::from_u128(id)));
        let form = MakeForm::read(format!("after={one}+{other}").as_bytes());
        assert_eq!(form.seen().expect("ids"), [one, other]);
        assert!(MakeForm::read(b"after=").seen().expect("none").is_empty());
    }
}
