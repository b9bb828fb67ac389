//! Organisations and users at the command line.

use super::{PASSWORD, done, folder, refused};

#[test]
fn organisations_and_users_are_added_changed_and_listed() {
    let folder = folder();
    let path = folder.path();
    done(path, "migrate", "");
    refused(path, "user add --email a@contoso.test --name Ada", PASSWORD, "no organisation yet");
    done(path, "organisation add --name Contoso_Ltd", "");
    assert!(done(path, "organisation list", "").contains("\tContoso Ltd\tcontoso-ltd\n"));
    done(path, "user add --email Ada@Contoso.test --name Ada_Example --role admin", PASSWORD);
    refused(
        path,
        "user add --email ada@contoso.test --name Ada",
        PASSWORD,
        "Contoso Ltd already has a user ada@contoso.test",
    );
    refused(path, "user add --email b@contoso.test --name Bob", "short\n", "at least 15 characters");
    refused(path, "user add --email mallory --name Bob", PASSWORD, "e-mail address");
    done(path, "user add --email bob@contoso.test --name Bob", PASSWORD);
    let list = done(path, "user list", "");
    assert!(list.contains("ada@contoso.test\tadmin\tContoso Ltd\tenabled\n"), "{list}");
    assert!(list.contains("bob@contoso.test\tviewer\tContoso Ltd\tenabled\n"), "{list}");

    refused(path, "user disable --email ada@contoso.test", "", "administrator");
    refused(path, "user role --email ada@contoso.test --role viewer", "", "administrator");
    done(path, "user role --email bob@contoso.test --role admin", "");
    done(path, "user disable --email ada@contoso.test", "");
    assert!(done(path, "user list", "").contains("ada@contoso.test\tadmin\tContoso Ltd\tdisabled\n"));
    done(path, "user enable --email ada@contoso.test", "");
    done(path, "user password --email ada@contoso.test", "another horse battery staple\n");
    refused(path, "user password --email mallory@contoso.test", PASSWORD, "mallory@contoso.test");

    done(path, "organisation add --name Fabrikam", "");
    refused(path, "user add --email c@contoso.test --name Carol", PASSWORD, "--organisation");
    done(path, "user add --organisation Fabrikam --email c@contoso.test --name Carol", PASSWORD);

    refused(path, "organisation add --name Northwind --short-name Fabrikam", "", "--short-name");
    refused(path, "organisation add --name Northwind --short-name x", "", "2 to 40");
    done(path, "organisation add --name Northwind --short-name nw", "");
    // One e-mail in two organisations; each user is changed separately.
    done(path, "user add --organisation nw --email ada@contoso.test --name Ada --role admin", PASSWORD);
    refused(path, "user disable --email bob@contoso.test", "", "--organisation");
    done(path, "user disable --organisation contoso-ltd --email bob@contoso.test", "");
    refused(path, "user delete --organisation nw --email ada@contoso.test", "", "last administrator");
    done(path, "user delete --organisation fabrikam --email c@contoso.test", "");
    let list = done(path, "user list", "");
    assert!(list.contains("bob@contoso.test\tadmin\tContoso Ltd\tdisabled\n"), "{list}");
    assert!(list.contains("ada@contoso.test\tadmin\tNorthwind\tenabled\n"), "{list}");
    assert!(!list.contains("c@contoso.test"), "{list}");
}
