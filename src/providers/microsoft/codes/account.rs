//! The account that signs in, and what Microsoft gave for it earlier.

use super::{Cause, CodeEntry, Remedy, Who};
use crate::providers::microsoft::changes::TENANT;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[50_126, 50_064, 50_056],
        title: "Microsoft did not accept the account’s name or password",
        what: "What was typed on Microsoft’s page does not fit. The connector was not changed.",
        causes: &[
            Cause::one(
                "If it could be typed wrong",
                Who::SignsIn,
                "Sign in again. Type the password instead of letting the browser fill it in.",
                Remedy::Again,
            ),
            Cause::one(
                "If the password is right",
                Who::CompanyAdmin,
                "Reset the account’s password, or look under Sign-in logs in the Microsoft Entra admin center.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_053],
        title: "Microsoft has locked the account or the network for now",
        what: "Microsoft gives the same answer where the password was wrong too often, and where the sign-in came from \
               an address on the internet that it takes for an attacker’s.",
        causes: &[
            Cause::one(
                "If the password was wrong several times",
                Who::SignsIn,
                "Wait some minutes, then sign in again with the right password.",
                Remedy::Again,
            ),
            Cause::one(
                "If the network could be the cause, such as a VPN",
                Who::SignsIn,
                "Sign in again from another network.",
                Remedy::Again,
            ),
            Cause::one(
                "If it stays so",
                Who::CompanyAdmin,
                "Look under Sign-in logs in the Microsoft Entra admin center: the failure reason says which of the \
                 two it was.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_055, 50_144, 50_135, 50_125, 50_137, 50_142],
        title: "The account needs a new password",
        what: "Microsoft says that the password has expired, or that it must be changed or set up first.",
        causes: &[
            Cause::one(
                "If Microsoft’s page offers to change it",
                Who::SignsIn,
                "Sign in again, and do what Microsoft asks.",
                Remedy::Again,
            ),
            Cause::one(
                "If it does not",
                Who::CompanyAdmin,
                "Reset the account’s password. Then sign in again with the new one.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[120_000, 120_002, 120_003, 120_004, 120_018],
        title: "Microsoft did not accept the new password, or the old one",
        what: "Microsoft’s page asked the user to change the password, and refused what was entered.",
        causes: &[
            Cause::one(
                "If the current password could be typed wrong",
                Who::SignsIn,
                "Sign in again, and enter the current password before the new one.",
                Remedy::Again,
            ),
            Cause::one(
                "If the new password could be too simple",
                Who::SignsIn,
                "Sign in again with a longer password that does not contain a name or a common word.",
                Remedy::Again,
            ),
            Cause::one(
                "If it is refused again",
                Who::CompanyAdmin,
                "Reset the account’s password, or compare it with the company’s rules for passwords, at Microsoft and \
                 in the company’s own directory (Active Directory).",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[120_012],
        title: "The password must be changed in the company’s own directory",
        what: "Microsoft says that its page cannot change this password. The company keeps the account in a directory \
               of its own (Active Directory).",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Change the account’s password in that directory. Then sign in again with the new one.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[120_014, 120_015],
        title: "An administrator must act before the password can be changed",
        what: "The company’s own directory (Active Directory) did not change the password: the account is locked or \
               disabled there, or an administrator has to act first.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Look at the account in that directory: unlock it, enable it, or reset its password. Then sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[120_005, 120_008, 120_011, 120_013, 120_016, 120_020, 120_021],
        title: "The change of the account’s password was not completed",
        what: "Microsoft could not finish the change. The code does not say that the new password was wrong, and \
               perhaps one directory has it already.",
        causes: &[
            Cause::one(
                "At first",
                Who::SignsIn,
                "Wait a minute, and sign in again. If the old password is refused, use the new one.",
                Remedy::Again,
            ),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::CompanyAdmin,
                "Reset the account’s password. Where the company has a directory of its own (Active Directory), check \
                 the connection between that directory and Microsoft (password writeback).",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[90_101, 90_013, 50_029],
        title: "Microsoft does not accept what was entered",
        what: "Microsoft says that an address, a domain or another entry is not written as it must be.",
        causes: &[
            Cause::one(
                "If the account could be typed wrong",
                Who::SignsIn,
                "Sign in again, and type the whole address of the account, such as ada@contoso.com.",
                Remedy::Again,
            ),
            Cause::one(
                "If the tenant could be written wrong",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
                Remedy::Change(&TENANT),
            ),
        ],
    },
    CodeEntry {
        codes: &[50_017, 220_501],
        title: "Microsoft could not check the account’s certificate",
        what: "The account signed in with a certificate, such as one on a smart card. Microsoft could not check it, or \
               could not load the list of revoked certificates (CRL).",
        causes: &[
            Cause::one(
                "If Microsoft’s page offers another way to sign in",
                Who::SignsIn,
                "Sign in again, and choose that way.",
                Remedy::Again,
            ),
            Cause::one(
                "If the certificate is to be used",
                Who::CompanyAdmin,
                "In the Microsoft Entra admin center, look at the certificate authorities: every issuer of the \
                 certificate must be listed, and Microsoft must be able to load each list of revoked certificates.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_057, 500_571],
        title: "The account is disabled",
        what: "The account is switched off in the tenant (its company’s directory at Microsoft), or in the directory \
               of the company from which the tenant takes its accounts.",
        causes: &[
            Cause::one(
                "If this account is to be used",
                Who::CompanyAdmin,
                "Enable the account: in the Microsoft Entra admin center or, where it comes from a directory of the \
                 company’s own (Active Directory), there. Then sign in again.",
                Remedy::Message,
            ),
            Cause::one(
                "If another account will do",
                Who::SignsIn,
                "Sign in again with that account.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[80_012],
        title: "The account may not sign in at this hour",
        what: "The company’s own directory (Active Directory) lets the account sign in only at certain hours.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Change the account’s logon hours, or let the user sign in again at another hour.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[
            80_001, 80_002, 80_005, 80_007, 80_010, 80_013, 80_014, 20_001, 20_012, 20_033, 40_008, 40_009,
            40_010, 40_015, 50_008, 50_107, 399_284, 500_089, 5_000_811, 5_000_819, 90_081,
        ],
        title: "The company’s own sign-in service has trouble",
        what: "Microsoft asks a service of the company’s own who signs in (a federated identity provider or an \
               authentication agent), and got no good answer.",
        causes: &[
            Cause::one(
                "If it could be a moment’s trouble",
                Who::NoOne,
                "Wait a minute, and sign in again.",
                Remedy::Again,
            ),
            Cause::one(
                "If it stays so",
                Who::CompanyAdmin,
                "Check that service, with Microsoft’s code and words below.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[90_123],
        title: "Another service refused the account",
        what: "A service outside Microsoft had to say who signs in, or something about the account. It denied the \
               request.",
        causes: &[
            Cause::one(
                "If the sign-in was cancelled or declined at that service",
                Who::SignsIn,
                "Sign in again, and do what the service asks.",
                Remedy::Again,
            ),
            Cause::one(
                "If it was not",
                Who::CompanyAdmin,
                "Check that service (a federated identity provider), with Microsoft’s code and words below.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[70_008],
        title: "The sign-in took too long",
        what: "Microsoft’s one-time code, or the access that it gave, had expired before we could use it.",
        causes: &[Cause::only(Who::SignsIn, "Sign in again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[700_082],
        title: "The access was not used for too long",
        what: "Microsoft ends an access that no one uses for some time, 90 days for most applications.",
        causes: &[Cause::only(Who::SignsIn, "Sign in again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[700_084],
        title: "The access of a single-page application has expired",
        what: "Access that is given to a Single-page application lasts a day at most.",
        causes: &[Cause::only(
            Who::Admin,
            "In the Azure portal, under Authentication, remove the Redirect URI from Single-page application, and add \
             it on the platform Web. Then sign in again.",
            Remedy::RedirectUri,
        )],
    },
    CodeEntry {
        codes: &[50_173, 50_132, 50_133, 50_085, 50_139],
        title: "The access was withdrawn",
        what: "Microsoft does not accept the earlier access any more: perhaps the password was changed or has expired, \
               or the account’s owner or an administrator withdrew the access.",
        causes: &[Cause::only(Who::SignsIn, "Sign in again.", Remedy::Again)],
    },
];
