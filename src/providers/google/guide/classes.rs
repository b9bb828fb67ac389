//! Google's classes of permissions, and what each class asks of the company (support.google.com/cloud, 13464325).

use super::super::permissions::{CONTACTS, CONTACTS_READ, GMAIL_FULL, GMAIL_MODIFY, GMAIL_READ, GMAIL_SEND};

/// A class of permissions. For an application of the audience *Internal* the class makes no difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Google asks for nothing.
    NonSensitive,
    /// Google reviews the application.
    Sensitive,
    /// Google reviews it, and an assessor that Google has approved tests its security every year.
    Restricted,
}

impl Class {
    /// The class of a permission.
    pub fn of(scope: &str) -> Self {
        match scope {
            GMAIL_READ | GMAIL_MODIFY | GMAIL_FULL => Self::Restricted,
            GMAIL_SEND | CONTACTS_READ | CONTACTS => Self::Sensitive,
            _ => Self::NonSensitive,
        }
    }

    /// Google's name of the class.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NonSensitive => "non-sensitive",
            Self::Sensitive => "sensitive",
            Self::Restricted => "restricted",
        }
    }
}

/// The last part of a permission's address, with which sentences name it.
pub fn short_name(scope: &str) -> &str {
    let name = scope.trim_end_matches('/');
    name.rsplit('/').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::google::permissions::{EMAIL, GMAIL_LABELS, OPENID, PROFILE};

    #[test]
    fn each_permission_has_the_class_that_google_gives_it() {
        for (scopes, class) in [
            (&[GMAIL_READ, GMAIL_MODIFY, GMAIL_FULL][..], Class::Restricted),
            (&[GMAIL_SEND, CONTACTS_READ, CONTACTS][..], Class::Sensitive),
            (&[GMAIL_LABELS, OPENID, EMAIL, PROFILE][..], Class::NonSensitive),
        ] {
            for scope in scopes {
                assert_eq!(Class::of(scope), class, "{scope}");
            }
        }
    }

    #[test]
    fn a_permission_is_named_by_the_last_part_of_its_address() {
        assert_eq!(short_name(GMAIL_MODIFY), "gmail.modify");
        assert_eq!(short_name(GMAIL_FULL), "mail.google.com");
        assert_eq!(short_name(OPENID), "openid");
    }
}
