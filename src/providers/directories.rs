//! A company's accounts at a provider, as code outside a provider's folder sees them: which directories can allow the
//! permissions of an application as a whole, and a directory that was found by a typed name.

/// Whose administrators can consent to an application's permissions, for all users of their directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsentOffer {
    /// None: each user consents alone, or the provider has no page for it.
    NotOffered,
    /// Those of the one directory that the application's settings name, in the form of the settings.
    Own(String),
    /// Those of any directory.
    Any,
}

/// A directory that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundDirectory {
    /// Its id, in the form of [`super::provider::Identity::directory`].
    pub id: String,
    /// What was typed to find it, in one form: a name, or the id again.
    pub name: String,
}
