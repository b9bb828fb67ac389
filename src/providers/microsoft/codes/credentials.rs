//! The client secret, and the kind of client as which the application is registered.

use super::{Cause, CodeEntry, Remedy, Who, just_made};

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[7_000_215, 70_002, 50_012],
        title: "Microsoft does not accept the client secret",
        what: "The stored secret is wrong. Usually the Secret ID was copied instead of the Value, or the secret is \
               from another application.",
        causes: &[
            Cause::one(
                "If the secret could be the wrong text",
                Who::Admin,
                "Under Certificates & secrets make a new client secret, copy it from the Value column, not Secret ID, \
                 and replace the client secret here.",
                Remedy::Secret,
            ),
            just_made("If you made the secret within the last few minutes", Remedy::TryCredentials),
            Cause::one(
                "If the secret could belong to another application",
                Who::Admin,
                "Compare Application (client) ID, on the application’s Overview page, with the Client ID here.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[7_000_222],
        title: "The client secret has expired",
        what: "The stored secret is past its last day. Microsoft does not accept it any more.",
        causes: &[Cause::only(
            Who::Admin,
            "Under Certificates & secrets make a new client secret, copy it from the Value column, and replace the \
             client secret here.",
            Remedy::Secret,
        )],
    },
    CodeEntry {
        codes: &[700_025],
        title: "The application is registered as a public client",
        what: "Microsoft takes it for an app on phones or computers, which has no client secret, and so refuses ours.",
        causes: &[Cause::only(
            Who::Admin,
            "In the Azure portal, under Authentication, add the Redirect URI on the platform Web, remove it from \
             every other platform (Single-page application, Mobile and desktop applications), and set Allow public \
             client flows to No.",
            Remedy::RedirectUri,
        )],
    },
    CodeEntry {
        codes: &[90_023],
        title: "The application may be registered as a public client",
        what: "Microsoft uses this code for several flaws of a request. Its usual one is that a public client (an app \
               on phones or computers) must not send a client secret.",
        causes: &[
            Cause::one(
                "If Microsoft’s words name public clients",
                Who::Admin,
                "In the Azure portal, under Authentication, add the Redirect URI on the platform Web, remove it from \
                 every other platform, and set Allow public client flows to No.",
                Remedy::RedirectUri,
            ),
            Cause::one(
                "If they name something else",
                Who::Operator,
                "Start the sign-in again. If the sign-in fails with this error again, report it with the text for \
                 support.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[7_000_218, 7_000_216],
        title: "No client secret reached Microsoft: perhaps the application is registered as a public client",
        what: "This program always sends the client secret. Microsoft did not find the secret in the request.",
        causes: &[
            Cause::one(
                "If the Redirect URI is not on the platform Web in Azure",
                Who::Admin,
                "In the Azure portal, under Authentication, add the Redirect URI on the platform Web, remove it from \
                 every other platform, and set Allow public client flows to No.",
                Remedy::RedirectUri,
            ),
            Cause::one(
                "If it is there",
                Who::Operator,
                "Check whether a proxy between this program and Microsoft changes or shortens what is sent.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[9_002_327],
        title: "The Redirect URI is on the wrong platform in Azure",
        what: "The Redirect URI is registered under Single-page application, for apps that run in a browser and have \
               no client secret. This program needs the platform Web.",
        causes: &[Cause::only(
            Who::Admin,
            "In the Azure portal, under Authentication, remove the Redirect URI from Single-page application, and add \
             it on the platform Web.",
            Remedy::RedirectUri,
        )],
    },
    CodeEntry {
        codes: &[9_002_326],
        title: "Microsoft treated the request as one of a browser",
        what: "The request carried an Origin header, which only a browser sends. This program sends none.",
        causes: &[Cause::only(
            Who::Operator,
            "Check whether a proxy between this program and Microsoft adds an Origin header. Then start the sign-in \
             again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[700_027, 700_030],
        title: "Microsoft did not accept a certificate",
        what: "The error is about an application that proves itself by a certificate. This program sends a client \
               secret and no certificate.",
        causes: &[
            Cause::one(
                "If the error is of another program",
                Who::Admin,
                "Compare the application that Microsoft names with the Client ID here.",
                Remedy::Edit,
            ),
            Cause::one(
                "If it is of this connector",
                Who::Operator,
                "Start the sign-in again. If the sign-in fails with this error again, report it with the text for \
                 support.",
                Remedy::Message,
            ),
        ],
    },
];
