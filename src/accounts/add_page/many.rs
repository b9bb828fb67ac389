//! `/accounts/new/many`: makes a link for each email of a list that an administrator uploads or pastes. The answer is a
//! file. The list is read in memory and never stored.

use axum::{
    Extension,
    extract::{Multipart, Query, State},
    response::{IntoResponse, Response},
};
use http::StatusCode;
use leptos::prelude::*;

use super::{
    AddQuery, MANY, Services,
    file::{OnlyInFile, SentBefore, links_file, too_many_words},
    parts::{Choice, LIFE, NoConnector, USUAL_LIFE, chosen_life, life_field, option, return_address_field},
};
use crate::{
    accounts::service::{
        AccountService,
        links::{Batch, ConnectLinks, LineMistake, LinkId, LinkOfMany, NotMade, read_mailboxes},
        return_addresses::ReturnAddresses,
    },
    connectors::service::{Choices, ConnectorId, ConnectorService},
    people::access::{Admin, Member},
    platform::{failure::Failure, page::Page},
    ui::{
        islands::SendOnce,
        widgets::{Back, FieldError, FocusedNotice, Tone},
    },
};

const TITLE: &str = "Add many accounts";
/// Names in the form, and ids: the file with the list, and the pasted list.
const FILE: &str = "file";
const TEXT: &str = "text";

/// The fields with their labels, in the order of the form.
const LABELS: [(&str, &str); 5] = [
    ("connector", "Connector"),
    (FILE, "File with the emails"),
    (TEXT, "Or paste the emails"),
    ("return_address", "Return address"),
    ("life", LIFE),
];

/// The form as sent.
#[derive(Debug, Default)]
struct ManyForm {
    /// The id of the first link.
    form: String,
    connector: String,
    return_address: String,
    life: String,
    file: Vec<u8>,
    text: Vec<u8>,
}

impl ManyForm {
    async fn read(mut parts: Multipart) -> Result<Self, Failure> {
        let mut form = Self::default();
        while let Some(part) = parts.next_field().await.map_err(|_| Failure::BadRequest)? {
            let name = part.name().unwrap_or_default().to_owned();
            let bytes = part.bytes().await.map_err(|_| Failure::BadRequest)?;
            let text = || String::from_utf8_lossy(&bytes).into_owned();
            match name.as_str() {
                "form" => form.form = text(),
                "connector" => form.connector = text(),
                "return_address" => form.return_address = text(),
                "life" => form.life = text(),
                FILE => form.file = bytes.to_vec(),
                TEXT => form.text = bytes.to_vec(),
                _ => {}
            }
        }
        Ok(form)
    }

    /// The list and the name of its field.
    ///
    /// # Errors
    /// The name of a field and what to change, unless there is one list.
    fn list(&self) -> Result<(&'static str, &[u8]), (&'static str, &'static str)> {
        let (file, text) = (self.file.as_slice(), self.text.as_slice());
        match (file.trim_ascii().is_empty(), text.trim_ascii().is_empty()) {
            (true, true) => Err((FILE, "Choose a file, or paste the emails below.")),
            (false, false) => Err((TEXT, "Use the file or this text, not both.")),
            (false, true) => Ok((FILE, file)),
            (true, false) => Ok((TEXT, text)),
        }
    }
}

/// Why a form made no links.
#[derive(Debug, Default)]
struct Problems {
    fields: Vec<(&'static str, String)>,
    /// Mistakes in the list.
    lines: Vec<LineMistake>,
    sent_before: bool,
}

impl Problems {
    fn of(problem: NotMade) -> Self {
        let mut problems = Self::default();
        match problem {
            NotMade::Wrong(errors) => {
                problems.fields =
                    errors.into_iter().map(|(field, words)| (field, words.to_owned())).collect();
            }
            NotMade::TooManyOpen { open, new } => {
                problems.lines.push(LineMistake { line: None, words: too_many_words(open, new) });
            }
            NotMade::NoAccount => problems.add(FILE, "The list has no email."),
            NotMade::SentBefore => problems.sent_before = true,
        }
        problems
    }

    fn add(&mut self, field: &'static str, words: &str) {
        self.fields.push((field, words.to_owned()));
    }

    fn are_none(&self) -> bool {
        self.fields.is_empty() && self.lines.is_empty() && !self.sent_before
    }

    fn of_field(&self, name: &str) -> Option<String> {
        self.fields.iter().find(|(wrong, _)| *wrong == name).map(|(_, words)| words.clone())
    }
}

/// Makes the links of a form.
async fn make_links(
    links: &ConnectLinks,
    admin: &Admin,
    form: &ManyForm,
) -> Result<Result<Vec<LinkOfMany>, Problems>, Failure> {
    let first: LinkId = form.form.parse().map_err(|_| Failure::BadRequest)?;
    let mut problems = Problems::default();
    let connector = form.connector.parse::<ConnectorId>().ok();
    if connector.is_none() {
        problems.add("connector", "Choose a connector.");
    }
    let mut mailboxes = Vec::new();
    match form.list() {
        Err((field, words)) => problems.add(field, words),
        Ok((field, list)) => match read_mailboxes(list) {
            Ok(read) => mailboxes = read,
            Err(mistakes) => {
                problems.lines = mistakes;
                let is_file = field == FILE;
                let again =
                    if is_file { "Correct the file and choose it again." } else { "Correct this text." };
                problems.add(field, again);
            }
        },
    }
    let (Some(connector), true) = (connector, problems.are_none()) else { return Ok(Err(problems)) };
    let return_address = Some(form.return_address.clone());
    let batch = Batch { first, connector, return_address, life: chosen_life(&form.life) };
    Ok(links.make_many(admin, &batch, &mailboxes).await?.map_err(Problems::of))
}

struct ManyView {
    choices: Choices,
    /// The return addresses of the organisation.
    addresses: Vec<String>,
    /// The id of the first link that the form makes.
    form: LinkId,
    typed: ManyForm,
    problems: Problems,
}

impl ManyView {
    /// The form with these values.
    async fn of(
        services: &Services,
        admin: &Admin,
        mut typed: ManyForm,
        problems: Problems,
    ) -> Result<Self, Failure> {
        let mut choices = services.connectors.choices(&admin.caller(), true).await?;
        if let Ok(id) = typed.connector.parse::<ConnectorId>() {
            services.offer(admin, &mut choices.connectors, id).await?;
        } else if let [only] = choices.connectors.as_slice() {
            typed.connector = only.id.to_string();
        }
        let addresses = services.return_addresses.addresses(admin.organisation()).await?;
        Ok(Self { choices, addresses, form: services.links.new_id(), typed, problems })
    }

    fn page(self) -> Page {
        let (title, status) = match &self.problems {
            problems if problems.are_none() => (TITLE.to_owned(), StatusCode::OK),
            Problems { sent_before: true, .. } => (format!("Error: {TITLE}"), StatusCode::CONFLICT),
            _ => (format!("Error: {TITLE}"), StatusCode::UNPROCESSABLE_ENTITY),
        };
        Page::new(title, move || view! { <ManyPage model=self /> }.into_any()).with_status(status)
    }
}

/// `GET /accounts/new/many?connector={id}`.
pub async fn show(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    Query(AddQuery { connector }): Query<AddQuery>,
) -> Result<Page, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    let typed = ManyForm { connector, life: USUAL_LIFE.to_owned(), ..ManyForm::default() };
    Ok(ManyView::of(&services, &member.admin()?, typed, Problems::default()).await?.page())
}

/// `POST /accounts/new/many`.
pub async fn make(
    State(accounts): State<AccountService>,
    State(connectors): State<ConnectorService>,
    State(links): State<ConnectLinks>,
    State(return_addresses): State<ReturnAddresses>,
    Extension(member): Extension<Member>,
    parts: Multipart,
) -> Result<Response, Failure> {
    let services = Services { accounts, connectors, links, return_addresses };
    let admin = member.admin()?;
    let form = ManyForm::read(parts).await?;
    match make_links(&services.links, &admin, &form).await? {
        Ok(made) => links_file(&made),
        Err(problems) => Ok(ManyView::of(&services, &admin, form, problems).await?.page().into_response()),
    }
}

#[component]
fn ManyPage(model: ManyView) -> impl IntoView {
    let problems = problems_notice(&model.problems);
    let content = if model.choices.connectors.is_empty() {
        view! { <NoConnector /> }.into_any()
    } else {
        view! { <ManyCard model=model /> }.into_any()
    };
    view! {
        <div class="head">
            <div>
                <Back to="/accounts/new" what="Add account" />
                <h1>{TITLE}</h1>
                <p class="soft">
                    "You give a list of emails, and get a file with one link for each. Send each person their own link."
                </p>
            </div>
        </div>
        {problems}
        {content}
    }
}

/// What is wrong: the fields, and every line of the list that needs a change.
fn problems_notice(problems: &Problems) -> Option<AnyView> {
    if problems.are_none() {
        return None;
    }
    if problems.sent_before {
        return Some(view! { <SentBefore /> }.into_any());
    }
    let fields = LABELS
        .into_iter()
        .filter(|(name, _)| problems.of_field(name).is_some())
        .map(|(name, label)| view! { <li><a href=format!("#{name}")>{label}</a></li> })
        .collect_view();
    let lines = problems
        .lines
        .iter()
        .map(|LineMistake { line, words }| {
            let words = match line {
                Some(line) => format!("Line {line}: {words}"),
                None => words.clone(),
            };
            view! { <li><bdi>{words}</bdi></li> }
        })
        .collect_view();
    let notice = view! {
        <FocusedNotice tone=Tone::Bad title="No link was made">
            <ul>{fields} {lines}</ul>
        </FocusedNotice>
    };
    Some(notice.into_any())
}

#[component]
fn ManyCard(model: ManyView) -> impl IntoView {
    let ManyView { choices, addresses, form, typed, problems } = model;
    let chosen = typed.connector.clone();
    let none = chosen.is_empty().then(|| option(String::new(), "Choose a connector".to_owned(), ""));
    let options = choices
        .connectors
        .iter()
        .map(|choice| option(choice.id.to_string(), choice.service_name.clone(), &chosen))
        .collect_view();
    let return_address =
        return_address_field(&addresses, &typed.return_address, problems.of_field("return_address"));
    let life = life_field(&typed.life, problems.of_field("life"));
    let error = problems.of_field("connector");
    view! {
        <OnlyInFile>
            <p>"Each link works once, and only for the mailbox of its email."</p>
        </OnlyInFile>
        <SendOnce><form class="card low alone" method="post" action=MANY enctype="multipart/form-data">
            <input type="hidden" name="form" value=form.to_string() />
            <div class="fields">
                <Choice name="connector" label="Connector" help="Only verified connectors are listed." error=error>
                    {none}
                    {options}
                </Choice>
                <ListFields
                    text=typed.text
                    file_error=problems.of_field(FILE)
                    text_error=problems.of_field(TEXT)
                />
                {return_address}
                {life}
            </div>
            <div class="row"><button class="button primary">"Make the links and download them"</button></div>
            <p class="soft note">
                "We do not keep your list. This page stays open after the download. "
                <a href=MANY>"Open it again for another list"</a>
            </p>
        </form></SendOnce>
    }
}

/// The two ways to give the list.
#[component]
fn ListFields(text: Vec<u8>, file_error: Option<String>, text_error: Option<String>) -> impl IntoView {
    let [file_wrong, text_wrong] =
        [file_error.is_some(), text_error.is_some()].map(|is_wrong| is_wrong.then_some("true"));
    // Leptos does not escape the content of a `textarea`: `</textarea><script>` would end it (cross-site scripting).
    let text = html_escape::encode_text(&String::from_utf8_lossy(&text)).into_owned();
    view! {
        <div class="field">
            <label for=FILE>"File with the emails"</label>
            <p class="help" id="file-help">
                "A CSV file in UTF-8 with at most 1,000 rows: an email, and if you like a name and the reference of your \
                 own software. Commas, semicolons or tabs separate them. The first line may name the columns: email, \
                 name, reference."
            </p>
            <input
                class="input"
                id=FILE
                name=FILE
                type="file"
                accept=".csv,.txt,text/csv,text/plain"
                aria-describedby="file-help file-error"
                aria-invalid=file_wrong
            />
            <FieldError id={"file-error".to_owned()} error=file_error />
        </div>
        <div class="field">
            <label for=TEXT>"Or paste the emails"</label>
            <p class="help" id="text-help">"One email a line, or lines like those of a file."</p>
            <textarea
                class="input mono"
                id=TEXT
                name=TEXT
                rows="8"
                spellcheck="false"
                autocapitalize="none"
                autocomplete="off"
                aria-describedby="text-help text-error"
                aria-invalid=text_wrong
            >
                {text}
            </textarea>
            <FieldError id={"text-error".to_owned()} error=text_error />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_one_list() {
        let form = |file: &[u8], text: &[u8]| ManyForm {
            file: file.to_vec(),
            text: text.to_vec(),
            ..ManyForm::default()
        };
        assert_eq!(form(b"a@b.test", b"\r\n").list(), Ok((FILE, &b"a@b.test"[..])));
        assert_eq!(form(b"", b"a@b.test").list(), Ok((TEXT, &b"a@b.test"[..])));
        assert_eq!(form(b"", b"").list().expect_err("none").0, FILE);
        assert_eq!(form(b"a@b.test", b"c@d.test").list().expect_err("two").0, TEXT);
    }
}
