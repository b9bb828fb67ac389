//! The tenant, the kind of accounts, and the cloud.

use super::{Cause, CodeEntry, Remedy, Who};
use crate::providers::microsoft::{
    changes::{MULTIPLE_TENANTS, PERSONAL_ONLY, TENANT},
    places::AUTHENTICATION,
};

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[90_002],
        title: "Microsoft does not know the tenant",
        what: "The cloud of Microsoft’s that was asked has no tenant (a company’s directory at Microsoft) with this ID \
               or domain.",
        causes: &[
            Cause::one(
                "If the tenant could be written wrong",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
                Remedy::Change(&TENANT),
            ),
            Cause::one(
                "If the company is in another cloud, such as that for the US government or for China",
                Who::Operator,
                "Set the addresses of Microsoft’s sign-in to those of that cloud: MAIL360_MICROSOFT_AUTHORIZE_URL, \
                 MAIL360_MICROSOFT_TOKEN_URL, MAIL360_MICROSOFT_GRAPH_URL and MAIL360_MICROSOFT_ISSUER.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[900_023],
        title: "Microsoft cannot read the tenant",
        what: "What was sent as the tenant (a company’s directory at Microsoft) is neither an ID nor a domain that \
               Microsoft accepts.",
        causes: &[
            Cause::one(
                "If the tenant could be written wrong",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
                Remedy::Change(&TENANT),
            ),
            Cause::one(
                "If the tenant is the one in Azure",
                Who::Operator,
                "Check MAIL360_MICROSOFT_AUTHORIZE_URL and MAIL360_MICROSOFT_TOKEN_URL: the first part of their paths \
                 must be {tenant}.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[5_000_224],
        title: "Microsoft says that the tenant is not available",
        what: "Microsoft does not let accounts sign in to the tenant (a company’s directory at Microsoft) that was \
               asked: perhaps Microsoft has blocked the tenant, or it was deleted.",
        causes: &[
            Cause::one(
                "If another tenant was meant",
                Who::Admin,
                "Compare Directory (tenant) ID, on the application’s Overview page, with the tenant of this connector.",
                Remedy::Edit,
            ),
            Cause::one(
                "If the tenant is the right one",
                Who::CompanyAdmin,
                "Open a support request at Microsoft, with the trace ID and the correlation ID below.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_059, 50_128, 90_019, 90_125, 90_126],
        title: "Microsoft cannot tell which tenant is meant",
        what: "Neither the request nor the account that was typed leads to a tenant (a company’s directory at \
               Microsoft).",
        causes: &[
            Cause::one(
                "If the connector is for one company",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal.",
                Remedy::Change(&TENANT),
            ),
            Cause::one(
                "If the account could be typed wrong",
                Who::SignsIn,
                "Sign in again, with the whole address of the account.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[90_038, 90_043, 90_051, 900_382, 900_432, 50_049, 1_000_104],
        title: "The company is in another of Microsoft’s clouds",
        what: "Microsoft has separate clouds, such as those for the US government and for China. The one that was \
               asked does not let this company’s accounts sign in.",
        causes: &[
            Cause::one(
                "If the application is in that other cloud too",
                Who::Operator,
                "Set the addresses of Microsoft’s sign-in to those of that cloud: MAIL360_MICROSOFT_AUTHORIZE_URL, \
                 MAIL360_MICROSOFT_TOKEN_URL, MAIL360_MICROSOFT_GRAPH_URL and MAIL360_MICROSOFT_ISSUER.",
                Remedy::Message,
            ),
            Cause::one(
                "If it is not",
                Who::SignsIn,
                "Sign in again with an account of the cloud in which the application is registered.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[900_439],
        title: "The application is in Microsoft’s cloud for the US government",
        what: "Microsoft has separate clouds. It says that an application of the cloud for the US government cannot be \
               used at the addresses of the public one.",
        causes: &[Cause::only(
            Who::Operator,
            "Set the addresses of Microsoft’s sign-in to those of that cloud: MAIL360_MICROSOFT_AUTHORIZE_URL, \
             MAIL360_MICROSOFT_TOKEN_URL, MAIL360_MICROSOFT_GRAPH_URL and MAIL360_MICROSOFT_ISSUER.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[650_059],
        title: "The application is not open to this tenant",
        what: "In Azure it is registered as “Single tenant only”. The tenant (a company’s directory at Microsoft) \
               that was asked is not the application’s own.",
        causes: &[
            Cause::one(
                "If only people of the application’s own company are to sign in",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal, and choose \
                 Single tenant only here.",
                Remedy::Change(&TENANT),
            ),
            Cause::one(
                "If people of other companies are to sign in",
                Who::Admin,
                "In the Azure portal, under Authentication, change Supported account types to the choice under Who may \
                 sign in here. Wait a minute, then sign in again.",
                Remedy::Open(AUTHENTICATION),
            ),
            Cause::one(
                "If another account was meant",
                Who::SignsIn,
                "Sign in again with an account of the application’s own company.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_194],
        title: "The application is for one tenant only",
        what: "In Azure it is registered as “Single tenant only”, but the sign-in began where accounts of all \
               tenants (companies’ directories at Microsoft) do.",
        causes: &[
            Cause::one(
                "If only people of one company are to sign in",
                Who::Admin,
                "Copy Directory (tenant) ID from the application’s Overview page in the Azure portal, and choose \
                 Single tenant only here.",
                Remedy::Change(&TENANT),
            ),
            Cause::one(
                "If people of several companies are to sign in",
                Who::Admin,
                "In the Azure portal, under Authentication, change Supported account types to what is under Who may \
                 sign in here. Wait a minute, then sign in again.",
                Remedy::Open(AUTHENTICATION),
            ),
        ],
    },
    CodeEntry {
        codes: &[9_001_023, 90_124, 90_130],
        title: "Microsoft needs the tenant",
        what: "This application works only with a named tenant (a company’s directory at Microsoft).",
        causes: &[Cause::only(
            Who::Admin,
            "Enter the Directory (tenant) ID. You find it on the application’s Overview page in the Azure portal.",
            Remedy::Change(&TENANT),
        )],
    },
    CodeEntry {
        codes: &[9_002_331],
        title: "The application is for personal accounts only",
        what: "In Azure it is registered as “Personal accounts only”, but the sign-in began where work and school \
               accounts do.",
        causes: &[Cause::only(
            Who::Admin,
            "Choose Personal accounts only here too.",
            Remedy::Change(&PERSONAL_ONLY),
        )],
    },
    CodeEntry {
        codes: &[9_002_332],
        title: "The application is for work and school accounts only",
        what: "Microsoft does not let personal accounts sign in through it. The sign-in was with a personal account, \
               or began where only those do.",
        causes: &[
            Cause::one(
                "If the Client ID is that of the application in Azure",
                Who::Admin,
                "Choose Multiple Entra ID tenants here too, and sign in with a work or school account.",
                Remedy::Change(&MULTIPLE_TENANTS),
            ),
            Cause::one(
                "If the Client ID could be another one",
                Who::Admin,
                "Compare the Client ID with Application (client) ID in the Azure portal.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[50_020, 50_034, 50_014, 51_004, 16_000, 16_003, 90_072],
        title: "This account cannot sign in here",
        what: "Microsoft does not find it in the tenant (the company’s directory at Microsoft) that was asked.",
        causes: &[
            Cause::one(
                "If another account was meant, or it could be typed wrong",
                Who::SignsIn,
                "Sign in again with an account of the tenant. A private window helps where the browser chooses an \
                 account by itself.",
                Remedy::Again,
            ),
            Cause::one(
                "If this account is to be let into the tenant",
                Who::CompanyAdmin,
                "Add it as a guest: in the Microsoft Entra admin center, under Users, choose Invite external user.",
                Remedy::Message,
            ),
            Cause::one(
                "If accounts of other companies are to sign in too",
                Who::Admin,
                "Open the application to them in Azure, under Supported account types, and change Who may sign in \
                 here.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[500_200, 500_207, 500_208],
        title: "This account cannot sign in here: it is of another kind",
        what: "The application, or the service that it uses, does not take accounts of this kind. An example is a \
               personal account where only work or school accounts may sign in.",
        causes: &[
            Cause::one(
                "If another account was meant",
                Who::SignsIn,
                "Sign in again with an account of the kind that is under Who may sign in.",
                Remedy::Again,
            ),
            Cause::one(
                "If accounts of this kind are to sign in too",
                Who::Admin,
                "Open the application to them in Azure, under Supported account types, and change Who may sign in \
                 here.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[700_005, 7_000_012],
        title: "The access belongs to another tenant",
        what: "The access was given by one tenant (a company’s directory at Microsoft) and used at another tenant.",
        causes: &[
            Cause::one(
                "If the account could be of another tenant",
                Who::SignsIn,
                "Sign in again, with an account of the connector’s tenant.",
                Remedy::Again,
            ),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::Admin,
                "Compare the tenant with Directory (tenant) ID in the Azure portal.",
                Remedy::Edit,
            ),
        ],
    },
];
