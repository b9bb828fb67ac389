//! The values of the form's fields that all providers share, each with its parser. Each provider has the parsers of its
//! own values.

#[cfg(test)]
mod tests;

use crate::{
    platform::text::{self, BadName},
    providers::form::looks_like_secret,
};

/// The name that an administrator gives a connector: 1 to 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName(String);

impl ServiceName {
    /// Maximum number of characters.
    pub const MAX: usize = 60;
    /// The message for a text that looks like a client secret.
    pub const SECRET: &str = "This looks like a client secret. Give the name of your application here.";

    /// Parses what was typed.
    ///
    /// # Errors
    /// A sentence for the form that says what the user must change.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if looks_like_secret(text) {
            return Err(Self::SECRET);
        }
        text::name(text, Self::MAX).map(Self).map_err(|why| match why {
            BadName::Empty => "Enter a name for the connector.",
            BadName::TooLong => "Use at most 60 characters.",
            BadName::Hidden => "This contains an invisible character. Type the name again.",
        })
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}
