//! The help of the program and of its commands.

use super::{expect_refusal, folder, run};

#[test]
fn help_names_every_setting_and_every_command() {
    let folder = folder();
    let help = run(folder.path(), "--help", "");
    for name in [
        "LISTEN",
        "PUBLIC_URL",
        "DATABASE_URL",
        "DATABASE_CONNECTIONS",
        "UPLOAD_SPACE",
        "DATA_DIR",
        "ENCRYPTION_KEY_FILE",
        "TRUSTED_PROXIES",
        "PASSWORD_MEMORY",
        "PASSWORD_PASSES",
        "LOG",
        "LOG_FORMAT",
        "MICROSOFT_AUTHORIZE_URL",
        "MICROSOFT_TOKEN_URL",
        "MICROSOFT_GRAPH_URL",
        "MICROSOFT_ISSUER",
        "GOOGLE_AUTHORIZE_URL",
        "GOOGLE_TOKEN_URL",
        "GOOGLE_REVOKE_URL",
        "GOOGLE_ISSUER",
        "GOOGLE_GMAIL_URL",
        "GOOGLE_PEOPLE_URL",
    ] {
        assert!(help.contains(&format!("MAIL360_{name}")), "{name} is missing in {help}");
    }
    for command in
        ["serve", "migrate", "check", "reseal", "restore", "end-sessions", "organisation", "user", "account"]
    {
        assert!(help.contains(&format!("  {command} ")), "{command} is missing in {help}");
    }
}

#[test]
fn only_the_help_of_the_whole_program_lists_the_settings() {
    let folder = folder();
    let help = run(folder.path(), "--help", "");
    assert!(
        help.starts_with("Connects your software to mailboxes of Microsoft 365, Outlook.com and Gmail"),
        "{help}"
    );
    for heading in ["\nSettings:\n", "\nOther clouds and tests:\n"] {
        assert!(help.contains(heading), "{heading} is missing in {help}");
    }
    let short = run(folder.path(), "-h", "");
    assert!(short.contains("MAIL360_LISTEN"), "{short}");
    assert!(!short.contains("MAIL360_MICROSOFT") && !short.contains("MAIL360_GOOGLE"), "{short}");
    for words in ["serve --help", "user --help", "user list --help", "help user list", "account list --help"]
    {
        let help = run(folder.path(), words, "");
        assert!(
            !help.contains("MAIL360_") && help.contains("`mail360 --help` lists them"),
            "{words}: {help}"
        );
    }
    // A setting is accepted after every command.
    expect_refusal(folder.path(), "user list --data-dir nowhere", "", "nowhere/mail360.sqlite");
}

#[test]
fn the_help_of_check_and_the_readme_have_its_exit_statuses() {
    let help = run(folder().path(), "check --help", "");
    // The help is wrapped.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = include_str!("../../README.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for (text, words) in [
        (&help, "0 if all is sound, 2 if the only error is that client secrets have expired, and 1 after"),
        (&readme, "Its exit status is 0 if it finds no error"),
        (&readme, "The status is 2 if the only error is that client secrets have expired"),
        (&readme, "It is 1 after every other error"),
    ] {
        assert!(text.contains(words), "{words} is missing in {text}");
    }
}

#[test]
fn c63_help_and_readme_name_the_proxy_settings() {
    let folder = folder();
    let help = run(folder.path(), "--help", "");
    let readme = include_str!("../../README.md");
    for name in ["HTTPS_PROXY", "NO_PROXY"] {
        assert!(help.contains(name) && readme.contains(name), "{name}: {help}");
    }
}
