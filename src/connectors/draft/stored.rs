//! The format of a draft in the session. During an upgrade, processes of this version and of an earlier one serve the
//! same sessions, so each reads what the other has stored. The earlier version keeps no secrets. Its page must not
//! show a form that has lost its secret without saying so: the user would save the form, and the connector would keep
//! its stored secret.

use serde::{Deserialize, Serialize};

use super::{Draft, Target};
use crate::connectors::{
    model::{Field, FieldErrors, Values},
    service::{KeptSecretId, SECRET_NOT_KEPT},
};

/// The interruption of a form because another user had changed the connector.
const CHANGED: &str = "Changed";
/// The interruption of a form because its sender had to re-authenticate. Only the earlier version stores it.
const REAUTHENTICATION_NEEDED: &str = "ReauthenticationNeeded";

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
    #[serde(default)]
    secret_kept: Option<KeptSecretId>,
}

impl From<Draft> for StoredDraft {
    fn from(draft: Draft) -> Self {
        let Draft { target, values, scopes, done, mut errors, is_outdated, secret_kept } = draft;
        if secret_kept.is_some() {
            errors.push((Field::ClientSecret, SECRET_NOT_KEPT.to_owned()));
        }
        let interruption = is_outdated.then(|| CHANGED.to_owned());
        Self { target, values, scopes, done, errors, interruption, secret_kept }
    }
}

impl From<StoredDraft> for Draft {
    fn from(stored: StoredDraft) -> Self {
        let StoredDraft { target, values, scopes, done, mut errors, interruption, secret_kept } = stored;
        let interruption = interruption.unwrap_or_default();
        if secret_kept.is_some() {
            // A secret with a mistake is not kept, so this one is for the earlier version.
            errors.retain(|(field, _)| *field != Field::ClientSecret);
        } else if interruption == REAUTHENTICATION_NEEDED {
            errors.push((Field::ClientSecret, SECRET_NOT_KEPT.to_owned()));
        }
        Self { target, values, scopes, done, errors, is_outdated: interruption == CHANGED, secret_kept }
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
    fn d6_this_version_reads_a_draft_of_the_earlier_one_and_asks_for_a_secret_that_it_lost() {
        for (interruption, errors, is_outdated) in [
            (json!(null), vec![], false),
            (json!("Changed"), vec![], true),
            (json!("ReauthenticationNeeded"), secret_is_lost(), false),
            (json!("of a version to come"), vec![], false),
        ] {
            let stored = json!({
                "target": to_value(edit()).expect("JSON"), "values": { "service_name": "Mail archive" },
                "scopes": ["Mail.Read"], "done": [], "errors": [["client_id", "This is not a Client ID."]],
                "interruption": interruption,
            });
            let draft: Draft = from_value(stored).expect("a draft");
            assert_eq!((draft.target, draft.value("service_name")), (edit(), "Mail archive"));
            assert_eq!(draft.errors, [wrong_client_id(), errors].concat(), "{interruption}");
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
