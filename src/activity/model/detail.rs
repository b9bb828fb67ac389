//! The detail of an activity entry: values besides its action, entity and outcome.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Action;

/// The detail of an entry: values besides its action, entity and outcome, and never a secret. `app::recorded` has the
/// texts.
///
/// The column `detail` has it as a JSON object, and [`Detail::None`] as the empty text. Earlier versions wrote plain
/// text: a text that is no JSON object is read as [`Detail::Earlier`] and shown as it is. For
/// [`Action::ConnectorChanged`], earlier versions and migration `m20261129_000018` wrote the names of the changed
/// fields, separated by blanks. They are read as [`Detail::Fields`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// Nothing, or a detail that only a newer version of the program knows.
    #[default]
    #[serde(skip)]
    None,
    /// The text that an earlier version wrote.
    #[serde(skip)]
    Earlier(String),
    /// The fields of a connector that were changed.
    Fields {
        /// Names of the changed fields, in the order of the form.
        fields: Vec<String>,
    },
    /// The role of a user who was added or invited.
    Role {
        /// The name of the role.
        role: String,
    },
    /// A user got another role.
    RoleChanged {
        /// The name of the new role.
        role: String,
    },
    /// A user got a new password.
    Password,
    /// A user was enabled.
    Enabled,
    /// A user was disabled.
    Disabled,
    /// A user's second factor was removed.
    SecondFactorRemoved,
    /// A user's sessions were ended.
    SessionsEnded,
    /// A user chose the password with a link that an administrator had made.
    ByLink,
    /// An invitation was withdrawn because the user who made it may not invite any more.
    InviterMayNotInvite {
        /// The email of that user.
        inviter: String,
    },
    /// The connector of a link or an account.
    Connector {
        /// Its Service Name.
        connector: String,
    },
    /// The state of accounts that cannot be refreshed.
    AccountState {
        /// The name of the state.
        state: String,
    },
    /// Many connect links for new accounts.
    ConnectLinks {
        /// Number of links.
        links: u64,
    },
    /// Many connect links with which owners of mailboxes sign in again.
    SignInLinks {
        /// Number of links.
        links: u64,
    },
    /// The organisation requires a second factor of every user.
    SecondFactorRequired,
    /// The organisation does not require a second factor any more.
    SecondFactorOptional,
    /// The application of a return address must confirm mailboxes.
    ConfirmationRequired,
    /// The application of a return address need not confirm mailboxes any more.
    ConfirmationNotRequired,
    /// The scopes of an API client.
    Scopes {
        /// Their names, separated by blanks.
        scopes: String,
    },
    /// A credential of an API client.
    Credential {
        /// The name of its kind.
        credential: String,
    },
    /// Messages that were sent.
    MailSent {
        /// Number of recipients of all messages together.
        recipients: u64,
    },
    /// A user requested something that their role does not allow.
    Method {
        /// The method of the HTTP request.
        method: String,
    },
    /// Secrets were sealed again.
    Key {
        /// The id of the key.
        key: String,
    },
    /// All sessions of an organisation were ended.
    Ended {
        /// Number of browsers that were logged out.
        browsers: u64,
        /// Number of open sign-ins that were ended.
        sign_ins: u64,
        /// Number of links of invitations and for new passwords that were withdrawn.
        links: u64,
    },
}

impl Detail {
    /// The names of the fields that were changed; empty if the detail is another one.
    pub fn fields(&self) -> &[String] {
        match self {
            Self::Fields { fields } => fields,
            _ => &[],
        }
    }

    /// The text of the column.
    pub(in crate::activity) fn to_column(&self) -> String {
        match self {
            Self::None => String::new(),
            Self::Earlier(text) => text.clone(),
            // Texts and numbers always have a JSON form.
            values => serde_json::to_string(values).unwrap_or_default(),
        }
    }

    /// The detail of an entry with this action and this text in the column.
    pub(in crate::activity) fn from_column(action: Option<Action>, text: String) -> Self {
        match serde_json::from_str::<Map<String, Value>>(&text) {
            Ok(object) => serde_json::from_value(Value::Object(object)).unwrap_or_default(),
            Err(_) if text.is_empty() => Self::None,
            Err(_) if action == Some(Action::ConnectorChanged) => {
                Self::Fields { fields: text.split_whitespace().map(str::to_owned).collect() }
            }
            Err(_) => Self::Earlier(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_detail() -> impl Strategy<Value = Detail> {
        let text = any::<String>;
        prop_oneof![
            Just(Detail::None),
            prop::collection::vec(text(), 0..4).prop_map(|fields| Detail::Fields { fields }),
            text().prop_map(|role| Detail::Role { role }),
            text().prop_map(|role| Detail::RoleChanged { role }),
            Just(Detail::Password),
            Just(Detail::Enabled),
            Just(Detail::Disabled),
            Just(Detail::SecondFactorRemoved),
            Just(Detail::SessionsEnded),
            Just(Detail::ByLink),
            text().prop_map(|inviter| Detail::InviterMayNotInvite { inviter }),
            text().prop_map(|connector| Detail::Connector { connector }),
            text().prop_map(|state| Detail::AccountState { state }),
            any::<u64>().prop_map(|links| Detail::ConnectLinks { links }),
            any::<u64>().prop_map(|links| Detail::SignInLinks { links }),
            Just(Detail::SecondFactorRequired),
            Just(Detail::SecondFactorOptional),
            Just(Detail::ConfirmationRequired),
            Just(Detail::ConfirmationNotRequired),
            text().prop_map(|scopes| Detail::Scopes { scopes }),
            text().prop_map(|credential| Detail::Credential { credential }),
            any::<u64>().prop_map(|recipients| Detail::MailSent { recipients }),
            text().prop_map(|method| Detail::Method { method }),
            text().prop_map(|key| Detail::Key { key }),
            any::<[u64; 3]>().prop_map(|[browsers, sign_ins, links]| Detail::Ended {
                browsers,
                sign_ins,
                links
            }),
        ]
    }

    proptest! {
        #[test]
        fn a_detail_is_read_as_it_was_stored(detail in any_detail(), action in 0..Action::ALL.len()) {
            let text = detail.to_column();
            prop_assert_eq!(text.is_empty(), detail == Detail::None);
            prop_assert!(!text.contains('\0'), "PostgreSQL refuses it");
            prop_assert_eq!(Detail::from_column(Some(Action::ALL[action]), text), detail);
        }

        #[test]
        fn a_text_of_an_earlier_version_stays_as_it_is(text in "[^{]+") {
            let read = Detail::from_column(Some(Action::UserChanged), text.clone());
            prop_assert_eq!(&read, &Detail::Earlier(text.clone()));
            prop_assert_eq!(read.to_column(), text);
        }
    }

    #[test]
    fn the_column_has_stable_names() {
        let fields = vec!["service_name".to_owned(), "client_id".to_owned()];
        for (detail, text) in [
            (Detail::None, ""),
            (Detail::Fields { fields }, r#"{"kind":"fields","fields":["service_name","client_id"]}"#),
            (Detail::SecondFactorRemoved, r#"{"kind":"second_factor_removed"}"#),
            (
                Detail::Ended { browsers: 2, sign_ins: 1, links: 0 },
                r#"{"kind":"ended","browsers":2,"sign_ins":1,"links":0}"#,
            ),
        ] {
            assert_eq!(detail.to_column(), text);
        }
    }

    #[test]
    fn fields_that_an_earlier_version_listed_are_fields() {
        let text = || "service_name client_secret".to_owned();
        let read = Detail::from_column(Some(Action::ConnectorChanged), text());
        assert_eq!(read.fields(), ["service_name", "client_secret"]);
        let other = Detail::from_column(None, text());
        assert!(other.fields().is_empty());
        assert_eq!(other, Detail::Earlier(text()));
    }

    #[test]
    fn a_detail_of_a_newer_version_is_none_and_not_an_error() {
        for text in [
            r#"{"kind":"of_a_newer_version","fields":["client_id"]}"#,
            r#"{"kind":"role","role":7}"#,
            r#"{"kind":"none"}"#,
            r#"{"kind":"earlier"}"#,
            "{}",
        ] {
            for action in [None, Some(Action::ConnectorChanged), Some(Action::UserChanged)] {
                assert_eq!(Detail::from_column(action, text.to_owned()), Detail::None, "{text}");
            }
        }
    }
}
