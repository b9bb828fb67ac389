//! Outages and limits of Microsoft's, and codes that say no more than that a sign-in failed.

use super::{Cause, CodeEntry, Remedy, Who};

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &[50_196],
        title: "Too many sign-ins in a row",
        what: "Microsoft has seen the same request too often in a short time.",
        causes: &[Cause::only(Who::NoOne, "Wait five minutes, then start the sign-in again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[90_055, 50_088],
        title: "Microsoft has had too many requests",
        what: "A limit of Microsoft’s is reached, for the company or for calls and messages to phones.",
        causes: &[Cause::only(Who::NoOne, "Wait some minutes, then sign in again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[90_006, 90_012, 90_024, 90_033, 90_090, 50_033, 50_087, 70_012],
        title: "Microsoft has a problem at the moment",
        what: "Microsoft says that the problem will pass. The connector was not changed.",
        causes: &[Cause::only(Who::NoOne, "Wait a minute, and sign in again.", Remedy::Again)],
    },
    CodeEntry {
        codes: &[50_000, 50_086, 90_036, 90_091, 90_092],
        title: "Microsoft has a problem that may not be temporary",
        what: "Microsoft’s sign-in service stopped with an error. The connector was not changed.",
        causes: &[
            Cause::one("At first", Who::NoOne, "Wait a minute, and sign in again.", Remedy::Again),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::CompanyAdmin,
                "Open a support request at Microsoft, with the trace ID and the correlation ID below.",
                Remedy::Message,
            ),
        ],
    },
    CodeEntry {
        codes: &[
            50_042, 50_043, 50_138, 50_157, 50_160, 51_000, 51_005, 90_010, 90_022, 90_085, 135_010, 240_003,
            240_004,
        ],
        title: "Microsoft stopped the sign-in, and its error code does not say what to do",
        what: "Microsoft describes this code in a few words, which do not say how to solve the error. The connector \
               was not changed.",
        causes: &[
            Cause::one("At first", Who::SignsIn, "Start the sign-in again.", Remedy::Again),
            Cause::one(
                "If the sign-in fails with this error again",
                Who::CompanyAdmin,
                "Look under Sign-in logs in the Microsoft Entra admin center for the correlation ID below, or open a \
                 support request at Microsoft with it.",
                Remedy::Message,
            ),
        ],
    },
];
