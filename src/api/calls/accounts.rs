//! Calls about accounts and connectors.

use http::Method;

use super::{
    Answer, Call, Credential,
    shared::{ACCOUNT_KEY, CURSOR},
};
use crate::{
    accounts::service::links::MAX_STATE,
    api::parameters::{Kind, MAX_TEXT, Parameter},
    people::access::Scope,
};

const GROUP: &str = "Accounts";
const NO_PASSWORDS: &str = "Accounts are connected by a sign-in at the provider, so there are no passwords.";

const HINT_EMAIL: Parameter = Parameter::body(
    "hintEmail",
    Kind::Text { max: 320 },
    "The email of the mailbox. Only this mailbox is connected.",
)
.required();
const HINT_EMAIL_OF_ACCOUNT: Parameter = Parameter::body(
    "hintEmail",
    Kind::Text { max: 320 },
    "The email of the account, as the call that gets it answers. Another one is INVALID_VALUE.",
)
.required();
const DISPLAY_NAME: Parameter =
    Parameter::body("displayName", Kind::Text { max: 100 }, "The name of the account in the console.");
const MAIL_PROVIDER: Parameter = Parameter::body(
    "mailProvider",
    Kind::Text { max: 100 },
    "The Service Name of the connector. Upper and lower case are alike: no two names differ in them alone.",
)
.required();
const R_URL: Parameter = Parameter::body(
    "rUrl",
    Kind::Text { max: 2_048 },
    "Where the person goes after the sign-in: an address of the list under Settings > Return addresses.",
)
.required();
const STATE: Parameter = Parameter::body(
    "state",
    Kind::Text { max: MAX_STATE },
    "Comes back to rUrl with the answer. At most 512 bytes in UTF-8.",
);
const GMAIL_TYPE_SYNC: Parameter =
    Parameter::body("gmailTypeSync", Kind::Boolean, "This program keeps no copy of a mailbox.").ignored();
const SYNC_FROM_DATE: Parameter =
    Parameter::body("syncFromDate", Kind::Text { max: MAX_TEXT }, "This program keeps no copy of a mailbox.")
        .ignored();
const SAVE_SENT_COPY: Parameter = Parameter::body(
    "saveSentCopy",
    Kind::Integer { min: 0, max: 1 },
    "The provider keeps a copy of all sent mail.",
)
.only(&["1"]);

const BY_OAUTH: &str = "The answer has an address of this program, which works once and for 30 minutes. Send the person's \
                        browser there, also by a redirect. After the sign-in the browser goes on to rUrl.";

pub static LIST_ACCOUNTS: Call = Call {
    id: "listAccounts",
    method: Method::GET,
    path: "/api/accounts",
    credential: Credential::Client(Scope::AccountsRead),
    group: GROUP,
    summary: "List the accounts that the client reaches",
    about: "In the order of their emails.",
    parameters: &[
        Parameter::query("limit", Kind::Integer { min: 1, max: 500 }, "The number of accounts of a page.")
            .or("200"),
        CURSOR,
    ],
    answer: Answer::Pages("Account"),
};

pub static GET_ACCOUNT: Call = Call {
    id: "getAccount",
    method: Method::GET,
    path: "/api/accounts/{account_key}",
    credential: Credential::Client(Scope::AccountsRead),
    group: GROUP,
    summary: "Get an account",
    about: "",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::One("Account"),
};

pub static ADD_ACCOUNT: Call = Call {
    id: "addAccount",
    method: Method::POST,
    path: "/api/accounts",
    credential: Credential::Client(Scope::AccountsCreate),
    group: GROUP,
    summary: "Refused: add an account with a password",
    about: "Always NOT_SUPPORTED. Use POST /api/accounts/oauth.",
    parameters: &[],
    answer: Answer::Done,
};

pub static ADD_ACCOUNT_BY_OAUTH: Call = Call {
    id: "addAccountByOAuth",
    method: Method::POST,
    path: "/api/accounts/oauth",
    credential: Credential::Client(Scope::AccountsCreate),
    group: GROUP,
    summary: "Make a link with which a person connects their mailbox",
    about: BY_OAUTH,
    parameters: &[
        HINT_EMAIL,
        DISPLAY_NAME,
        MAIL_PROVIDER,
        R_URL,
        STATE,
        GMAIL_TYPE_SYNC,
        SYNC_FROM_DATE,
        SAVE_SENT_COPY,
    ],
    answer: Answer::One("ConnectLink"),
};

pub static UPDATE_ACCOUNT_BY_OAUTH: Call = Call {
    id: "updateAccountByOAuth",
    method: Method::PUT,
    path: "/api/accounts/{account_key}/oauth",
    credential: Credential::Client(Scope::AccountsUpdate),
    group: GROUP,
    summary: "Make a link with which the owner of an account signs in again",
    about: BY_OAUTH,
    parameters: &[
        ACCOUNT_KEY,
        HINT_EMAIL_OF_ACCOUNT,
        DISPLAY_NAME,
        MAIL_PROVIDER,
        R_URL,
        STATE,
        GMAIL_TYPE_SYNC,
        SYNC_FROM_DATE,
        SAVE_SENT_COPY,
    ],
    answer: Answer::One("ConnectLink"),
};

pub static CHANGE_ACCOUNT: Call = Call {
    id: "changeAccount",
    method: Method::PUT,
    path: "/api/accounts/{account_key}",
    credential: Credential::Client(Scope::AccountsUpdate),
    group: GROUP,
    summary: "Enable or disable an account",
    about: "A disabled account keeps its access at the provider. Its calls answer ACCOUNT_PAUSED.",
    parameters: &[
        ACCOUNT_KEY,
        Parameter::body(
            "mode",
            Kind::OneOf(&["enableAccount", "disableAccount", "updatePassword"]),
            NO_PASSWORDS,
        )
        .only(&["enableAccount", "disableAccount"])
        .required(),
        Parameter::body("newPassword", Kind::Text { max: MAX_TEXT }, NO_PASSWORDS).only(&[]),
    ],
    answer: Answer::Done,
};

pub static DELETE_ACCOUNT: Call = Call {
    id: "deleteAccount",
    method: Method::DELETE,
    path: "/api/accounts/{account_key}",
    credential: Credential::Client(Scope::AccountsDelete),
    group: GROUP,
    summary: "Delete an account and the access to its mailbox",
    about: "The mailbox itself is not changed.",
    parameters: &[ACCOUNT_KEY],
    answer: Answer::Done,
};

pub static CONFIRM_ACCOUNT: Call = Call {
    id: "confirmAccount",
    method: Method::POST,
    path: "/api/accounts/confirm",
    credential: Credential::None,
    group: GROUP,
    summary: "Confirm a mailbox that waits for it",
    about: "For return addresses that ask for a confirmation. Both values come with the signed answer at rUrl. The code is \
            the credential. The body has at most 2 KiB.",
    parameters: &[
        Parameter::body("link", Kind::Text { max: 64 }, "The id of the link.").required(),
        Parameter::body("confirm", Kind::Text { max: 64 }, "The code.").required(),
    ],
    answer: Answer::One("Confirmed"),
};

pub static GET_CONNECTOR: Call = Call {
    id: "getConnector",
    method: Method::GET,
    path: "/api/connectors/{name}",
    credential: Credential::Client(Scope::AccountsRead),
    group: GROUP,
    summary: "Get a connector by its Service Name",
    about: "",
    parameters: &[Parameter::path("name", "The Service Name.")],
    answer: Answer::One("Connector"),
};
