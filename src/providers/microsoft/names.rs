//! The names that sentences about Microsoft use.

use crate::providers::Names;

pub static NAMES: Names = Names {
    service: "Outlook",
    mailboxes: "Microsoft 365 and Outlook.com",
    image: "/outlook.svg",
    provider: "Microsoft",
    console: "Azure",
    application: "Azure application",
    administrator: "Microsoft 365 administrator",
    redirect_uris: "Authentication, on the platform Web",
    redirect_uri_misplaced: "stand on another platform than Web",
    directory: "Tenant",
    permissions_page: "API permissions",
    approve_button: "Grant admin consent",
    choice: "",
    error_line: "its line with AADSTS and a number",
    error_place: "Look on Microsoft’s page for “AADSTS” with a number, perhaps behind “Troubleshooting details” or \
                  “More details”, and paste that line. Some pages show no such number.",
};
