//! Which callers reach an upload, and with which keys it is read.

use axum::body::Body;
use mail360::{
    mail::uploads::{UploadFailure, UploadOwner},
    people::access::{Caller, Reach, Scope},
    platform::{clock::Clock, database::DatabaseError, failure::Failure},
    providers::mailbox::read_whole,
};
use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::{
    support::{
        Kind,
        api_clients::{code, everything, only},
        write_key, write_keys,
    },
    uploads::{ADA, Uploading, body_of, new},
};

#[tokio::test]
async fn uploading_and_deleting_need_their_scopes() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    let world = uploading.world();
    let reader =
        world.add_api_client(ADA, &only("Reader", &[Scope::AttachmentsRead, Scope::MessagesCreate])).await;
    for (method, rest, scope) in [
        ("POST", "?fileName=a.txt", "MailApps.attachments.CREATE"),
        ("DELETE", "?fileId=1", "MailApps.attachments.DELETE"),
    ] {
        let answer = uploading.call(&reader, method, rest, Body::from("content")).await;
        assert_eq!(code(answer.assert_status(403)), "MISSING_SCOPE");
        assert!(answer.body.contains(scope), "{}", answer.body);
    }
    assert_eq!(uploading.stored().await, (0, 0));
}

#[rstest]
#[tokio::test]
async fn i4_an_upload_is_there_for_its_own_client_and_account_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    let alike = uploading.world().add_api_client(ADA, &everything("Alike")).await;
    let other = uploading.scene.connect("henry").await;
    let owner = uploading.owner();
    for owner in [UploadOwner { client: alike.id, ..owner }, UploadOwner { account: other, ..owner }] {
        assert!(uploading.uploads().find(owner, upload.id).await.expect("an answer").is_none());
        let caller = Caller::of_client(owner.organisation, owner.client, Reach::All, None, None);
        let deleted = uploading.uploads().delete(&caller, owner.account, upload.id).await;
        assert!(matches!(deleted, Err(Failure::NotFound)), "{deleted:?}");
        let until = uploading.world().clock.now().plus(Duration::days(1));
        let kept = uploading
            .world()
            .program
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                uploading.uploads().keep_for(&tx, owner, &[upload.id], Uuid::from_u128(1), until).await
            })
            .await;
        assert_eq!(kept.expect("an answer"), Some(upload.id));
    }
    let member = Caller::job(uploading.scene.organisation, "test");
    let refused =
        uploading.uploads().add(&member, uploading.account, new("a.txt", None), body_of(Vec::new())).await;
    assert!(matches!(refused, Err(UploadFailure::Failure(Failure::Forbidden))), "{refused:?}");
    assert!(uploading.find(upload.id).await.is_some());
}

#[rstest]
#[tokio::test]
async fn s4_an_upload_is_read_after_resealing_with_the_new_key_alone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    let world = uploading.world();
    world.clear_expiry_of_secrets().await;
    let keys = &world.program.config.encryption_key_file;
    write_keys(keys, &[("new", 9), ("test", 7)]);
    let said = world.another_process(&[]).await.run("reseal").expect("done");
    assert!(said.contains("you can remove the old lines"), "{said}");
    write_key(keys, "new", 9);
    let resealed = world.another_process(&[]).await;
    let found = resealed.program.uploads.find(uploading.owner(), upload.id).await.expect("an answer");
    let found = found.expect("an upload");
    let source = resealed.program.uploads.source(&found).open(0).await.expect("the content");
    assert_eq!(read_whole(source, 100).await.expect("the content"), b"content");
}
