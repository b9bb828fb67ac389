use super::*;

fn error_of(refused: impl Into<Refused>) -> (u16, &'static str, String) {
    let refused = refused.into();
    let words = format!("{refused:?}");
    match refused {
        Refused::Error(error) => (error.status().as_u16(), error.code(), words),
        Refused::Failure(failure) => {
            let error = ApiError::from(&failure);
            (error.status().as_u16(), error.code(), words)
        }
    }
}

#[test]
fn each_problem_of_a_mailbox_has_its_status_and_code() {
    let minute = Some(Duration::from_mins(1));
    for (problem, status, code) in [
        (MailProblem::Refused, 502, "PROVIDER_ERROR"),
        (MailProblem::NotFound, 404, "NOT_FOUND"),
        (MailProblem::NoMailbox, 404, "NOT_FOUND"),
        (MailProblem::PermissionNotGranted("Mail.Read"), 403, "PERMISSION_NOT_GRANTED"),
        (MailProblem::ApiDisabled, 409, "CONNECTOR_FAILING"),
        (MailProblem::TokenRefused, 502, "PROVIDER_ERROR"),
        (MailProblem::NeedsSignIn, 409, "ACCOUNT_NEEDS_SIGN_IN"),
        (
            MailProblem::Throttled { limit: mailbox::Limit::Mailbox, retry_after: None },
            429,
            "TOO_MANY_REQUESTS",
        ),
        (
            MailProblem::Throttled { limit: mailbox::Limit::Page { fits: 7 }, retry_after: minute },
            429,
            "TOO_MANY_REQUESTS",
        ),
        (
            MailProblem::Throttled { limit: mailbox::Limit::Provider, retry_after: minute },
            429,
            "TOO_MANY_REQUESTS",
        ),
        (MailProblem::NotSupported("No."), 400, "NOT_SUPPORTED_BY_PROVIDER"),
        (MailProblem::InvalidValue("No."), 400, "INVALID_VALUE"),
        (MailProblem::TooLarge, 413, "CONTENT_TOO_LARGE"),
        (MailProblem::TooMany("No."), 413, "CONTENT_TOO_LARGE"),
        (MailProblem::AttachmentIsLink, 409, "ATTACHMENT_IS_LINK"),
        (MailProblem::SyncTokenExpired, 410, "SYNC_TOKEN_EXPIRED"),
        (MailProblem::NotSent, 503, "PROVIDER_UNAVAILABLE"),
        (MailProblem::Unavailable, 503, "PROVIDER_UNAVAILABLE"),
        (MailProblem::UnavailableFor(Duration::from_mins(1)), 503, "PROVIDER_UNAVAILABLE"),
        (MailProblem::Slow, 503, "PROVIDER_UNAVAILABLE"),
        (MailProblem::Garbled, 502, "PROVIDER_ERROR"),
    ] {
        let (found, name, words) = error_of(MailError::from(problem.clone()));
        assert_eq!((found, name), (status, code), "{problem:?}: {words}");
    }
    let page = MailProblem::Throttled { limit: mailbox::Limit::Page { fits: 7 }, retry_after: minute };
    let (.., words) = error_of(MailError::from(page));
    assert!(words.contains("at most 7 fits"), "{words}");
    let (.., words) = error_of(MailError::from(MailProblem::PermissionNotGranted("Mail.Read")));
    assert!(
        words.contains("Mail.Read") && words.contains("PUT /api/accounts/{account_key}/oauth"),
        "{words}"
    );
}

#[test]
fn each_reason_without_a_token_says_what_to_do() {
    let state = |state| NoToken::State(state);
    for (no_token, status, code) in [
        (NoToken::NotFound, 404, "NOT_FOUND"),
        (NoToken::Paused, 409, "ACCOUNT_PAUSED"),
        (state(AccountState::NeedsSignIn), 409, "ACCOUNT_NEEDS_SIGN_IN"),
        (state(AccountState::Disconnected), 409, "ACCOUNT_NEEDS_SIGN_IN"),
        (state(AccountState::WaitingForConnector), 409, "CONNECTOR_FAILING"),
        (state(AccountState::WaitingForCompany), 409, "CONNECTOR_FAILING"),
        (state(AccountState::NeedsAttention), 409, "CONNECTOR_FAILING"),
        (state(AccountState::Retrying), 503, "PROVIDER_UNAVAILABLE"),
        (NoToken::Busy { retry_after: 3 }, 503, "PROVIDER_UNAVAILABLE"),
        (NoToken::Failed(RefreshProblem::GrantRefused.into()), 409, "ACCOUNT_NEEDS_SIGN_IN"),
        (NoToken::Failed(RefreshProblem::CredentialsRejected.into()), 409, "CONNECTOR_FAILING"),
        (NoToken::Failed(RefreshProblem::CompanyRefused.into()), 409, "CONNECTOR_FAILING"),
        (NoToken::Failed(RefreshProblem::Refused.into()), 409, "CONNECTOR_FAILING"),
        (NoToken::Failed(RefreshProblem::Throttled(None).into()), 429, "TOO_MANY_REQUESTS"),
        (NoToken::Failed(RefreshProblem::Slow.into()), 503, "PROVIDER_UNAVAILABLE"),
        (NoToken::Failure(Failure::Busy(1)), 503, "BUSY"),
    ] {
        let (found, name, words) = error_of(no_token);
        assert_eq!((found, name), (status, code), "{words}");
    }
}

#[test]
fn the_providers_code_and_the_id_of_its_request_are_passed_on() {
    let said =
        mailbox::ProviderAnswer { code: Some("ErrorX".to_owned()), request_id: Some("id-1".to_owned()) };
    let (.., words) = error_of(MailError { problem: MailProblem::Refused, provider: Some(said) });
    assert!(words.contains("ErrorX") && words.contains("id-1"), "{words}");
}
