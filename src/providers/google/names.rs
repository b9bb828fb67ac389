//! The names that sentences about Google use.

use crate::providers::Names;

pub static NAMES: Names = Names {
    service: "Gmail",
    mailboxes: "Gmail and Google Workspace",
    image: "/gmail.svg",
    provider: "Google",
    console: "Google Cloud console",
    application: "Google Cloud application",
    administrator: "Google Workspace administrator",
    redirect_uris: "Clients, under Authorized redirect URIs",
    redirect_uri_misplaced: "stand under Authorized JavaScript origins",
    directory: "Domain",
    permissions_page: "Data Access",
    approve_button: "Trusted",
    choice: "On Google’s page users can leave the box of each permission empty. Sign in again, and tick all boxes.",
    error_line: "its line that begins with Error",
    error_place: "Look on Google’s page for “Error 400:” or another number with a word behind it, such as \
                  redirect_uri_mismatch, perhaps behind “error details”, and paste that line. Some pages show no \
                  such line.",
};
