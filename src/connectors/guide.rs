//! The guide of the form: the state in which the page shows it, and the values that its steps repeat. The steps are the
//! provider's.

use http::{HeaderMap, HeaderValue};
use time::Duration;

use super::{
    draft::{Draft, GUIDE, Target},
    form::{FormView, own_values},
};
use crate::{
    platform::{config::PublicUrl, cookies, failure::Failure, text},
    providers::{
        EXPIRES_IN, Field, Permission,
        guide::{Guide, GuideView},
        permission::is_included,
    },
};

/// The name that the guide suggests while the form has none.
const NAME: &str = "Mail360";

/// The name of the cookie with the state that the user chose last on the page for a new connector. It is a preference
/// and contains nothing about the user, so it stays after the log-out.
const COOKIE: &str = "guide";
/// The browser keeps that state for this long.
const REMEMBERED: Duration = Duration::days(180);

/// Whether the form shows the steps at the provider. The address and a hidden field of the form name the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuideState {
    /// The form shows them.
    Open,
    /// The form shows only its fields.
    Closed,
}

impl GuideState {
    /// The name in the address and in the hidden field.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Closed].into_iter().find(|state| state.name() == name)
    }

    /// The state that the address names, or else the one in which the form was sent, or else `at_first`.
    pub fn of(asked: Option<&str>, draft: &Draft, at_first: Self) -> Self {
        let asked = asked.and_then(Self::from_name);
        asked.or_else(|| Self::from_name(draft.value(GUIDE))).unwrap_or(at_first)
    }

    /// The state for a new connector: as [`Self::of`], or else the one that the user chose last in this browser.
    pub fn of_new(asked: Option<&str>, draft: &Draft, headers: &HeaderMap, public_url: &PublicUrl) -> Self {
        let chosen = cookies::read(headers, public_url, COOKIE).and_then(|name| Self::from_name(&name));
        Self::of(asked, draft, chosen.unwrap_or(Self::Open))
    }

    /// The cookie that keeps the state that the address names. `None` if the address names none.
    ///
    /// # Errors
    /// None in practice: the names are valid header values.
    pub fn remember(asked: Option<&str>, public_url: &PublicUrl) -> Result<Option<HeaderValue>, Failure> {
        let state = asked.and_then(Self::from_name);
        state.map(|state| cookies::set(public_url, COOKIE, state.name(), REMEMBERED)).transpose()
    }
}

/// The values of this form for the guide.
fn values_of(form: &FormView) -> GuideView {
    let (draft, provider) = (&form.draft, &form.provider);
    let (required, optional): (Vec<&Permission>, Vec<&Permission>) =
        provider.permissions().iter().partition(|permission| permission.required);
    let is_chosen = |name: &str| draft.scopes.iter().any(|chosen| chosen == name);
    let is_asked = |name: &str| is_chosen(name) && !is_included(provider.permissions(), &draft.scopes, name);
    let chosen = optional.into_iter().filter(|permission| is_asked(permission.name));
    let name = text::trim(draft.value(Field::ServiceName.name()));
    let is_new = matches!(draft.target, Target::Add { .. });
    // The expiry of an existing secret is unknown. The guide suggests the longest for the next secret.
    let (months, day) = if is_new {
        (draft.value(EXPIRES_IN).to_owned(), draft.value(Field::SecretExpires.name()).to_owned())
    } else {
        (provider.secret_periods().first().map(u8::to_string).unwrap_or_default(), String::new())
    };
    GuideView {
        name: if name.is_empty() { NAME } else { name }.to_owned(),
        redirect_uri: form.redirect_uri.clone(),
        client_id: draft.value(Field::ClientId.name()).to_owned(),
        values: own_values(provider, draft),
        scopes: required.into_iter().chain(chosen).map(|permission| permission.name).collect(),
        expires_in: months,
        expires_on: day,
        done: is_new.then(|| draft.done.clone()),
    }
}

/// The guide of this form, if the form shows it.
pub fn guide_of(form: &FormView) -> Option<Guide> {
    (form.guide == GuideState::Open).then(|| form.provider.guide(&values_of(form)))
}
