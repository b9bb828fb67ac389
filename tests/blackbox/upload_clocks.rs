//! The life of uploads while the clock of the server is wrong.

use rstest::rstest;
use time::Duration;
use uuid::Uuid;

use crate::{
    sending_times::sweep,
    support::{Kind, TestMonotonic},
    uploads::Uploading,
};

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_erases_no_file(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let (world, monotonic) = (uploading.world(), TestMonotonic::new());
    let upload = uploading.add("a.txt", b"content").await.expect("stored");
    world.run_sweep_at(monotonic.clone()).await;
    world.clock.advance(Duration::days(30));
    world.run_sweep_at(monotonic.clone()).await;
    assert!(uploading.find(upload.id).await.is_none(), "it is refused at once");
    world.clock.advance(Duration::days(-30));
    monotonic.advance(6.0 * 3_600.0);
    world.run_sweep_at(monotonic).await;
    assert!(uploading.find(upload.id).await.is_some());
}

#[rstest]
#[tokio::test]
async fn n7_an_upload_of_a_clock_that_was_ahead_is_erased_unless_a_message_needs_it(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let clock = &uploading.world().clock;
    clock.advance(Duration::days(30));
    let kept = uploading.add("kept.txt", b"content").await.expect("stored");
    assert_eq!(uploading.keep(kept.id, Uuid::from_u128(1), 90).await, None);
    uploading.add("ahead.txt", b"content").await.expect("stored");
    clock.advance(Duration::days(-30));
    uploading.add("now.txt", b"content").await.expect("stored");
    uploading.world().run_sweep().await;
    assert_eq!(uploading.stored().await, (2, 2));
    assert!(uploading.find(kept.id).await.is_some());
}

#[rstest]
#[tokio::test]
async fn a_clock_that_is_ahead_for_a_while_erases_no_file_that_a_message_needs(
    #[values(Kind::Sqlite, Kind::Postgres)] kind: Kind,
) {
    let uploading = Uploading::new(kind).await;
    let (world, monotonic) = (uploading.world(), TestMonotonic::new());
    let needed = uploading.add("needed.txt", b"content").await.expect("stored");
    assert_eq!(uploading.keep(needed.id, Uuid::from_u128(1), 30).await, None);
    world.clock.advance(Duration::days(400));
    world.run_sweep_at(monotonic.clone()).await;
    world.clock.advance(Duration::days(-400));
    assert!(uploading.find(needed.id).await.is_some());
    world.clock.advance(Duration::days(31));
    sweep(world, &monotonic).await;
    assert_eq!(uploading.stored().await, (0, 0));
}
