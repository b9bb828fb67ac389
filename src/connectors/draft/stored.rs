//! The format of a draft in the session. During an upgrade, processes of this version and of an earlier one serve the
//! same sessions, so each reads what the other has stored. The earlier version keeps no secrets. Its page must not
//! show a form that has lost its secret without saying so: the user would save the form, and the connector would keep
//! its stored secret.

use serde::{Deserialize, Deserializer, Serialize};

use super::{Confirmation, Draft, Target};
use crate::connectors::{
    model::{Field, FieldErrors, Values},
    service::{KeptSecretId, SECRET_NOT_KEPT},
};

/// The interruption of a form because another user had changed the connector.
const CHANGED: &str = "Changed";
/// The warning on a form that the earlier version has stored. It does not tell whether the form had a secret.
const SECRET_MAY_BE_LOST: &str = "If you entered a secret, paste it again. It was not kept.";

/// A draft as the session has it.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredDraft {
    target: Target,
    values: Values,
    scopes: Vec<String>,
    done: Vec<String>,
    /// The mistakes. If the server keeps the secret, they say for the earlier version that it is not kept.
    errors: FieldErrors,
    /// The reason why a form without mistakes was not saved.
    #[serde(default)]
    interruption: Option<String>,
    /// `None` if the earlier version stored the draft, which has no such member.
    #[serde(default, deserialize_with = "read_member")]
    secret_kept: Option<KeptSecret>,
    #[serde(default)]
    confirmation: Confirmation,
}

/// The value of the member; null if the form had no secret.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(transparent)]
struct KeptSecret(Option<KeptSecretId>);

fn read_member<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<KeptSecret>, D::Error> {
    KeptSecret::deserialize(deserializer).map(Some)
}

impl From<Draft> for StoredDraft {
    fn from(draft: Draft) -> Self {
        let Draft { target, values, scopes, done, mut errors, is_outdated, secret_kept, confirmation } =
            draft;
        if secret_kept.is_some() {
            errors.push((Field::ClientSecret, SECRET_NOT_KEPT.to_owned()));
        }
        let interruption = is_outdated.then(|| CHANGED.to_owned());
        let secret_kept = Some(KeptSecret(secret_kept));
        Self { target, values, scopes, done, errors, interruption, secret_kept, confirmation }
    }
}

impl From<StoredDraft> for Draft {
    fn from(stored: StoredDraft) -> Self {
        let StoredDraft { target, values, scopes, done, mut errors, interruption, secret_kept, confirmation } =
            stored;
        let interruption = interruption.unwrap_or_default();
        match secret_kept {
            // A secret with a mistake is not kept, so this one is for the earlier version.
            Some(KeptSecret(Some(_))) => errors.retain(|(field, _)| *field != Field::ClientSecret),
            // A new connector needs a secret anyway.
            None if matches!(target, Target::Edit { .. }) => {
                errors.push((Field::ClientSecret, SECRET_MAY_BE_LOST.to_owned()));
            }
            Some(KeptSecret(None)) | None => {}
        }
        let secret_kept = secret_kept.and_then(|KeptSecret(id)| id);
        let is_outdated = interruption == CHANGED;
        Self { target, values, scopes, done, errors, is_outdated, secret_kept, confirmation }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json, to_value};
    use uuid::Uuid;

    use super::*;
    use crate::connectors::service::ConnectorId;

    const KEPT: &str = "01932b5e-0000-7000-8000-000000000002";

    /// The reasons of the earlier version.
    #[derive(Debug, PartialEq, Deserialize)]
    enum EarlierInterruption {
        Changed,
        ReauthenticationNeeded,
    }

    /// A draft as the earlier version reads it.
    #[derive(Debug, Deserialize)]
    struct EarlierDraft {
        target: Target,
        errors: FieldErrors,
        interruption: Option<EarlierInterruption>,
    }

    fn edit() -> Target {
        Target::Edit { connector: ConnectorId(Uuid::from_u128(1)), version: 3 }
    }

    fn wrong_client_id() -> FieldErrors {
        vec![(Field::ClientId, "This is not a Client ID.".to_owned())]
    }

    fn secret_is_lost() -> FieldErrors {
        vec![(Field::ClientSecret, SECRET_NOT_KEPT.to_owned())]
    }

    #[test]
    fn d6_this_version_reads_a_draft_of_the_earlier_one_and_warns_of_a_secret_that_it_may_have_lost() {
        let lost = vec![(Field::ClientSecret, SECRET_MAY_BE_LOST.to_owned())];
        for (interruption, is_outdated) in [
            (json!(null), false),
            (json!("Changed"), true),
            (json!("ReauthenticationNeeded"), false),
            (json!("of a version to come"), false),
        ] {
            let stored = json!({
                "target": to_value(edit()).expect("JSON"), "values": { "service_name": "Mail archive" },
                "scopes": ["Mail.Read"], "done": [], "errors": [["client_id", "This is not a Client ID."]],
                "interruption": interruption,
            });
            let draft: Draft = from_value(stored).expect("a draft");
            assert_eq!((draft.target, draft.value("service_name")), (edit(), "Mail archive"));
            assert_eq!(draft.errors, [wrong_client_id(), lost.clone()].concat(), "{interruption}");
            assert_eq!((draft.is_outdated, draft.secret_kept), (is_outdated, None), "{interruption}");
        }
    }

    #[test]
    fn d6_the_earlier_version_reads_a_draft_of_this_one_and_says_that_the_secret_is_not_kept() {
        let kept: Option<KeptSecretId> = Some(KEPT.parse().expect("an id"));
        for (secret_kept, is_outdated, errors) in [
            (None, false, wrong_client_id()),
            (kept, false, [wrong_client_id(), secret_is_lost()].concat()),
            (kept, true, [wrong_client_id(), secret_is_lost()].concat()),
        ] {
            let draft = Draft { errors: wrong_client_id(), is_outdated, secret_kept, ..Draft::empty(edit()) };
            let stored = to_value(&draft).expect("JSON");
            let earlier: EarlierDraft = from_value(stored.clone()).expect("a draft of the earlier version");
            assert_eq!((earlier.target, earlier.errors), (edit(), errors));
            let interruption = is_outdated.then_some(EarlierInterruption::Changed);
            assert_eq!(earlier.interruption, interruption);
            // This version does not show the sentence that is for the earlier one.
            let again: Draft = from_value(stored).expect("a draft");
            assert_eq!(again.errors, wrong_client_id());
            assert_eq!((again.is_outdated, again.secret_kept), (is_outdated, secret_kept));
        }
        let reason: EarlierInterruption = from_value(json!("ReauthenticationNeeded")).expect("a reason");
        assert_eq!(reason, EarlierInterruption::ReauthenticationNeeded);
    }
}
