//! The space that uploads take: of one file, of a client, of all.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt, stream};
use mail360::{
    mail::uploads::{MAX_ARRIVING_OF_CLIENT, MAX_UPLOAD, SPACE_OF_CLIENT, UploadFailure},
    platform::failure::Failure,
    providers::mailbox::MailError,
};
use rstest::rstest;
use tokio::task::JoinSet;

use crate::{
    support::{
        Kind,
        api_clients::{KeyedClient, code, everything},
    },
    uploads::{ADA, Uploading, body_of, content, new},
};

#[rstest]
#[tokio::test]
async fn the_space_of_a_client_and_of_all_is_taken_before_bytes_are_stored(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let first = uploading.add("a.txt", b"content").await.expect("stored");
    let raw = &uploading.world().raw;
    assert_eq!(
        raw.one::<i64>("SELECT counted FROM uploads").await,
        64 * 1024,
        "a short one counts for its row"
    );
    uploading.count_as(SPACE_OF_CLIENT - 100_000).await;
    uploading.add("fits.bin", &content(100_000)).await.expect("it fits");
    uploading.world().raw.run("DELETE FROM uploads WHERE counted = 100000").await.expect("changed");

    let too_much = uploading.call(
        &uploading.client,
        "POST",
        "?fileName=a.bin",
        // Of unknown length.
        Body::from_stream(stream::iter((0..2).map(|_| Ok::<_, Infallible>(vec![7; 60_000])))),
    );
    assert_eq!(code(too_much.await.assert_status(507)), "UPLOAD_SPACE_FULL");
    // Another client has space of its own, until the space of all is full.
    let other = uploading.world().add_api_client(ADA, &everything("Other")).await;
    let theirs = uploading.caller_of(&other);
    let add = async |length: usize| {
        let body = body_of(vec![content(length)]);
        uploading.uploads().add(&theirs, uploading.account, new("a.bin", Some(length)), body).await
    };
    add(120_000).await.expect("stored");
    let all = uploading.world().program.config.upload_space;
    let used = format!("UPDATE uploads SET counted = {} WHERE id = {}", all - 220_000, raw.id(first.id));
    raw.run(&used).await.expect("changed");
    let refused = add(120_000).await;
    assert!(matches!(refused, Err(UploadFailure::SpaceFull)), "{refused:?}");
    add(90_000).await.expect("it fits");
    let before = uploading.stored().await;
    uploading.world().run_sweep().await;
    assert_eq!(uploading.stored().await.0, before.0);
    assert_eq!(before.0, 3, "what was refused left nothing");
}

#[tokio::test]
async fn a_client_whose_uploads_do_not_end_leaves_places_to_others() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    let other = uploading.world().add_api_client(ADA, &everything("Other")).await;
    let mut arriving = JoinSet::new();
    for _ in 0..MAX_ARRIVING_OF_CLIENT {
        let (uploads, caller, account) = (uploading.uploads().clone(), uploading.caller(), uploading.account);
        let body = Box::pin(stream::pending::<Result<Bytes, MailError>>());
        arriving.spawn(async move { uploads.add(&caller, account, new("a.bin", Some(1)), body).await });
    }
    while uploading.stored().await.0 < i64::try_from(MAX_ARRIVING_OF_CLIENT).expect("a number") {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    let add = async |client: &KeyedClient| {
        let body = body_of(vec![content(1)]);
        uploading
            .uploads()
            .add(&uploading.caller_of(client), uploading.account, new("a.bin", Some(1)), body)
            .await
    };
    let refused = add(&uploading.client).await;
    assert!(matches!(refused, Err(UploadFailure::Failure(Failure::Busy(_)))), "{refused:?}");
    add(&other).await.expect("stored");
    arriving.shutdown().await;
    add(&uploading.client).await.expect("there is a place again");
}

#[rstest]
#[tokio::test(flavor = "multi_thread")]
async fn two_uploads_that_race_for_the_last_space_do_not_both_get_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(true, false)] is_known: bool,
) {
    const LENGTH: usize = 1_200_000;
    let uploading = Uploading::new(kind).await;
    for _ in 0..5 {
        uploading.add("first.txt", b"content").await.expect("stored");
        // A body of unknown length takes a megabyte more than it needs.
        uploading.count_as(SPACE_OF_CLIENT - if is_known { 1_500_000 } else { 2_400_000 }).await;
        let mut race = JoinSet::new();
        for _ in 0..2 {
            let (uploads, caller, account) =
                (uploading.uploads().clone(), uploading.caller(), uploading.account);
            race.spawn(async move {
                let pieces = content(LENGTH).chunks(100_000).map(<[u8]>::to_vec).collect();
                let new = new("a.bin", is_known.then_some(LENGTH));
                uploads.add(&caller, account, new, body_of(pieces)).await
            });
        }
        let ended = race.join_all().await;
        let stored = ended.iter().flatten().count();
        let full = ended.iter().filter(|end| matches!(end, Err(UploadFailure::SpaceFull))).count();
        assert!(stored <= 1 && stored + full == 2, "{ended:?}");
        assert!(stored == 1 || !is_known, "one of them fits");
        let counted = "SELECT CAST(SUM(counted) AS BIGINT) FROM uploads";
        let counted = uploading.world().raw.one::<i64>(counted).await;
        assert!(u64::try_from(counted).expect("a size") <= SPACE_OF_CLIENT, "{counted}");
        uploading.world().raw.run("DELETE FROM uploads").await.expect("changed");
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_before_its_body_is_read() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    let mut browser = uploading.world().browser();
    let path = format!("/api/accounts/{}/attachments?fileName=a.bin", uploading.account);
    let request = browser
        .request("POST", &path)
        .header("authorization", format!("Bearer {}", uploading.client.key))
        .header("content-length", (MAX_UPLOAD + 1).to_string());
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let answer = browser.send(request.body(endless).expect("a request")).await;
    assert_eq!(code(answer.assert_status(413)), "CONTENT_TOO_LARGE");
    assert_eq!(uploading.stored().await, (0, 0));
}

#[tokio::test]
async fn a_body_of_unknown_length_ends_at_the_size_of_the_largest_file() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    let piece = Bytes::from(vec![7_u8; 8 * 1024 * 1024]);
    let body = stream::repeat_with(move || Ok(piece.clone())).take(19);
    let refused = uploading
        .uploads()
        .add(&uploading.caller(), uploading.account, new("a.bin", None), Box::pin(body))
        .await;
    assert!(matches!(refused, Err(UploadFailure::TooLarge)), "{refused:?}");
    assert_eq!(uploading.stored().await, (0, 0));
}
