//! Files that applications upload: whose they are, how long they live, and the space that they take.

use std::convert::Infallible;

use axum::body::{Body, Bytes};
use futures_util::stream;
use mail360::{
    accounts::service::AccountId,
    mail::uploads::{
        FileName, NewUpload, Settled, UPLOAD_LIFE, Upload, UploadFailure, UploadId, UploadOwner, Uploads,
        parse_file_id,
    },
    people::access::{Caller, Reach},
    platform::{
        clock::Clock,
        database::{DatabaseError, DatabaseUrl},
        failure::Failure,
    },
    providers::mailbox::{MailError, MailStream, read_whole},
};
use rstest::rstest;
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::{
    sending_times::sweep,
    support::{
        Answer, Kind, MailAnswer, Raw, TestMonotonic, World,
        api_clients::{KeyedClient, code, data, everything},
        refreshing::Scene,
    },
};

pub const ADA: &str = "ada@contoso.test";
/// The size of every chunk but the last one.
pub const CHUNK: usize = 64 * 1024 - 40;

/// An account, and an application that uploads files for it.
pub struct Uploading {
    pub scene: Scene,
    pub account: AccountId,
    pub client: KeyedClient,
    /// Where the chunks are.
    pub chunks: Raw,
}

impl Uploading {
    pub async fn new(kind: Kind) -> Self {
        let scene = Scene::new(kind).await;
        let account = scene.connect("grace").await;
        let client = scene.world.add_api_client(ADA, &everything("Sender")).await;
        scene.world.mail.answer(|_| MailAnswer::Json(200, json!({ "value": [] })));
        let chunks = chunks_of(&scene.world, kind).await;
        Self { scene, account, client, chunks }
    }

    pub fn world(&self) -> &World {
        &self.scene.world
    }

    pub fn uploads(&self) -> &Uploads {
        &self.scene.world.program.uploads
    }

    pub fn caller(&self) -> Caller {
        self.caller_of(&self.client)
    }

    pub fn caller_of(&self, client: &KeyedClient) -> Caller {
        Caller::of_client(self.scene.organisation, client.id, Reach::All, None, None)
    }

    pub fn owner(&self) -> UploadOwner {
        UploadOwner { organisation: self.scene.organisation, client: self.client.id, account: self.account }
    }

    /// Uploads this content by the use case, in pieces of an odd length.
    pub async fn add(&self, name: &str, content: &[u8]) -> Result<Upload, UploadFailure> {
        let body = body_of(content.chunks(70_001).map(<[u8]>::to_vec).collect());
        self.uploads().add(&self.caller(), self.account, new(name, Some(content.len())), body).await
    }

    /// The content of an upload from this byte on.
    pub async fn read(&self, upload: &Upload, from: u64) -> Result<Vec<u8>, MailError> {
        let content = self.uploads().source(upload).open(from).await?;
        read_whole(content, usize::MAX).await
    }

    pub async fn find(&self, id: UploadId) -> Option<Upload> {
        self.uploads().find(self.owner(), id).await.expect("an answer")
    }

    /// Keeps an upload for a message for these days from now.
    pub async fn keep(&self, id: UploadId, message: Uuid, days: i64) -> Option<UploadId> {
        let until = self.world().clock.now().plus(Duration::days(days));
        self.world()
            .program
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                self.uploads().keep_for(&tx, self.owner(), &[id, id], message, until).await
            })
            .await
            .expect("an answer")
    }

    async fn release(&self, message: Uuid, settled: Settled) {
        self.world()
            .program
            .database
            .write::<_, DatabaseError, _>(async |tx| {
                self.uploads().release(&tx, self.scene.organisation, message, settled).await
            })
            .await
            .expect("released");
    }

    /// A call with a body of its own.
    pub async fn call(&self, client: &KeyedClient, method: &str, rest: &str, body: Body) -> Answer {
        let path = format!("/api/accounts/{}/attachments{rest}", self.account);
        let mut browser = self.world().browser();
        let request = browser
            .request(method, &path)
            .header("authorization", format!("Bearer {}", client.key))
            .header("content-type", "application/octet-stream");
        browser.send(request.body(body).expect("a request")).await
    }

    /// Number of uploads, and of chunks.
    pub async fn stored(&self) -> (i64, i64) {
        (self.world().raw.count("uploads").await, self.chunks.count("upload_chunks").await)
    }

    /// Lets the uploads that are there count this much in the space.
    pub async fn count_as(&self, bytes: u64) {
        let counted = format!("UPDATE uploads SET counted = {bytes}");
        self.world().raw.run(&counted).await.expect("changed");
    }
}

/// Direct access to the database of the chunks.
async fn chunks_of(world: &World, kind: Kind) -> Raw {
    world.program.uploads.open().await.expect("opened");
    let url = match &world.program.config.database {
        DatabaseUrl::Sqlite(path) => {
            let path = path.canonicalize().expect("a file");
            DatabaseUrl::Sqlite(format!("{}-uploads.db", path.display()).into())
        }
        url @ DatabaseUrl::Postgres(_) => url.clone(),
    };
    Raw::open(kind, &url).await
}

pub fn new(name: &str, length: Option<usize>) -> NewUpload {
    NewUpload {
        name: FileName::parse(name).expect("a name"),
        content_type: Some("image/png".to_owned()),
        length: length.map(|length| length as u64),
    }
}

/// A body of these pieces.
pub fn body_of(pieces: Vec<Vec<u8>>) -> MailStream {
    Box::pin(stream::iter(pieces.into_iter().map(|piece| Ok(Bytes::from(piece)))))
}

/// Content in which no part is like another.
pub fn content(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 31 + at / 251) % 256).expect("a byte")).collect()
}

#[rstest]
#[tokio::test]
async fn a_file_is_read_back_from_any_byte_and_nothing_of_it_is_stored_in_plain(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5] {
        let content = content(length);
        let upload = uploading.add("Übersicht canary.png", &content).await.expect("stored");
        assert_eq!((upload.size, upload.content_type.as_deref()), (length as u64, Some("image/png")));
        let found = uploading.find(upload.id).await.expect("an upload");
        assert_eq!((found.name.as_str(), found.size), ("Übersicht canary.png", upload.size));
        assert_eq!(parse_file_id(&found.file_id()), Some(upload.id));
        for from in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, length] {
            let read = uploading.read(&found, from as u64).await.expect("the content");
            assert!(read == content[from.min(length)..], "{length} bytes from {from}");
        }
    }
    let canary = b"canary".repeat(100);
    uploading.add("canary.txt", &canary).await.expect("stored");
    let hex = crate::support::hex(b"canary");
    for raw in [&uploading.world().raw, &uploading.chunks] {
        let all = raw.dump(&["activity", "api_clients"]).await.join("\n").to_lowercase();
        let uploads: Vec<_> = all.lines().filter(|line| line.starts_with("upload")).collect();
        assert!(!uploads.is_empty());
        assert!(!uploads.iter().any(|line| line.contains("canary") || line.contains(&hex)));
    }
}

#[rstest]
#[tokio::test]
async fn the_calls_upload_a_file_of_any_type_and_delete_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let content = content(CHUNK + 7);
    let pieces: Vec<_> = content.chunks(10_000).map(|piece| Ok::<_, Infallible>(piece.to_vec())).collect();
    let answer = uploading
        .call(&uploading.client, "POST", "?fileName=a%20b.png", Body::from_stream(stream::iter(pieces)))
        .await;
    let file_id = data(answer.assert_status(201))["fileId"].as_str().expect("an id").to_owned();
    let id = parse_file_id(&file_id).expect("an id");
    assert_eq!(file_id, format!("{id}/a b.png"));
    let upload = uploading.find(id).await.expect("an upload");
    assert_eq!((upload.content_type.as_deref(), upload.size), (None, content.len() as u64));
    assert!(uploading.read(&upload, 0).await.expect("the content") == content);

    let encoded = file_id.replace(' ', "%20");
    for file_id in [encoded.as_str(), &id.to_string()] {
        let answer =
            uploading.call(&uploading.client, "DELETE", &format!("?fileId={file_id}"), Body::empty()).await;
        if file_id == encoded {
            answer.assert_status(200);
            assert_eq!(uploading.stored().await, (0, 0));
        } else {
            assert_eq!(code(answer.assert_status(404)), "NOT_FOUND");
        }
    }
    let empty = uploading.call(&uploading.client, "POST", "?fileName=empty.txt", Body::empty()).await;
    empty.assert_status(201);
}

#[tokio::test]
async fn a_call_without_a_fitting_name_is_refused_as_mail360_does() {
    let uploading = Uploading::new(Kind::Sqlite).await;
    for rest in ["", "?fileName=", "?fileName=%20", "?fileName=../a.txt", "?fileName=a%5Cb.txt"] {
        let answer = uploading.call(&uploading.client, "POST", rest, Body::from("content")).await;
        assert_eq!(code(answer.assert_status(404)), "NOT_FOUND", "{rest}");
        let more_info = data(&answer)["moreInfo"].as_str().expect("words").to_owned();
        assert!(more_info.starts_with("Error with file attached"), "{more_info}");
    }
    for (rest, words) in [("?fileName=a%00b", "fileName: Give"), ("?fileId=1&fileName=a", "MA_9018 fileId")] {
        let answer = uploading.call(&uploading.client, "POST", rest, Body::from("content")).await;
        assert!(answer.assert_status(400).body.contains(words), "{rest}: {}", answer.body);
    }
    assert_eq!(uploading.stored().await, (0, 0));
}

#[rstest]
#[tokio::test]
async fn an_upload_lives_for_a_day(#[values(Kind::Sqlite, Kind::Postgres)] kind: Kind) {
    let uploading = Uploading::new(kind).await;
    let (world, monotonic) = (uploading.world(), TestMonotonic::new());
    let upload = uploading.add("a.txt", &content(CHUNK + 1)).await.expect("stored");
    let other = uploading.add("b.txt", b"content").await.expect("stored");
    world.clock.advance(UPLOAD_LIFE - Duration::seconds(1));
    sweep(world, &monotonic).await;
    assert!(uploading.find(upload.id).await.is_some());
    world.clock.advance(Duration::seconds(1));
    assert!(uploading.find(upload.id).await.is_none());
    let delete = async || uploading.uploads().delete(&uploading.caller(), uploading.account, other.id).await;
    assert!(matches!(delete().await, Ok(true)), "it still takes space");
    sweep(world, &monotonic).await;
    assert_eq!(uploading.stored().await, (0, 0));
    assert!(matches!(delete().await, Err(Failure::NotFound)));
}

#[rstest]
#[tokio::test]
async fn an_upload_that_a_call_needs_is_there_until_the_call_has_ended(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    let clock = &uploading.world().clock;
    clock.advance(UPLOAD_LIFE - Duration::minutes(1));
    let keep = async |ids: &[UploadId]| {
        uploading.uploads().keep_for_call(uploading.owner(), ids).await.expect("an answer")
    };
    let first = keep(&[upload.id]).await.expect("kept");
    let second = keep(&[upload.id]).await.expect("kept");
    let unknown = UploadId(Uuid::from_u128(u128::MAX));
    assert_eq!(keep(&[upload.id, unknown]).await.err(), Some(unknown));
    assert_eq!(uploading.world().raw.count("upload_uses").await, 2);
    clock.advance(Duration::minutes(3));
    uploading.world().run_sweep().await;
    assert!(uploading.find(upload.id).await.is_some(), "it is in use");
    first.release().await.expect("released");
    assert!(uploading.find(upload.id).await.is_some(), "the other call needs it");
    // The caller has gone away.
    drop(second);
    while uploading.world().raw.count("upload_uses").await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
    assert!(uploading.find(upload.id).await.is_none(), "its day is over");
}

#[rstest]
#[tokio::test]
async fn an_upload_that_a_message_needs_lives_until_that_is_settled(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let [first, second] = [1, 2].map(Uuid::from_u128);
    let sent = uploading.add("sent.txt", b"content").await.expect("stored");
    let cancelled = uploading.add("cancelled.txt", b"content").await.expect("stored");
    for id in [sent.id, cancelled.id] {
        assert_eq!(uploading.keep(id, first, 30).await, None);
        assert_eq!(uploading.keep(id, second, 30).await, None);
        // It changes nothing but the time.
        assert_eq!(uploading.keep(id, second, 40).await, None);
        let deleted = uploading.uploads().delete(&uploading.caller(), uploading.account, id).await;
        assert!(matches!(deleted, Ok(false)), "{deleted:?}");
    }
    let answer =
        uploading.call(&uploading.client, "DELETE", &format!("?fileId={}", sent.id), Body::empty()).await;
    assert_eq!(code(answer.assert_status(400)), "INVALID_VALUE");
    let clock = &uploading.world().clock;
    clock.advance(Duration::days(20));
    uploading.world().run_sweep().await;
    assert!(uploading.find(sent.id).await.is_some() && uploading.find(cancelled.id).await.is_some());

    // The other message still needs both.
    uploading.release(first, Settled::Sent).await;
    uploading.world().run_sweep().await;
    assert_eq!(uploading.stored().await, (2, 2));
    uploading.release(first, Settled::Sent).await;

    // Only one of them is its file in the end.
    let raw = &uploading.world().raw;
    let end_use = format!("DELETE FROM upload_uses WHERE upload_id = {}", raw.id(cancelled.id));
    raw.run(&end_use).await.expect("changed");
    assert_eq!(uploading.keep(cancelled.id, first, 50).await, None);
    uploading.release(second, Settled::Sent).await;
    assert!(uploading.find(sent.id).await.is_none());
    uploading.release(first, Settled::NotSent).await;
    assert!(uploading.find(cancelled.id).await.is_none(), "its day is over");
    sweep(uploading.world(), &TestMonotonic::new()).await;
    assert_eq!(uploading.stored().await, (0, 0));
    assert_eq!(uploading.keep(sent.id, first, 1).await, Some(sent.id));
}

#[rstest]
#[tokio::test]
async fn a_message_that_is_settled_within_the_day_leaves_the_upload_for_the_rest_of_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    let message = Uuid::from_u128(1);
    assert_eq!(uploading.keep(upload.id, message, 30).await, None);
    uploading.world().clock.advance(Duration::hours(23));
    uploading.release(message, Settled::NotSent).await;
    assert!(uploading.find(upload.id).await.is_some());
    uploading.world().clock.advance(Duration::hours(1));
    assert!(uploading.find(upload.id).await.is_none());
}
