use super::*;

#[test]
fn the_duration_of_a_step_is_shown_in_readable_units() {
    assert_eq!(took(999), None);
    assert_eq!(took(240_000).as_deref(), Some("240 ms"));
    assert_eq!(took(1_290_000).as_deref(), Some("1.2 s"));
    assert_eq!(took(72_000_000).as_deref(), Some("1 min 12 s"));
}

#[test]
fn an_outcome_of_an_earlier_version_is_understood() {
    let earlier = r#"{"outcome":"failed","why":"unavailable","provider":{"error":"x","description":null,
        "trace_id":null,"correlation_id":null}}"#;
    let outcome: Outcome = serde_json::from_str(earlier).expect("an outcome");
    assert!(matches!(
        outcome,
        Outcome::Failed { why: SignInProblem::Provider(RefusalKind::Unavailable), provider: Some(_) }
    ));
}

#[test]
fn an_account_of_another_directory_is_stored_by_the_name_of_earlier_versions() {
    let why = serde_json::to_string(&SignInProblem::from(RefusalKind::WrongDirectory)).expect("JSON");
    assert_eq!(why, r#""wrong_tenant""#);
}

#[test]
fn a_purpose_is_found_by_its_name() {
    for (purpose, name) in
        [(Purpose::Verify, "verify"), (Purpose::Connect, "connect"), (Purpose::Reconnect, "reconnect")]
    {
        assert_eq!(purpose.name(), name);
        assert_eq!(Purpose::from_name(name), Some(purpose));
    }
    assert_eq!(Purpose::from_name(""), None);
}

#[test]
fn an_application_gets_the_stored_name_of_a_problem() {
    for why in ConnectProblem::VARIANTS {
        let stored = serde_json::to_value(why).expect("JSON");
        assert_eq!(stored.as_str(), Some(why.code()));
    }
    let denied = Outcome::Failed { why: RefusalKind::Denied.into(), provider: None };
    assert_eq!((denied.code(), denied.is_denied()), (Some("access_denied"), true));
    let slow = Outcome::Failed { why: RefusalKind::Slow.into(), provider: None };
    assert_eq!((slow.code(), slow.is_denied()), (Some("provider_unavailable"), false));
}

#[test]
fn each_step_is_found_by_its_name() {
    let stored = [
        "started",
        "sent",
        "returned",
        "checked",
        "code_exchanged",
        "identity",
        "permissions",
        "mailbox",
        "outcome",
        "foreign_browser",
    ];
    assert!(Step::VARIANTS.iter().map(|step| step.name()).eq(stored));
    assert!(Step::VARIANTS.iter().all(|step| Step::from_name(step.name()) == Some(*step)));
}

#[test]
fn an_outcome_is_the_same_after_the_database() {
    for outcome in [
        Outcome::Verified { account: "ada".into(), missing: vec!["Mail.Read".into()], current: true },
        Outcome::Failed {
            why: RefusalKind::PermissionsMissing(vec!["profile".into()]).into(),
            provider: None,
        },
        Outcome::Failed { why: RefusalKind::Throttled(Some(120)).into(), provider: None },
        Outcome::Failed { why: RefusalKind::Throttled(None).into(), provider: None },
        Outcome::Failed { why: RefusalKind::WrongDirectory.into(), provider: None },
        Outcome::Connected {
            account_id: AccountId(uuid::Uuid::from_u128(7)),
            email: "ada@contoso.test".into(),
            missing: vec!["Mail.Send".into()],
        },
        Outcome::Unconfirmed { email: "ada@contoso.test".into(), missing: vec!["Mail.Send".into()] },
        Outcome::NotConnected { why: ConnectProblem::NoMailbox, account: "ada@contoso.test".into() },
    ] {
        let text = serde_json::to_string(&outcome).expect("JSON");
        let read = serde_json::from_str::<Outcome>(&text).expect("an outcome");
        assert_eq!(read.with_free_text(outcome.free_text()), outcome);
    }
}

#[test]
fn n9_of_what_a_provider_says_only_known_codes_and_ids_are_written_in_clear() {
    let id = "2b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let words = |error, trace| ProviderWords::of(Some(error), Some("canary-1 E50011"), Some(trace), None);
    let outcomes = [
        Outcome::Verified { account: "canary-2".into(), missing: Vec::new(), current: true },
        Outcome::Connected {
            account_id: AccountId(uuid::Uuid::from_u128(7)),
            email: "canary-5".into(),
            missing: Vec::new(),
        },
        Outcome::Unconfirmed { email: "canary-7".into(), missing: Vec::new() },
        Outcome::NotConnected { why: ConnectProblem::UnexpectedMailbox, account: "canary-6".into() },
        Outcome::Failed { why: RefusalKind::Denied.into(), provider: Some(words("canary-3", "canary-4")) },
        Outcome::Failed { why: RefusalKind::Denied.into(), provider: Some(words("invalid_grant", id)) },
        Outcome::Failed {
            why: RefusalKind::ApiDisabled.into(),
            provider: Some(words("accessDenied", id).with_reason(Some("invalid_rapt"))),
        },
        Outcome::Failed {
            why: RefusalKind::ApiDisabled.into(),
            provider: Some(words("accessDenied", id).with_reason(Some("canary-8"))),
        },
    ];
    for outcome in outcomes {
        let text = serde_json::to_string(&outcome).expect("JSON");
        assert!(!text.contains("canary"), "{text}");
        let read = serde_json::from_str::<Outcome>(&text).expect("an outcome");
        assert_eq!(read.with_free_text(outcome.free_text()), outcome);
    }
    let kept = serde_json::to_string(&words("invalid_grant", id)).expect("JSON");
    assert!(kept.contains("invalid_grant") && kept.contains(id), "{kept}");
}
