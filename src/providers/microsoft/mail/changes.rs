//! Changes of messages that leave their content as it is: whether they are read, flags, categories, folders, deletion.
//! Each step is one request for each message, which are sent in batches.

use serde_json::{Value, json};

use super::{
    address::{Query, segment},
    batch::{self, Part},
    folders, labels,
    read::{owned, text},
    request::{Graph, MAIL_WRITE},
    threads,
    walk::FEW,
};
use crate::providers::mailbox::{
    Changed, FolderKind, MailError, MailProblem, Message, MessageChange, SystemFolders,
};

/// Graph's name of the trash in every language.
const TRASH: &str = "deleteditems";
const NO_FOLDER: &str = "destfolderId: The mailbox has no folder with this id.";
const NO_LABEL: &str = "labelId: No label can have one of these ids.";

/// A message that has no result yet.
#[derive(Clone)]
struct Open {
    /// Its position in the results.
    at: usize,
    /// The path of its address.
    path: String,
}

impl Open {
    /// Reads these properties.
    fn read(&self, select: &str) -> Part {
        Part::get(Query::default().with("$select", select).on(&self.path))
    }
}

/// The results of a change so far.
struct Work(Vec<Changed>);

impl Work {
    /// All messages as changed, and those for which requests are to be sent. A text that cannot be an id is the id of no
    /// message.
    fn of(messages: &[String]) -> (Self, Vec<Open>) {
        let (mut results, mut open) = (Vec::new(), Vec::new());
        for (at, id) in messages.iter().enumerate() {
            let segment = segment(id);
            if let Ok(segment) = &segment {
                open.push(Open { at, path: format!("/me/messages/{segment}") });
            }
            results.push(Changed { id: id.clone(), error: segment.err() });
        }
        (Self(results), open)
    }

    fn fail(&mut self, open: &Open, error: MailError) {
        if let Some(result) = self.0.get_mut(open.at) {
            result.error = Some(as_conflict(error));
        }
    }

    /// Notes the errors among the answers, which are those of these messages.
    fn note(&mut self, open: &[Open], answers: Vec<Result<Value, MailError>>) {
        for (open, answer) in open.iter().zip(answers) {
            if let Err(error) = answer {
                self.fail(open, error);
            }
        }
    }

    fn has_failed(&self, open: &Open) -> bool {
        self.0.get(open.at).is_none_or(|result| result.error.is_some())
    }

    /// The results. An error that every message has met for a reason of the mailbox is the error of the call.
    fn finish(self) -> Result<Vec<Changed>, MailError> {
        let first = self.0.first().and_then(|result| result.error.as_ref());
        let is_of_all = self.0.iter().all(|result| result.error.as_ref().is_some_and(is_of_mailbox));
        match first {
            Some(error) if is_of_all => Err(error.clone()),
            _ => Ok(self.0),
        }
    }
}

/// Whether an error says nothing about a single message.
fn is_of_mailbox(error: &MailError) -> bool {
    matches!(
        error.problem,
        MailProblem::TokenRefused
            | MailProblem::NeedsSignIn
            | MailProblem::NoMailbox
            | MailProblem::PermissionNotGranted(_)
            | MailProblem::Throttled { .. }
            | MailProblem::NotSent
            | MailProblem::Unavailable
            | MailProblem::UnavailableFor(_)
            | MailProblem::Slow
            | MailProblem::Garbled
    )
}

/// Changes messages.
pub(super) async fn change(
    graph: &Graph<'_>,
    messages: &[String],
    change: &MessageChange,
) -> Result<Vec<Changed>, MailError> {
    let (mut work, open) = Work::of(messages);
    match change {
        MessageChange::Read(is_read) => {
            patch(graph, &mut work, &open, &json!({ "isRead": is_read })).await;
        }
        MessageChange::Flagged(is_flagged) => {
            let status = if *is_flagged { "flagged" } else { "notFlagged" };
            patch(graph, &mut work, &open, &json!({ "flag": { "flagStatus": status } })).await;
        }
        MessageChange::RemoveAllLabels => {
            patch(graph, &mut work, &open, &json!({ "categories": [] })).await;
        }
        MessageChange::AddLabels(ids) => {
            categorise(graph, &mut work, &open, &Categories::Added(names_of(ids)?)).await;
        }
        MessageChange::RemoveLabels(ids) => {
            categorise(graph, &mut work, &open, &Categories::Removed(names_of(ids)?)).await;
        }
        MessageChange::Move(folder) => move_to_folder(graph, &mut work, &open, folder).await?,
        MessageChange::Trash => move_to_trash(graph, &mut work, &open).await,
        MessageChange::Expunge => expunge(graph, &mut work, &open).await,
    }
    work.finish()
}

async fn patch(graph: &Graph<'_>, work: &mut Work, open: &[Open], body: &Value) {
    let parts: Vec<Part> = open.iter().map(|open| Part::patch(open.path.clone(), body.clone())).collect();
    work.note(open, batch::send(graph, MAIL_WRITE, &parts).await);
}

/// The names of labels, each once.
fn names_of(ids: &[String]) -> Result<Vec<String>, MailError> {
    let mut names = Vec::with_capacity(ids.len());
    for id in ids {
        let name = labels::name_of(id).map_err(|_| MailError::from(MailProblem::InvalidValue(NO_LABEL)))?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

/// A change of the categories of messages, by their names.
enum Categories {
    Added(Vec<String>),
    Removed(Vec<String>),
}

impl Categories {
    /// The categories after the change; `None` if it changes nothing.
    fn after<'c>(&'c self, before: &[&'c str]) -> Option<Vec<&'c str>> {
        let after: Vec<&str> = match self {
            Self::Added(names) => {
                let new = names.iter().map(String::as_str).filter(|name| !before.contains(name));
                before.iter().copied().chain(new).collect()
            }
            Self::Removed(names) => {
                before.iter().copied().filter(|before| !names.iter().any(|name| name == before)).collect()
            }
        };
        (after != before).then_some(after)
    }
}

/// Changes the categories of messages. Graph replaces the whole list of a message, so it is read first. The version that
/// was read makes sure that no change of another program in between is lost.
async fn categorise(graph: &Graph<'_>, work: &mut Work, open: &[Open], change: &Categories) {
    let parts: Vec<Part> = open.iter().map(|open| open.read("id,categories")).collect();
    let answers = batch::send(graph, MAIL_WRITE, &parts).await;
    let (mut writing, mut writes) = (Vec::new(), Vec::new());
    for (open, answer) in open.iter().zip(answers) {
        let message = match answer {
            Ok(message) => message,
            Err(error) => {
                work.fail(open, error);
                continue;
            }
        };
        // Without the list all categories would be lost.
        let Some(before) = message.get("categories").and_then(Value::as_array) else {
            work.fail(open, MailProblem::Garbled.into());
            continue;
        };
        let before: Vec<&str> = before.iter().filter_map(Value::as_str).collect();
        if let Some(after) = change.after(&before) {
            let write = Part::patch(open.path.clone(), json!({ "categories": after }));
            writes.push(write.of_version(owned(&message, "@odata.etag")));
            writing.push(open.clone());
        }
    }
    let written = batch::send(graph, MAIL_WRITE, &writes).await;
    work.note(&writing, written);
}

/// Another version of the message than Graph or this program has just read means that another program was changing it.
fn as_conflict(error: MailError) -> MailError {
    match error.problem {
        MailProblem::EtagMismatch => MailError { problem: MailProblem::Conflict, ..error },
        _ => error,
    }
}

/// Asks for the move of messages to a folder, which is an id or one of Graph's names.
async fn ask_to_move(graph: &Graph<'_>, open: &[Open], folder: &str) -> Vec<Result<Value, MailError>> {
    let body = json!({ "destinationId": folder });
    let part = |open: &Open| Part::post(format!("{}/move", open.path), Some(body.clone()));
    let parts: Vec<Part> = open.iter().map(part).collect();
    batch::send(graph, MAIL_WRITE, &parts).await
}

/// Whether Graph has refused the move of at least one message for a reason that the error does not tell.
fn is_unexplained(answer: &Result<Value, MailError>) -> bool {
    answer.as_ref().is_err_and(|error| error.problem == MailProblem::Refused)
}

/// Moves messages to a folder that the caller has named.
///
/// # Errors
/// [`MailProblem::InvalidValue`] if the mailbox does not have the folder. Graph says of each message that it is not found.
async fn move_to_folder(
    graph: &Graph<'_>,
    work: &mut Work,
    open: &[Open],
    folder: &str,
) -> Result<(), MailError> {
    let no_folder = || MailError::from(MailProblem::InvalidValue(NO_FOLDER));
    let segment = segment(folder).map_err(|_| no_folder())?;
    let mut answers = ask_to_move(graph, open, folder).await;
    let is_missing = |answer: &Result<Value, MailError>| {
        answer.as_ref().is_err_and(|error| error.problem == MailProblem::NotFound)
    };
    let may_have_no_folder = !answers.iter().any(Result::is_ok)
        && answers.iter().any(|answer| is_missing(answer) || is_unexplained(answer));
    if may_have_no_folder {
        let path = Query::default().with("$select", "id").on(&format!("/me/mailFolders/{segment}"));
        match graph.get(MAIL_WRITE, &path).await {
            Err(error) if error.problem == MailProblem::NotFound => return Err(no_folder()),
            _ => {}
        }
    }
    forgive_those_there(graph, open, &mut answers, folder).await;
    work.note(open, answers);
    Ok(())
}

async fn move_to_trash(graph: &Graph<'_>, work: &mut Work, open: &[Open]) {
    let mut answers = ask_to_move(graph, open, TRASH).await;
    if answers.iter().any(is_unexplained) {
        let system = folders::system(graph).await.unwrap_or_default();
        if let Some(trash) = system.id_of(FolderKind::Trash) {
            forgive_those_there(graph, open, &mut answers, trash).await;
        }
    }
    work.note(open, answers);
}

/// Makes the refused move of a message a success if the message is in the folder. Microsoft does not say what Graph answers
/// to a move from a folder to itself.
async fn forgive_those_there(
    graph: &Graph<'_>,
    open: &[Open],
    answers: &mut [Result<Value, MailError>],
    folder: &str,
) {
    let refused: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| is_unexplained(answer)).map(|(at, _)| at).collect();
    let asked = refused.iter().filter_map(|at| open.get(*at));
    let parts: Vec<Part> = asked.map(|open| open.read("id,parentFolderId")).collect();
    let found = batch::send(graph, MAIL_WRITE, &parts).await;
    for (at, found) in refused.into_iter().zip(found) {
        let is_there = found.is_ok_and(|message| text(&message, "parentFolderId") == Some(folder));
        if is_there && let Some(answer) = answers.get_mut(at) {
            *answer = Ok(Value::Null);
        }
    }
}

/// Deletes messages for good.
async fn expunge(graph: &Graph<'_>, work: &mut Work, open: &[Open]) {
    let part = |open: &Open| Part::post(format!("{}/permanentDelete", open.path), None);
    let parts: Vec<Part> = open.iter().map(part).collect();
    let mut left = Vec::new();
    for (open, answer) in open.iter().zip(batch::send(graph, MAIL_WRITE, &parts).await) {
        match answer {
            Ok(_) => {}
            Err(error) if is_unknown_call(&error) => left.push(open.clone()),
            Err(error) => work.fail(open, error),
        }
    }
    if !left.is_empty() {
        expunge_from_trash(graph, work, left).await;
    }
}

/// Whether the cloud lacks the call (Microsoft Graph, permanentDelete: only the global cloud has it). The codes of Exchange,
/// which knows the message, begin with `Error`.
fn is_unknown_call(error: &MailError) -> bool {
    let code = error.provider.as_ref().and_then(|answer| answer.code.as_deref()).unwrap_or_default();
    match error.problem {
        MailProblem::Refused => true,
        MailProblem::NotFound => !code.starts_with("Error"),
        _ => false,
    }
}

/// Deletes messages for good where the cloud has no call for it: what is deleted in the trash is gone.
async fn expunge_from_trash(graph: &Graph<'_>, work: &mut Work, mut left: Vec<Open>) {
    move_to_trash(graph, work, &left).await;
    left.retain(|open| !work.has_failed(open));
    let parts: Vec<Part> = left.iter().map(|open| Part::delete(open.path.clone())).collect();
    for (open, answer) in left.iter().zip(batch::send(graph, MAIL_WRITE, &parts).await) {
        match answer {
            // It was in the trash a moment ago, and has left it as this call wants.
            Err(error) if error.problem != MailProblem::NotFound => work.fail(open, error),
            _ => {}
        }
    }
}

/// The messages of a thread for which a change is to be made: see `MailboxChanges::messages_of_thread`.
pub(super) async fn messages_of_thread(
    graph: &Graph<'_>,
    thread: &str,
    change: &MessageChange,
) -> Result<Vec<String>, MailError> {
    // The id is no segment of a path here, but must have the same form.
    segment(thread)?;
    if let MessageChange::AddLabels(ids) | MessageChange::RemoveLabels(ids) = change {
        names_of(ids)?;
    }
    let messages = threads::all(graph, thread, FEW, &[]).await?;
    if messages.is_empty() {
        return Err(MailProblem::NotFound.into());
    }
    let system = match change {
        MessageChange::Move(_) | MessageChange::Trash | MessageChange::Expunge => {
            folders::system(graph).await?
        }
        _ => SystemFolders::default(),
    };
    let wanted = messages.into_iter().filter(|message| is_for(message, change, &system));
    Ok(wanted.map(|message| message.id).collect())
}

/// Whether a change is to be made for a message of a thread. One that was made already is left out, so that a repeated call
/// goes on where the last one has ended.
fn is_for(message: &Message, change: &MessageChange, system: &SystemFolders) -> bool {
    let folder = message.folder.as_deref();
    let kind = folder.map_or(FolderKind::User, |folder| system.kind_of(folder));
    let is_own = message.is_draft || matches!(kind, FolderKind::Sent | FolderKind::Drafts);
    let has = |id: &String| message.labels.contains(id);
    match change {
        MessageChange::Read(is_read) => message.is_read != Some(*is_read),
        MessageChange::Flagged(is_flagged) => message.is_flagged != Some(*is_flagged),
        MessageChange::AddLabels(ids) => !ids.iter().all(has),
        MessageChange::RemoveLabels(ids) => ids.iter().any(has),
        MessageChange::RemoveAllLabels => !message.labels.is_empty(),
        MessageChange::Move(to) => !is_own && folder != Some(to.as_str()),
        MessageChange::Trash => !is_own && kind != FolderKind::Trash,
        MessageChange::Expunge => !is_own,
    }
}
