//! Requests that Google's page refuses before anybody signs in.

use super::{Cause, CodeEntry, Remedy, Who, just_made};
use crate::providers::google::places::CLIENTS;

pub(super) const TABLE: &[CodeEntry] = &[
    CodeEntry {
        codes: &["redirect_uri_mismatch"],
        phrases: &[
            "does not match the ones authorized for the oauth client",
            "register the redirect uri in the google cloud console",
        ],
        title: "The Redirect URI is not the one at Google",
        what: "The Redirect URI that this program sends is not in the list Authorized redirect URIs of the client. Google \
               compares every character: http or https, capital letters, the port, and a slash at the end.",
        causes: &[
            Cause::one(
                "If it is missing or differs",
                Who::Admin,
                "In Google Cloud console open Clients, and open the client. Under Authorized redirect URIs, not under \
                 Authorized JavaScript origins, choose Add URI, paste the Redirect URI, and choose Save.",
                Remedy::RedirectUri,
            ),
            just_made("If you added it within the last few hours", Remedy::Again),
            Cause::one(
                "If the client has no list Authorized redirect URIs",
                Who::Admin,
                "The client is of another type than Web application, such as Desktop app, and its type cannot be \
                 changed. Under Clients choose Create client and the type Web application. Enter the new Client ID and \
                 the new client secret here.",
                Remedy::Edit,
            ),
        ],
    },
    CodeEntry {
        codes: &["oauth_policy"],
        phrases: &[
            "comply with google's oauth 2.0 policy for keeping apps secure",
            "comply with one or more google validation rules",
            "device_id and device_name are required for private ip",
        ],
        title: "The request breaks Google’s rules for applications",
        what: "Google refuses the Redirect URI or another part of the request, whatever is registered. Google accepts \
               only https with a public name; http only for localhost.",
        causes: &[
            Cause::one(
                "If the Redirect URI begins with http, or has an IP address or a name of a local network",
                Who::Operator,
                "Set MAIL360_PUBLIC_URL to an https address with a public name, such as https://mail.example.com. Then \
                 register the new Redirect URI in Google Cloud console.",
                Remedy::Message,
            ),
            Cause::one(
                "If the client is of another type than Web application",
                Who::Admin,
                "Under Clients choose Create client and the type Web application. Enter the new Client ID and the new \
                 client secret here.",
                Remedy::Open(CLIENTS),
            ),
        ],
    },
    CodeEntry {
        codes: &["request_is_invalid"],
        phrases: &["request is invalid", "sent an invalid request"],
        title: "Google calls the request of the application invalid",
        what: "Google’s page has this heading for several mistakes in the settings. Behind “error details” it names the \
               mistake.",
        causes: &[
            Cause::one(
                "If you have not compared the Redirect URI yet",
                Who::Admin,
                "In Google Cloud console open Clients, and open the client. The Redirect URI must be under Authorized \
                 redirect URIs, character by character.",
                Remedy::RedirectUri,
            ),
            Cause::one(
                "If it is the same one",
                Who::Admin,
                "On Google’s page choose “error details”, and paste the line that begins with Error. Until then open \
                 Clients, and compare the type of the client, which must be Web application.",
                Remedy::Open(CLIENTS),
            ),
        ],
    },
    CodeEntry {
        codes: &["disallowed_useragent"],
        phrases: &[
            "google's secure browsers policy",
            "\"use secure browsers\" policy",
            "disallowed user agent",
        ],
        title: "Google does not let people sign in inside another app",
        what: "The link was opened in a window of another app, such as a chat or mail program. Google accepts only usual \
               browsers.",
        causes: &[Cause::only(
            Who::SignsIn,
            "Copy the link, and open it in your usual browser, such as Chrome, Edge, Firefox or Safari.",
            Remedy::Again,
        )],
    },
];
