//! Rules of the company: Conditional Access, second factors, risk, and which tenants people may use.

use super::{Cause, CodeEntry, Remedy, Who};

const LOOK_UP: &str = "Look under Sign-in logs in the Microsoft Entra admin center which policy it was, and let the \
                       application through.";

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[53_000, 53_001, 530_002, 530_003, 50_097, 50_005, 50_127, 50_129, 50_155, 50_187],
        title: "A rule of the company forbids the sign-in",
        what: "The company lets people sign in only on certain devices, and Microsoft does not take this device or \
               browser for one of them.",
        causes: &[
            Cause::one(
                "If the rule is not meant for this application",
                Who::CompanyAdmin,
                LOOK_UP,
                Remedy::Message,
            ),
            Cause::one(
                "If the company has given out such a device",
                Who::SignsIn,
                "Sign in again on that device, in a browser in which the work account is signed in.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[530_004],
        title: "A rule of the company forbids the sign-in of guests",
        what: "The company lets people sign in only on certain devices, and is not set up to trust the devices of \
               guests (accounts of other companies).",
        causes: &[
            Cause::one(
                "If guests are to use the application",
                Who::CompanyAdmin,
                "In the Microsoft Entra admin center, under Cross-tenant access settings, trust the devices of the \
                 guest’s company (inbound trust settings). Or leave guests out of the policy.",
                Remedy::Message,
            ),
            Cause::one(
                "If an account of the company itself will do",
                Who::SignsIn,
                "Sign in again with that account.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[130_007, 130_008, 135_011, 700_003],
        title: "Microsoft says that the device is disabled, or does not find it",
        what: "The sign-in came from a device that is registered at a company. Microsoft says that the device is \
               disabled, or that the company’s directory does not have it.",
        causes: &[
            Cause::one(
                "If another device will do",
                Who::SignsIn,
                "Sign in again on that device.",
                Remedy::Again,
            ),
            Cause::one(
                "If this device is to be used",
                Who::CompanyAdmin,
                "In the Microsoft Entra admin center, under Devices, enable the device. If it is not listed there, \
                 let the user disconnect the work account from the device and register the device again.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[130_004, 130_005, 130_006, 50_141, 17_003],
        title: "Microsoft did not accept the device’s key",
        what: "The sign-in used a key that a device keeps for the account, such as that of Windows Hello. Microsoft \
               does not have the key, or could not set it up or check it.",
        causes: &[
            Cause::one(
                "If Microsoft’s page offers another way to sign in",
                Who::SignsIn,
                "Sign in again, and choose that way, such as the password.",
                Remedy::Again,
            ),
            Cause::one(
                "If the device’s PIN, face or fingerprint is to be used",
                Who::SignsIn,
                "Set it up again in the settings of the device (in Windows: Accounts, Sign-in options). Then sign in \
                 again.",
                Remedy::Again,
            ),
            Cause::one(
                "If neither helps",
                Who::CompanyAdmin,
                "Look at the device under Devices in the Microsoft Entra admin center, and at the account’s \
                 authentication methods.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[53_002, 53_003, 53_009, 530_021, 530_031, 530_032, 530_035, 50_131],
        title: "A rule of the company forbids the sign-in",
        what: "A policy of the company (Conditional Access or security defaults) does not let this account use the \
               application as it was tried: perhaps from this device, this place or this application.",
        causes: &[Cause::only(Who::CompanyAdmin, LOOK_UP, Remedy::Message)],
    },
    CodeEntry {
        codes: &[500_021, 500_022, 50_002, 500_212, 500_213],
        title: "A rule of the company forbids the sign-in to this tenant",
        what: "The account’s company, the network, or the company that was asked does not let people of one sign in at \
               the other (tenant restrictions or cross-tenant access).",
        causes: &[
            Cause::one(
                "If another account was meant",
                Who::SignsIn,
                "Sign in again, with an account of the company whose network you use.",
                Remedy::Again,
            ),
            Cause::one(
                "If the account is the right one",
                Who::CompanyAdmin,
                "Look at Cross-tenant access settings in the Microsoft Entra admin center, and at what the network’s \
                 proxy allows (tenant restrictions).",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[53_004, 53_010],
        title: "A second factor cannot be set up now",
        what: "The account must set up a second factor before it may sign in. Microsoft does not let it do so from \
               here, because of a rule or a risk that it sees.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Look under Sign-in logs in the Microsoft Entra admin center what kept it back. Once the account has a \
             second factor, sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[53_011, 530_034],
        title: "Microsoft sees a risk and blocks the account",
        what: "Microsoft suspects that another person uses the account. The connector was not changed.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Look at the account under Risky users in the Microsoft Entra admin center. Once the risk is dismissed, \
             sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[50_072, 50_074, 50_076, 50_078, 50_079, 50_158],
        title: "Microsoft asks for a second factor",
        what: "The account must prove itself by something more than a password, such as a code or a device.",
        causes: &[
            Cause::one(
                "If Microsoft asks for it on its page",
                Who::SignsIn,
                "Sign in again, and do what Microsoft asks.",
                Remedy::Again,
            ),
            Cause::one(
                "If Microsoft does not ask, or the second factor does not work",
                Who::CompanyAdmin,
                "Look under Sign-in logs in the Microsoft Entra admin center which rule asks for it, and under \
                 the account’s authentication methods what it has.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[500_121],
        title: "The second factor did not succeed",
        what: "Microsoft asked for something more than a password, such as a code or a confirmation on a phone. \
               Microsoft did not get the code or confirmation, or did not accept it.",
        causes: &[
            Cause::one(
                "If the request was declined, or not answered in time",
                Who::SignsIn,
                "Sign in again, and do what Microsoft asks.",
                Remedy::Again,
            ),
            Cause::one(
                "If no request arrives, or codes are refused",
                Who::SignsIn,
                "Set the phone’s clock to the right time, or choose another way on Microsoft’s page.",
                Remedy::Again,
            ),
            Cause::one(
                "If neither helps",
                Who::CompanyAdmin,
                "Look under Sign-in logs in the Microsoft Entra admin center for the reason, and under the account’s \
                 authentication methods what it has. If the user reported the request as fraud, unblock the account.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_159, 50_161, 50_166, 50_170, 50_172, 50_176, 900_612, 5_001_256],
        title: "Microsoft could not use the answer of another provider",
        what: "A provider outside Microsoft takes part in this sign-in, such as one for second factors. Microsoft \
               could not reach it, could not use its answer, or does not have its settings.",
        causes: &[
            Cause::one(
                "At first",
                Who::SignsIn,
                "Sign in again, and do what the provider’s page asks.",
                Remedy::Again,
            ),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::CompanyAdmin,
                "In the Microsoft Entra admin center, check the provider’s settings: they are under Conditional \
                 Access (custom controls), Authentication methods or External identity providers. Microsoft’s code and \
                 words are below.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_177, 50_178],
        title: "A rule of the company does not work for this kind of account",
        what: "The rule asks for a check, or limits the session. Microsoft does not support that for an account that \
               only passes through the tenant (the company’s directory at Microsoft).",
        causes: &[
            Cause::one(
                "If an account of the tenant will do",
                Who::SignsIn,
                "Sign in again with that account.",
                Remedy::Again,
            ),
            Cause::one(
                "If this account is to be used",
                Who::CompanyAdmin,
                "Look under Sign-in logs in the Microsoft Entra admin center which policy it was, and leave such \
                 accounts out of the policy.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[700_020, 9_002_341],
        title: "Microsoft asks for one more step",
        what: "The account has to do something on Microsoft’s page before it may sign in. The connector was not \
               changed.",
        causes: &[Cause::only(Who::SignsIn, "Sign in again, and do what Microsoft asks.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[70_043, 70_044],
        title: "A rule of the company has ended the access",
        what: "A Conditional Access policy asks people to sign in again after some time.",
        causes: &[
            Cause::one("If it is asked now and then", Who::SignsIn, "Sign in again.", Remedy::Again),
            Cause::one(
                "If it is asked too often",
                Who::CompanyAdmin,
                "Change the policy (sign-in frequency) in the Microsoft Entra admin center.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[54_000, 50_015],
        title: "A rule about age keeps the account back",
        what: "Microsoft treats the account as that of a minor, for whom a consent or a permission is missing.",
        causes: &[Cause::only(
            Who::CompanyAdmin,
            "Look at the age group and the consent in the account’s properties in the Microsoft Entra admin center, or \
             sign in with another account.",
            Remedy::Message,
        )],
    },
];
