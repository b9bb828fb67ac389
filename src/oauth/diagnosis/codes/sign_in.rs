//! The sign-in itself: its one-time code, its page at Microsoft, the browser, and the request.

use super::{Cause, Entry, Remedy, Who};

const SEVERAL_TIMES: &str = "If it ends here once more";

pub(super) const TABLE: &[Entry] = &[
    Entry {
        codes: &[54_005],
        title: "The sign-in’s one-time code had been used",
        what: "Microsoft gives the browser a code that works once; this one was used before.",
        causes: &[Cause::only(Who::SignsIn, "Start the sign-in again, in one window.", Remedy::Again)],
    },
    Entry {
        codes: &[70_000],
        title: "Microsoft did not accept what the sign-in came back with",
        what: "Microsoft uses this code for several causes: what it gave was not valid any more or was not meant for \
               this application, or the account must agree to the permissions again.",
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
    Entry {
        codes: &[501_481, 50_148],
        title: "The sign-in’s proof does not fit",
        what: "What the sign-in began with and what it came back with are not of the same one.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Start the sign-in again, in one window.", Remedy::Again),
            Cause::one(SEVERAL_TIMES, Who::Operator, "Report it with the text for support.", Remedy::Again),
        ],
    },
    Entry {
        codes: &[90_014, 900_561, 165_000, 165_004, 50_089, 90_007],
        title: "Microsoft’s page was opened again, or stood open too long",
        what: "A page of Microsoft’s sign-in works once, and for some minutes. The usual cause is the browser’s Back or \
               Reload button, a bookmark, or the same sign-in in two windows.",
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
    Entry {
        codes: &[
            50_058, 16_001, 16_002, 160_021, 50_136, 50_140, 50_143, 50_168, 50_180, 50_192, 50_197, 50_199,
            51_006, 81_004, 81_005, 81_006, 81_007, 81_009, 81_010, 81_011, 81_012,
        ],
        title: "Microsoft could not use what this browser knows of the account",
        what: "The browser or the device offered an account or a ticket that Microsoft could not use, or none. That is \
               often an ordinary part of a sign-in. The connector is as it was.",
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
    Entry {
        codes: &[
            9_002_313, 900_144, 90_004, 90_015, 90_056, 90_100, 90_102, 90_121, 901_002, 50_050, 50_147,
            501_491, 70_003, 70_005, 70_007,
        ],
        title: "Microsoft did not understand the request",
        what: "Something in it was missing or malformed when it reached Microsoft.",
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
                Remedy::Again,
            ),
        ],
    },
];
