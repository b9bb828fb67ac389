//! The model of a diagnosis: what happened, and for each possible cause the person who can solve it and the next step.

use std::borrow::Cow;

use super::Names;

/// The person who can solve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The administrator who sets the connector up.
    Admin,
    /// An administrator of the company whose account signs in.
    CompanyAdmin,
    /// The user who signs in.
    SignsIn,
    Operator,
    /// No one: the problem passes by itself.
    NoOne,
}

impl Who {
    /// On the screen.
    pub fn words(self, names: &Names) -> String {
        match self {
            Self::Admin => "You, as the administrator of this connector".to_owned(),
            Self::CompanyAdmin => {
                format!("A {} of the company whose account signs in", names.administrator)
            }
            Self::SignsIn => "The user who signs in".to_owned(),
            Self::Operator => "The operator".to_owned(),
            Self::NoOne => "No one. It will pass.".to_owned(),
        }
    }
}

/// The button or card that a page offers for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// To sign in again.
    Again,
    /// To try the stored credentials again, without a new secret.
    TryCredentials,
    /// To replace the secret.
    Secret,
    /// To edit the connector.
    Edit,
    /// The Redirect URI, and a comparison with the one that the provider has.
    RedirectUri,
    /// To change settings of the provider's own, and sign in again.
    Change(&'static SettingsChange),
    /// The message with the address at which an administrator of the company allows the permissions.
    Consent,
    /// A message to the person who can solve it ([`Cause::who`]), with the next step.
    Message,
    /// To open a page of the provider's console, by the console's words for it ([`super::Provider::console_page`]).
    Open(&'static str),
}

/// A change of settings that solves a problem.
#[derive(Debug, PartialEq, Eq)]
pub struct SettingsChange {
    /// The new values, by the name of the field.
    pub values: &'static [(&'static str, &'static str)],
    /// The further value that the page asks for, if any.
    pub asks: Option<&'static Ask>,
    /// The text of the button.
    pub button: &'static str,
}

/// A question for one setting.
#[derive(Debug, PartialEq, Eq)]
pub struct Ask {
    /// The name of the field.
    pub field: &'static str,
    /// The heading of the card with the field.
    pub heading: &'static str,
    /// The label of the field on that card.
    pub label: &'static str,
    /// The line at the field.
    pub help: &'static str,
    /// The heading of the page that asks again.
    pub title: &'static str,
}

/// A possible cause of an error, with the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// How to recognise this cause: a heading such as *If you made the secret …*. Empty if it is the only cause.
    pub when: &'static str,
    /// The person who can solve it.
    pub who: Who,
    /// The next step.
    pub next: Cow<'static, str>,
    /// The remedy that the page offers for that step.
    pub remedy: Remedy,
}

impl Cause {
    /// The only cause of an error.
    pub const fn only(who: Who, next: &'static str, remedy: Remedy) -> Self {
        Self { when: "", who, next: Cow::Borrowed(next), remedy }
    }

    /// A cause among several.
    pub const fn one(when: &'static str, who: Who, next: &'static str, remedy: Remedy) -> Self {
        Self { when, who, next: Cow::Borrowed(next), remedy }
    }
}

/// The explanation of an outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnosis {
    /// The event, in a line.
    pub title: &'static str,
    /// The meaning of the error.
    pub what: String,
    /// The possible causes: at least one, the most likely first.
    pub causes: Vec<Cause>,
}

impl Diagnosis {
    /// The explanation of an outcome with one cause.
    pub fn of_one_cause(
        title: &'static str,
        what: impl Into<String>,
        who: Who,
        next: impl Into<Cow<'static, str>>,
        remedy: Remedy,
    ) -> Self {
        Self { title, what: what.into(), causes: vec![Cause { when: "", who, next: next.into(), remedy }] }
    }

    /// The same title with one known cause.
    #[must_use]
    pub fn known_to_be(
        self,
        what: String,
        who: Who,
        next: impl Into<Cow<'static, str>>,
        remedy: Remedy,
    ) -> Self {
        Self::of_one_cause(self.title, what, who, next, remedy)
    }

    /// The remedies that the page offers: each one once, in the order of the causes.
    pub fn remedies(&self) -> Vec<Remedy> {
        let mut remedies: Vec<Remedy> = Vec::new();
        for cause in &self.causes {
            if !remedies.contains(&cause.remedy) {
                remedies.push(cause.remedy);
            }
        }
        remedies
    }

    /// This diagnosis for a connector without an address for consent, such as one for personal accounts. Removes the
    /// causes whose remedy is that address. If no cause is left, adds `instead`.
    #[must_use]
    pub fn without_consent(mut self, instead: Cause) -> Self {
        if self.causes.iter().any(|cause| cause.remedy != Remedy::Consent) {
            self.causes.retain(|cause| cause.remedy != Remedy::Consent);
        } else {
            self.causes = vec![instead];
        }
        self
    }
}
