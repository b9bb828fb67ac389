//! The sign-in itself: its one-time code, its page at Microsoft, the browser, and the request.

use super::{Cause, CodeEntry, Remedy, Who};

const SEVERAL_TIMES: &str = "If the sign-in fails with this error again";

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[54_005],
        title: "The sign-in’s one-time code had been used",
        what: "Microsoft gives the browser a code that works once; this code was used before.",
        causes: &[Cause::only(Who::SignsIn, "Start the sign-in again, in one window.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[70_000],
        title: "Microsoft did not accept what the sign-in came back with",
        what: "The code from Microsoft was not valid any more or was not meant for this application, or the account \
               must agree to the permissions again.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Start the sign-in again, in one window.", Remedy::Again),
            Cause::one(
                SEVERAL_TIMES,
                Who::Admin,
                "Compare the Client ID and Who may sign in here with the application in Azure, and API permissions \
                 with View API scope on the connector’s page.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &[501_481, 50_148],
        title: "The answer belongs to another sign-in",
        what: "Microsoft’s answer does not fit the sign-in that began here.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Start again, and use one window only.", Remedy::Again),
            Cause::one(SEVERAL_TIMES, Who::Operator, "Report it with the text for support.", Remedy::Message),
        ],
    },
    CodeEntry {
        codes: &[500_141],
        title: "The invitation was accepted, and the sign-in has to start again",
        what: "The account accepted an invitation to be a guest. That did not begin at this application, so Microsoft \
               did not come back with a sign-in.",
        causes: &[Cause::only(
            Who::SignsIn,
            "Start the sign-in again from the connector’s page.",
            Remedy::Again,
        )],
    },
    CodeEntry {
        codes: &[50_006, 50_027, 50_032, 50_098, 50_099, 50_120, 50_130, 140_000, 140_001, 900_384],
        title: "Microsoft did not accept a proof that came with the sign-in",
        what: "A browser, a device or the company’s own sign-in service can send Microsoft a signed proof (a token). \
               Microsoft could not read one, or did not accept it. This program sends no such proof.",
        causes: &[
            Cause::one(
                "At first",
                Who::SignsIn,
                "Sign in again in a private window, or in another browser.",
                Remedy::Again,
            ),
            Cause::one(
                "If the account signs in at a service of the company’s own",
                Who::CompanyAdmin,
                "Check that service (a federated identity provider), with Microsoft’s code and words below.",
                Remedy::Message,
            ),
            Cause::one(
                SEVERAL_TIMES,
                Who::Operator,
                "Check whether a proxy changes what is sent to Microsoft, and report it with the text for support.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[220_450],
        title: "Microsoft does not support this browser’s version",
        what: "The part of Android that shows web pages in apps (WebView) is of a version that Microsoft does not \
               support.",
        causes: &[Cause::only(
            Who::SignsIn,
            "Update Android System WebView and Chrome, or sign in again in another browser or on another device.",
            Remedy::Again,
        )],
    },
    CodeEntry {
        codes: &[90_027],
        title: "Personal accounts need version 2.0 of Microsoft’s sign-in",
        what: "Microsoft says that the request came to an older version of its sign-in, which does not serve personal \
               accounts.",
        causes: &[Cause::only(
            Who::Operator,
            "Check MAIL360_MICROSOFT_AUTHORIZE_URL and MAIL360_MICROSOFT_TOKEN_URL: their paths must contain \
             /oauth2/v2.0/. Then sign in again.",
            Remedy::Message,
        )],
    },
    CodeEntry {
        codes: &[7_000_110],
        title: "Microsoft cannot tell which application is meant",
        what: "Microsoft found the IDs of several applications in one request, such as a code that was made for \
               another application.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Start the sign-in again, in one window.", Remedy::Again),
            Cause::one(
                SEVERAL_TIMES,
                Who::Operator,
                "Check whether a proxy changes what is sent to Microsoft, and report it with the text for support.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[90_014, 900_561, 165_000, 165_004, 50_089, 90_007],
        title: "Microsoft’s page was opened again, or stood open too long",
        what: "A page of Microsoft’s sign-in works once, and for some minutes. The usual cause is the browser’s Back \
               or Reload button, a bookmark, or the same sign-in in two windows.",
        causes: &[
            Cause::one(
                "At first",
                Who::SignsIn,
                "Start the sign-in again, in one window, and do not use Back or Reload on Microsoft’s pages.",
                Remedy::Again,
            ),
            Cause::one(
                SEVERAL_TIMES,
                Who::SignsIn,
                "Use a private window, and let the browser keep Microsoft’s cookies.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[
            50_058, 16_001, 16_002, 160_021, 50_136, 50_140, 50_143, 50_168, 50_180, 50_192, 50_197, 50_199,
            51_006, 81_004, 81_005, 81_006, 81_007, 81_009, 81_010, 81_011, 81_012,
        ],
        title: "Microsoft could not use what this browser knows of the account",
        what: "The browser or the device offered an account or a ticket that Microsoft could not use, or none. That is \
               often an ordinary part of a sign-in. The connector was not changed.",
        causes: &[
            Cause::one(
                "At first",
                Who::SignsIn,
                "Sign in again, and choose the account yourself.",
                Remedy::Again,
            ),
            Cause::one(
                SEVERAL_TIMES,
                Who::SignsIn,
                "Sign in again in a private window, and let the browser keep Microsoft’s cookies.",
                Remedy::Again,
            ),
        ],
    },
    CodeEntry {
        codes: &[
            9_002_313, 900_144, 90_004, 90_015, 90_056, 90_100, 90_102, 90_121, 901_002, 50_050, 50_147,
            501_491, 50_149, 70_003, 70_005, 70_007, 90_107, 90_117, 165_900, 9_000_411,
        ],
        title: "Microsoft did not understand the request",
        what: "Something in the request was missing or malformed when it reached Microsoft.",
        causes: &[
            Cause::one(
                "If the browser’s Back or Reload button, or a bookmark, was used",
                Who::SignsIn,
                "Start the sign-in again from the connector’s page.",
                Remedy::Again,
            ),
            Cause::one(
                SEVERAL_TIMES,
                Who::Operator,
                "Check whether a proxy changes what is sent to Microsoft, and report it with the text for support.",
                Remedy::Message,
            ),
        ],
    },
];
