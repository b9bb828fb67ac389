//! The chunks of uploads: what an attacker who can write to the database achieves with them, and what an upload that
//! breaks off leaves behind.

use std::{sync::Arc, time::Duration};

use axum::body::Bytes;
use futures_util::stream;
use mail360::{
    mail::uploads::{Upload, UploadFailure},
    platform::failure::Failure,
    providers::mailbox::{MailError, MailProblem, MailStream},
};
use rstest::rstest;
use tokio::sync::mpsc;

use crate::{
    support::{Kind, TestMonotonic, api_clients::everything},
    uploads::{ADA, CHUNK, Uploading, content, new},
};

/// A body that sends what a test sends.
fn open_body() -> (mpsc::UnboundedSender<Result<Bytes, MailError>>, MailStream) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let body = stream::unfold(receiver, |mut receiver: mpsc::UnboundedReceiver<_>| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    (sender, Box::pin(body))
}

#[expect(clippy::unnecessary_wraps, reason = "the item of a body")]
fn piece(length: usize) -> Result<Bytes, MailError> {
    Ok(Bytes::from(content(length)))
}

/// Waits until this number of chunks is stored.
async fn wait_for_chunks(uploading: &Uploading, number: i64) {
    for _ in 0..1_000 {
        if uploading.stored().await.1 == number {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(uploading.stored().await.1, number, "after five seconds");
}

/// Asserts that an upload cannot be read whole, and that no changed byte is given out.
async fn assert_refused(uploading: &Uploading, upload: &Upload, how: &str) {
    let read = uploading.read(upload, 0).await;
    let problem = read.expect_err(how).problem;
    assert_eq!(problem, MailProblem::Garbled, "{how}");
}

#[rstest]
#[tokio::test]
async fn a_chunk_that_was_changed_moved_swapped_cut_off_or_taken_from_another_upload_is_refused(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let (raw, chunks) = (&uploading.world().raw, &uploading.chunks);
    let whole = content(3 * CHUNK + 5);
    let other = uploading.add("other.bin", &whole).await.expect("stored");
    let other = raw.id(other.id);
    let bytes = |number: u32, of: &str| {
        format!("(SELECT bytes FROM upload_chunks AS o WHERE o.upload_id = {of} AND o.number = {number})")
    };
    for how in ["changed", "swapped", "repeated", "foreign", "removed", "cut off", "longer", "shorter"] {
        let upload = uploading.add("a.bin", &whole).await.expect("stored");
        let id = raw.id(upload.id);
        assert!(uploading.read(&upload, 0).await.expect("the content") == whole);
        let of = format!("WHERE upload_id = {id}");
        let statements = match how {
            "changed" => {
                let stored = format!("SELECT bytes FROM upload_chunks {of} AND number = 1");
                let mut changed: Vec<u8> = chunks.one(&stored).await;
                changed[CHUNK / 2] ^= 1;
                vec![format!(
                    "UPDATE upload_chunks SET bytes = {} {of} AND number = 1",
                    chunks.bytes(&changed)
                )]
            }
            "swapped" => [(1, 9), (2, 1), (9, 2)]
                .map(|(from, to)| format!("UPDATE upload_chunks SET number = {to} {of} AND number = {from}"))
                .to_vec(),
            "repeated" => {
                vec![format!("UPDATE upload_chunks SET bytes = {} {of} AND number = 2", bytes(1, &id))]
            }
            "foreign" => {
                vec![format!("UPDATE upload_chunks SET bytes = {} {of} AND number = 1", bytes(1, &other))]
            }
            "removed" => vec![format!("DELETE FROM upload_chunks {of} AND number = 1")],
            "cut off" => vec![format!("DELETE FROM upload_chunks {of} AND number > 1")],
            _ => Vec::new(),
        };
        for statement in statements {
            chunks.run(&statement).await.expect("changed");
        }
        // With the size that would hide it.
        let size = match how {
            "cut off" => 2 * CHUNK,
            "longer" => 3 * CHUNK + 6,
            "shorter" => 3 * CHUNK + 4,
            _ => whole.len(),
        };
        raw.run(&format!("UPDATE uploads SET size = {size} WHERE id = {id}")).await.expect("changed");
        let Some(found) = uploading.find(upload.id).await else {
            // What is missing is noticed before it is read.
            assert_eq!(how, "removed");
            assert_refused(&uploading, &upload, how).await;
            continue;
        };
        assert_eq!(found.size, size as u64);
        assert_refused(&uploading, &found, how).await;
    }
}

#[rstest]
#[tokio::test]
async fn the_key_and_the_name_of_an_upload_belong_to_its_row(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let raw = &uploading.world().raw;
    let first = uploading.add("first.txt", b"content").await.expect("stored");
    let second = uploading.add("second.txt", b"content").await.expect("stored");
    let moved = format!(
        "UPDATE uploads SET details = (SELECT details FROM uploads WHERE id = {}) WHERE id = {}",
        raw.id(first.id),
        raw.id(second.id)
    );
    raw.run(&moved).await.expect("changed");
    let found = uploading.uploads().find(uploading.owner(), second.id).await;
    assert!(matches!(found, Err(Failure::Unexpected(_))), "{found:?}");
    assert_eq!(uploading.find(first.id).await.expect("an upload").name, "first.txt");
}

#[rstest]
#[tokio::test]
async fn a_body_that_ends_early_or_with_an_error_leaves_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let (caller, account) = (uploading.caller(), uploading.account);
    for length in [Some(3 * CHUNK), None] {
        let (sender, body) = open_body();
        sender.send(piece(2 * CHUNK + 1)).expect("a reader");
        if length.is_none() {
            sender.send(Err(MailProblem::Garbled.into())).expect("a reader");
        }
        drop(sender);
        let ended = uploading.uploads().add(&caller, account, new("a.bin", length), body).await;
        assert!(matches!(ended, Err(UploadFailure::BrokenOff)), "{ended:?}");
        assert_eq!(uploading.stored().await, (0, 0));
    }
    // More than it has said.
    let (sender, body) = open_body();
    sender.send(piece(CHUNK + 1)).expect("a reader");
    let ended = uploading.uploads().add(&caller, account, new("a.bin", Some(CHUNK)), body).await;
    assert!(matches!(ended, Err(UploadFailure::BrokenOff)), "{ended:?}");
    assert_eq!(uploading.stored().await, (0, 0));
}

#[rstest]
#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let uploading = Uploading::new(kind).await;
    let (sender, body) = open_body();
    let (caller, account) = (uploading.caller(), uploading.account);
    sender.send(piece(2 * CHUNK + 1)).expect("a reader");
    {
        let upload = uploading.uploads().add(&caller, account, new("a.bin", None), body);
        tokio::select! {
            ended = upload => panic!("{ended:?}"),
            () = wait_for_chunks(&uploading, 2) => {}
        }
    }
    for _ in 0..1_000 {
        if uploading.stored().await == (0, 0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("left: {:?}", uploading.stored().await);
}

#[rstest]
#[tokio::test]
async fn an_upload_whose_process_is_killed_between_two_chunks_leaves_nothing_after_its_time(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
    #[values(0, 1, 3)] number: usize,
) {
    let uploading = Uploading::new(kind).await;
    let (sender, body) = open_body();
    let (uploads, caller, account) = (uploading.uploads().clone(), uploading.caller(), uploading.account);
    sender.send(piece(number * CHUNK + 1)).expect("a reader");
    let mut upload = Box::pin(async move { uploads.add(&caller, account, new("a.bin", None), body).await });
    tokio::select! {
        ended = &mut upload => panic!("{ended:?}"),
        () = async {
            while uploading.stored().await.0 == 0 {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            wait_for_chunks(&uploading, i64::try_from(number).expect("a number")).await;
        } => {}
    }
    // As a kill does: nothing of it runs any more, not even its end.
    std::mem::forget(upload);
    let clock = &uploading.world().clock;
    clock.advance(time::Duration::minutes(5));
    uploading.world().run_sweep().await;
    assert_eq!(uploading.stored().await.0, 1, "it might go on");
    clock.advance(time::Duration::minutes(1));
    uploading.world().run_sweep().await;
    assert_eq!(uploading.stored().await, (0, 0));
    drop(sender);
}

#[rstest]
#[tokio::test]
async fn an_upload_that_was_erased_while_it_arrives_does_not_become_whole_and_harms_no_other(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let (caller, account) = (uploading.caller(), uploading.account);
    let (sender, body) = open_body();
    sender.send(piece(CHUNK + 1)).expect("a reader");
    let erased = uploading.uploads().add(&caller, account, new("a.bin", None), body);
    let others = async {
        wait_for_chunks(&uploading, 1).await;
        uploading.world().raw.run("DELETE FROM uploads").await.expect("erased");
        // Written together with chunks of another one.
        sender.send(piece(2 * CHUNK)).expect("a reader");
        drop(sender);
        uploading.add("other.bin", &content(4 * CHUNK)).await
    };
    let (erased, other) = tokio::join!(erased, others);
    assert!(matches!(erased, Err(UploadFailure::Failure(Failure::NotFound))), "{erased:?}");
    let other = uploading.find(other.expect("stored").id).await.expect("an upload");
    assert!(uploading.read(&other, 0).await.expect("the content") == content(4 * CHUNK));
    assert_eq!(uploading.stored().await, (1, 4));
}

#[rstest]
#[tokio::test]
async fn a_body_that_is_too_slow_is_ended_within_seventy_seconds_and_leaves_nothing(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let monotonic = TestMonotonic::new();
    let world = uploading.world().with_monotonic(&monotonic).await;
    let (sender, body) = open_body();
    sender.send(piece(CHUNK + 1)).expect("a reader");
    let caller = uploading.caller();
    let uploads = &world.program.uploads;
    let mut upload = Box::pin(uploads.add(&caller, uploading.account, new("a.bin", None), body));
    let mut seconds = 0;
    let ended = loop {
        tokio::select! {
            ended = &mut upload => break ended,
            () = tokio::time::sleep(Duration::from_millis(20)) => {
                // Fast enough for half a minute.
                if seconds < 30 {
                    sender.send(piece(200_000)).expect("a reader");
                }
                seconds += 5;
                monotonic.advance(5.0);
            }
        }
    };
    assert!(matches!(ended, Err(UploadFailure::Slow)), "{ended:?}");
    assert!((60..=100).contains(&seconds), "{seconds}");
    assert_eq!(uploading.stored().await, (0, 0));
}

#[tokio::test]
async fn a_process_takes_a_bounded_number_of_uploads_at_once_and_a_place_is_free_again() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    let account = uploading.account;
    // Each client has a share of the places.
    let mut callers = vec![Arc::new(uploading.caller())];
    for number in 1..5 {
        let typed = everything(&format!("Other {number}"));
        let client = uploading.world().add_api_client(ADA, &typed).await;
        callers.push(Arc::new(uploading.caller_of(&client)));
    }
    let mut tasks = Vec::new();
    for number in 0..250 {
        let (uploads, caller) = (uploading.uploads().clone(), callers[number % callers.len()].clone());
        tasks.push(tokio::spawn(async move {
            let never = Box::pin(stream::pending::<Result<Bytes, MailError>>());
            uploads.add(&caller, account, new("a.bin", Some(1)), never).await
        }));
    }
    while uploading.stored().await.0 < 250 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let refused = uploading.add("a.txt", b"content").await;
    assert!(matches!(refused, Err(UploadFailure::Failure(Failure::Busy(_)))), "{refused:?}");
    tasks.pop().expect("a task").abort();
    for _ in 0..1_000 {
        if uploading.add("a.txt", b"content").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("no place is free");
}

#[rstest]
#[tokio::test]
async fn an_upload_of_a_database_that_was_restored_without_its_content_is_gone(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let upload = uploading.add("a.bin", &content(CHUNK + 1)).await.expect("stored");
    uploading.chunks.run("DELETE FROM upload_chunks WHERE number = 0").await.expect("deleted");
    assert!(uploading.find(upload.id).await.is_none());
}
