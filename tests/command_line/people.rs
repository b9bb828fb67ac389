//! Organisations and users at the command line.

use super::{PASSWORD, expect_refusal, folder, run};

#[test]
fn organisations_and_users_are_added_changed_and_listed() {
    let folder = folder();
    let path = folder.path();
    run(path, "migrate", "");
    expect_refusal(path, "user add --email a@contoso.test --name Ada", PASSWORD, "no organisation yet");
    let added = run(path, "organisation add --name Contoso_Ltd", "");
    assert!(
        added.starts_with("Added the organisation Contoso Ltd with the short name contoso-ltd."),
        "{added}"
    );
    // A script reads the id from the last line.
    let id = added.lines().last().expect("a line");
    assert!(run(path, "organisation list", "").starts_with(&format!("{id}\t")), "{added}");
    assert!(run(path, "organisation list", "").contains("\tContoso Ltd\tcontoso-ltd\n"));
    let added = run(path, "user add --email Ada@Contoso.test --name Ada_Example --role admin", PASSWORD);
    assert!(
        added.starts_with(
            "Added the user ada@contoso.test as an administrator of Contoso Ltd (short name contoso-ltd)."
        ),
        "{added}"
    );
    assert_eq!(added.lines().last().map(str::len), Some(36), "the id: {added}");
    expect_refusal(
        path,
        "user add --email ada@contoso.test --name Ada",
        PASSWORD,
        "Contoso Ltd already has a user ada@contoso.test",
    );
    expect_refusal(path, "user add --email b@contoso.test --name Bob", "short\n", "at least 15 characters");
    expect_refusal(path, "user add --email mallory --name Bob", PASSWORD, "email address");
    run(path, "user add --email bob@contoso.test --name Bob", PASSWORD);
    let list = run(path, "user list", "");
    assert!(list.contains("ada@contoso.test\tadmin\tContoso Ltd\tenabled\n"), "{list}");
    assert!(list.contains("bob@contoso.test\tviewer\tContoso Ltd\tenabled\n"), "{list}");

    expect_refusal(path, "user disable --email ada@contoso.test", "", "administrator");
    expect_refusal(path, "user role --email ada@contoso.test --role viewer", "", "administrator");
    run(path, "user role --email bob@contoso.test --role admin", "");
    run(path, "user disable --email ada@contoso.test", "");
    assert!(run(path, "user list", "").contains("ada@contoso.test\tadmin\tContoso Ltd\tdisabled\n"));
    let disabled = run(path, "user disable --email ada@contoso.test", "");
    assert_eq!(disabled, "Nothing to change: ada@contoso.test is disabled already.\n");
    run(path, "user enable --email ada@contoso.test", "");
    let admin = run(path, "user role --email ada@contoso.test --role admin", "");
    assert_eq!(admin, "Nothing to change: ada@contoso.test is an administrator already.\n");
    run(path, "user password --email ada@contoso.test", "another horse battery staple\n");
    expect_refusal(path, "user password --email mallory@contoso.test", PASSWORD, "mallory@contoso.test");

    run(path, "organisation add --name Fabrikam", "");
    expect_refusal(path, "user add --email c@contoso.test --name Carol", PASSWORD, "--organisation");
    run(path, "user add --organisation Fabrikam --email c@contoso.test --name Carol", PASSWORD);

    expect_refusal(path, "organisation add --name Northwind --short-name Fabrikam", "", "--short-name");
    expect_refusal(path, "organisation add --name Northwind --short-name x", "", "2 to 40");
    run(path, "organisation add --name Northwind --short-name nw", "");
    // One email in two organisations; each user is changed separately.
    run(path, "user add --organisation nw --email ada@contoso.test --name Ada --role admin", PASSWORD);
    expect_refusal(path, "user disable --email bob@contoso.test", "", "--organisation");
    run(path, "user disable --organisation contoso-ltd --email bob@contoso.test", "");
    expect_refusal(path, "user delete --organisation nw --email ada@contoso.test", "", "last administrator");
    run(path, "user delete --organisation fabrikam --email c@contoso.test", "");
    let list = run(path, "user list", "");
    assert!(list.contains("bob@contoso.test\tadmin\tContoso Ltd\tdisabled\n"), "{list}");
    assert!(list.contains("ada@contoso.test\tadmin\tNorthwind\tenabled\n"), "{list}");
    assert!(!list.contains("c@contoso.test"), "{list}");
}
