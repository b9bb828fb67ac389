use serde_json::json;

use super::*;

/// The failure after it was stored and read again.
fn read_again(failure: &SendFailure) -> SendFailure {
    let json = serde_json::to_string(&KeptFailure::of(failure)).expect("JSON");
    serde_json::from_str::<KeptFailure>(&json).expect("a failure").failure()
}

fn problems() -> Vec<MailProblem> {
    let wait = Some(Duration::from_secs(7));
    vec![
        MailProblem::Refused,
        MailProblem::NotFound,
        MailProblem::NoMailbox,
        MailProblem::PermissionNotGranted("Mail.Send"),
        MailProblem::ApiDisabled,
        MailProblem::TokenRefused,
        MailProblem::NeedsSignIn,
        MailProblem::Throttled { limit: Limit::Mailbox, retry_after: wait },
        MailProblem::Throttled { limit: Limit::Provider, retry_after: None },
        MailProblem::NotSupported("the provider has no such thing"),
        MailProblem::InvalidValue("the value of to is wrong"),
        MailProblem::TooLarge,
        MailProblem::TooMany("too many of them"),
        MailProblem::AttachmentIsLink,
        MailProblem::FolderExists,
        MailProblem::EtagMismatch,
        MailProblem::Conflict,
        MailProblem::ContentIsFinal,
        MailProblem::SyncTokenExpired,
        MailProblem::NotSent,
        MailProblem::Unavailable,
        MailProblem::UnavailableFor(Duration::from_secs(7)),
        MailProblem::Slow,
        MailProblem::Garbled,
    ]
}

#[test]
fn each_failure_of_a_mailbox_is_read_as_it_was_stored() {
    let said = ProviderAnswer { code: Some("ErrorX".to_owned()), request_id: Some("r-1".to_owned()) };
    for problem in problems() {
        for provider in [None, Some(said.clone())] {
            let error = MailError { problem: problem.clone(), provider };
            match read_again(&error.clone().into()) {
                SendFailure::Mail(MailFailure::Mail(read)) => assert_eq!(read, error),
                other => unreachable!("{problem:?} became {other:?}"),
            }
        }
    }
}

#[test]
fn failures_of_the_account_and_of_the_message_are_read_as_they_were_stored() {
    let no_token = |no_token| SendFailure::Mail(MailFailure::NoToken(no_token));
    for failure in [
        no_token(NoToken::Paused),
        no_token(NoToken::State(AccountState::NeedsSignIn)),
        no_token(NoToken::Busy { retry_after: 9 }),
        SendFailure::FromUnknown,
        SendFailure::TooLarge { max: 36_700_160 },
        SendFailure::UnknownUpload { id: "an-id".to_owned() },
        SendFailure::OutcomeUnknown { message_id: "<a@b>".to_owned() },
        Failure::NotFound.into(),
    ] {
        assert_eq!(format!("{:?}", read_again(&failure)), format!("{failure:?}"));
    }
    for (problem, expected) in [
        (RefreshProblem::GrantRefused, AccountState::NeedsSignIn),
        (RefreshProblem::CredentialsRejected, AccountState::WaitingForConnector),
        (RefreshProblem::CompanyRefused, AccountState::WaitingForCompany),
        (RefreshProblem::Refused, AccountState::NeedsAttention),
    ] {
        match read_again(&no_token(NoToken::Failed(problem.into()))) {
            SendFailure::Mail(MailFailure::NoToken(NoToken::State(state))) => assert_eq!(state, expected),
            other => unreachable!("{problem:?} became {other:?}"),
        }
    }
    assert!(matches!(
        read_again(&no_token(NoToken::Failed(RefreshProblem::Slow.into()))),
        SendFailure::Mail(MailFailure::Mail(MailError { problem: MailProblem::Unavailable, .. }))
    ));
}

#[test]
fn a_failure_of_another_version_is_a_failure() {
    let kept: KeptFailure = serde_json::from_str(r#"{"kind":"of_next_year","more":1}"#).expect("a failure");
    assert!(matches!(kept.failure(), SendFailure::Mail(MailFailure::Failure(Failure::Unexpected(_)))));
}

#[test]
fn the_hash_of_a_body_depends_on_each_value() {
    let request = |subject: &str| {
        let mut request = SendRequest::default();
        request.message.subject = Some(subject.to_owned());
        request
    };
    let hash = |draft: Option<&str>, request: &SendRequest| body_hash(&(draft, request)).expect("a hash");
    assert_eq!(hash(None, &request("a")), hash(None, &request("a")));
    assert_ne!(hash(None, &request("a")), hash(None, &request("b")));
    assert_ne!(hash(None, &request("a")), hash(Some("draft"), &request("a")));
}

#[test]
fn a_new_field_without_a_value_changes_no_hash() {
    let hash = |values: Value| body_hash(&values).expect("a hash");
    let before = hash(json!([null, { "subject": "a", "to": [{ "email": "b" }] }]));
    let after = json!([null, {
        "flag": false, "list": [], "subject": "a", "to": [{ "email": "b", "name": null }], "words": { "one": null },
    }]);
    assert_eq!(hash(after), before);
    for other in [
        json!([null, { "flag": true, "subject": "a", "to": [{ "email": "b" }] }]),
        json!([null, { "subject": "", "to": [{ "email": "b" }] }]),
        json!([null, { "to": [{ "email": "b" }] }]),
        json!([null, { "subject": "a", "to": [{ "email": "b" }, {}] }]),
    ] {
        assert_ne!(hash(other.clone()), before, "{other}");
    }
}

#[test]
fn the_form_of_a_message_is_the_same_in_each_version() {
    let mut request = SendRequest::default();
    request.message.subject = Some("a".to_owned());
    let form = form_of(&(None::<&str>, &request)).expect("a form");
    let message = r#"{"basis":"New","message_id":"","subject":"a"}"#;
    let shown = r#"{"from":"","subject":"","to":""}"#;
    let expected = format!(r#"values of a call 1 [null,{{"message":{message},"shown":{shown}}}]"#);
    assert_eq!(String::from_utf8_lossy(&form), expected);
}

#[test]
fn a_request_of_an_earlier_version_is_read_with_the_defaults_of_what_it_lacks() {
    let text = r#"{"body":"b","request":{"message":{"subject":"s"}}}"#;
    let kept: KeptRequest = serde_json::from_str(text).expect("a request");
    assert_eq!(kept.request.message.subject.as_deref(), Some("s"));
    assert!(!kept.is_large && kept.request.files.is_empty());
}
