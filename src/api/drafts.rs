//! Drafts: make, change, delete, send. Reading them is in `threads`.

use axum::{extract::State, response::Response};

use super::{
    asked::Asked,
    envelope::Envelope,
    outgoing,
    refused::{Refused, unknown_upload},
    sending::done_once,
    shapes::{CreatedDraft, Sent},
};
use crate::{
    accounts::service::AccountId,
    mail::{
        sending::Sending,
        service::{DraftUpdate, Mail},
        uploads::{KeptUploads, UploadId, UploadOwner, Uploads},
    },
    people::access::Caller,
    providers::mailbox::{Basis, OutgoingFile},
};

/// `POST …/drafts`.
pub async fn create(State(sending): State<Sending>, asked: Asked) -> Result<Response, Refused> {
    let request = outgoing::request(&asked.given, Basis::New)?;
    let (account, key) = (asked.account()?, outgoing::key(&asked.given)?);
    let created = sending.create_draft(&asked.caller, account, key, request).await?;
    let is_replay = created.is_replay;
    Ok(done_once(Envelope::created(CreatedDraft::from(created)), is_replay))
}

/// `PUT …/drafts/{draftId}`.
pub async fn update(
    State(mail): State<Mail>,
    State(uploads): State<Uploads>,
    asked: Asked,
) -> Result<Envelope<()>, Refused> {
    let Asked { caller, given } = &asked;
    let account = asked.account()?;
    let (change, ids) = (outgoing::change(given)?, outgoing::files(given)?);
    let kept = keep(&uploads, caller, account, &ids).await?;
    let update = DraftUpdate {
        change,
        removed: given.texts("removeAttachments").to_vec(),
        added: find_files(&uploads, caller, account, &ids).await?,
    };
    let updated = mail.update_draft(caller, account, given.required("draftId"), &update).await;
    if let Some(kept) = kept
        && let Err(failure) = kept.release().await
    {
        // The draft is as it is. The uploads expire.
        failure.log();
    }
    updated?;
    Ok(Envelope::done())
}

/// Keeps the uploads of the caller until the call has ended; `None` if there are none.
async fn keep(
    uploads: &Uploads,
    caller: &Caller,
    account: AccountId,
    ids: &[UploadId],
) -> Result<Option<KeptUploads>, Refused> {
    if ids.is_empty() {
        return Ok(None);
    }
    let kept = uploads.keep_for_call(UploadOwner::of(caller, account)?, ids).await?;
    kept.map(Some).map_err(|unknown| unknown_upload(&unknown.to_string()))
}

/// The uploads of the caller for the account, as files.
async fn find_files(
    uploads: &Uploads,
    caller: &Caller,
    account: AccountId,
    ids: &[UploadId],
) -> Result<Vec<OutgoingFile>, Refused> {
    let mut files = Vec::with_capacity(ids.len());
    for id in ids {
        let upload = uploads.find(UploadOwner::of(caller, account)?, *id).await?;
        let upload = upload.ok_or_else(|| unknown_upload(&id.to_string()))?;
        files.push(uploads.file(&upload));
    }
    Ok(files)
}

/// `DELETE …/drafts/{draftId}`.
pub async fn delete(State(mail): State<Mail>, asked: Asked) -> Result<Envelope<()>, Refused> {
    mail.delete_draft(&asked.caller, asked.account()?, asked.given.required("draftId")).await?;
    Ok(Envelope::done())
}

/// `POST …/drafts/{draftId}/send`.
pub async fn send(State(sending): State<Sending>, asked: Asked) -> Result<Response, Refused> {
    let (account, key) = (asked.account()?, outgoing::key(&asked.given)?);
    let draft = asked.given.required("draftId");
    let sent = sending.send_draft(&asked.caller, account, draft, key).await?;
    let is_replay = sent.is_replay;
    Ok(done_once(Envelope::success(Sent::from(sent)), is_replay))
}
