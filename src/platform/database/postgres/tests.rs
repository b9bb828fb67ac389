//! The messages of a failed connection, against a fake server that gives one fixed answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Instant,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use sea_orm::ConnectionTrait;

use super::*;

/// The answer of the fake server to a connection.
#[derive(Clone, Copy, Debug)]
enum Says {
    /// An error with this code and text, in place of a session.
    Error(&'static str, &'static str),
    /// These bytes, after any request.
    Bytes(&'static [u8]),
    /// No answer; closes the connection.
    Ends,
    /// No answer; keeps the connection open.
    Nothing,
    /// A session of its own for each connection, or the same one for all.
    Sessions { shared: bool },
}

fn protocol_message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).expect("short").to_be_bytes();
    [&[kind], &length[..], body].concat()
}

/// The answer of a session to one simple query.
fn answer(query: &str, session: i32) -> Vec<u8> {
    let ready = protocol_message(b'Z', b"I");
    if !query.contains("pg_backend_pid") {
        return [protocol_message(b'C', b"SET\0"), ready].concat();
    }
    // One column of int4 as text (PostgreSQL, "Message Formats").
    let column = [
        &1_i16.to_be_bytes()[..],
        b"pg_backend_pid\0",
        &0_i32.to_be_bytes(),
        &0_i16.to_be_bytes(),
        &23_i32.to_be_bytes(),
        &4_i16.to_be_bytes(),
        &(-1_i32).to_be_bytes(),
        &0_i16.to_be_bytes(),
    ]
    .concat();
    let text = session.to_string();
    let length = i32::try_from(text.len()).expect("short").to_be_bytes();
    let row = [&1_i16.to_be_bytes()[..], &length, text.as_bytes()].concat();
    [
        protocol_message(b'T', &column),
        protocol_message(b'D', &row),
        protocol_message(b'C', b"SELECT 1\0"),
        ready,
    ]
    .concat()
}

async fn serve(mut stream: TcpStream, says: Says, session: i32) -> Option<()> {
    let length = stream.read_u32().await.ok()?;
    let mut startup = vec![0; usize::try_from(length).ok()? - 4];
    stream.read_exact(&mut startup).await.ok()?;
    match says {
        Says::Ends => {}
        Says::Nothing => std::future::pending().await,
        Says::Bytes(bytes) => stream.write_all(bytes).await.ok()?,
        Says::Error(code, text) => {
            let body = format!("SFATAL\0VFATAL\0C{code}\0M{text}\0\0");
            stream.write_all(&protocol_message(b'E', body.as_bytes())).await.ok()?;
        }
        Says::Sessions { .. } => {
            let begun = [protocol_message(b'R', &0_i32.to_be_bytes()), protocol_message(b'Z', b"I")].concat();
            stream.write_all(&begun).await.ok()?;
            loop {
                let kind = stream.read_u8().await.ok()?;
                let length = stream.read_u32().await.ok()?;
                let mut query = vec![0; usize::try_from(length).ok()? - 4];
                stream.read_exact(&mut query).await.ok()?;
                let query = String::from_utf8_lossy(&query);
                match kind {
                    b'Q' if query.contains("hang") => std::future::pending().await,
                    b'Q' => stream.write_all(&answer(&query, session)).await.ok()?,
                    // Sync, with which the driver checks that the server is alive.
                    b'S' => stream.write_all(&protocol_message(b'Z', b"I")).await.ok()?,
                    _ => break,
                }
            }
        }
    }
    Some(())
}

/// Starts the fake server and returns its address.
async fn server(says: Says) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let sessions = Arc::new(AtomicI32::new(1));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = matches!(says, Says::Sessions { shared: true });
            let session = if shared { 7 } else { sessions.fetch_add(1, Ordering::Relaxed) };
            tokio::spawn(serve(stream, says, session));
        }
    });
    address
}

/// The error message for a connection to this address.
async fn message_of(address: &str, settings: &str) -> String {
    let url = format!("postgres://me:canary@{address}/books?sslmode=disable{settings}");
    let error = open(&url, 3, Limits::Request).await.expect_err("no connection");
    crate::platform::database::DatabaseError(error).to_string()
}

#[tokio::test]
async fn c42_each_refused_connection_gives_at_once_an_error_with_address_and_advice() {
    for (says, words) in [
        (
            Says::Error("28P01", "password authentication failed for user \"me\""),
            "in a password write # as %23",
        ),
        (Says::Error("28000", "no pg_hba.conf entry for host"), "pg_hba.conf lets this machine in"),
        (Says::Error("28000", "role \"me\" does not exist"), "the user me exists"),
        (Says::Error("3D000", "database \"books\" does not exist"), "createdb --owner=me books"),
        (Says::Error("42501", "permission denied for database \"books\""), "GRANT CONNECT"),
        (Says::Error("53300", "sorry, too many clients already"), "max_connections"),
        (Says::Error("53300", "too many connections for role \"me\""), "MAIL360_DATABASE_CONNECTIONS"),
        (Says::Error("57P03", "the database system is starting up"), "try again in a moment"),
        (Says::Error("55000", "database is not accepting connections"), "ALLOW_CONNECTIONS true"),
        (Says::Error("08P01", "SSL required"), "sslmode=require"),
        (Says::Error("28000", "no pg_hba.conf entry for host, no encryption"), "sslmode=require"),
        (Says::Error("XX000", "something new"), "something new"),
        (Says::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "and not something else"),
        (Says::Ends, "ended the connection at once"),
    ] {
        let address = server(says).await;
        let began = Instant::now();
        let message = message_of(&address, "").await;
        assert!(began.elapsed() < Duration::from_secs(2), "{says:?} took {:?}", began.elapsed());
        assert!(message.contains(&address), "{says:?}: {message}");
        assert!(message.contains(words), "{says:?}: {message}");
        assert!(!message.contains("canary") && !message.contains("pool"), "{says:?}: {message}");
    }
}

#[tokio::test]
async fn c42_a_missing_server_or_one_without_encryption_gives_an_error_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").await.and_then(|free| free.local_addr()).expect("a port");
    let began = Instant::now();
    let refused = message_of(&free.to_string(), "").await;
    assert!(refused.contains(&free.to_string()) && refused.contains("refused"), "{refused}");
    assert!(refused.contains("check that it runs"), "{refused}");
    let lost = message_of("nowhere.invalid:5432", "").await;
    assert!(lost.contains("The name nowhere.invalid") && lost.contains("spelled correctly"), "{lost}");
    let socket = message_of(&free.to_string(), "&host=/nowhere").await;
    assert!(socket.contains("/nowhere") && socket.contains("socket"), "{socket}");
    let plain = server(Says::Bytes(b"N")).await;
    let url = format!("postgres://me:canary@{plain}/books?sslmode=require");
    let message = open(&url, 3, Limits::Request).await.expect_err("no encryption").to_string();
    assert!(message.contains("offers no encryption") && message.contains("sslmode=disable"), "{message}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[tokio::test]
async fn c42_a_server_that_does_not_answer_gives_an_error() {
    let address = server(Says::Nothing).await;
    let url = format!("postgres://me@{address}/books");
    let server = Server { options: Arc::new(parse(&url).expect("an address")), limits: Limits::Request };
    let refusal = server.probe().await.expect_err("no answer");
    assert!(
        refusal.silent && refusal.error.to_string().contains("does not answer within 2 seconds"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn c43_a_pooler_in_transaction_mode_is_named_and_one_in_session_mode_is_used() {
    let hint =
        "This looks like PgBouncer in transaction mode: use session mode, or connect to PostgreSQL itself";
    for says in [
        Says::Error("08P01", "unsupported startup parameter: extra_float_digits"),
        Says::Error("08P01", "unsupported startup parameter in options: x"),
        Says::Error("42P05", "prepared statement \"sqlx_s_1\" already exists"),
        Says::Error("26000", "prepared statement \"sqlx_s_1\" does not exist"),
        Says::Sessions { shared: true },
    ] {
        let address = server(says).await;
        let message = message_of(&address, "").await;
        assert!(message.contains(hint) && message.contains(&address), "{says:?}: {message}");
    }
    sessions().await;
}

/// A pool at a server that gives each connection a session of its own.
async fn sessions() -> Pool {
    let address = server(Says::Sessions { shared: false }).await;
    let url = format!("postgres://me@{address}/books?sslmode=disable");
    open(&url, 3, Limits::Request).await.expect("each connection has its own session")
}

#[tokio::test]
async fn c44_a_server_that_stops_answering_gives_an_error_in_time_and_other_connections_still_work() {
    let pool = sessions().await;
    pool.execute_unprepared("SELECT 1").await.expect("an answer");
    let began = Instant::now();
    let hanging = pool.execute_unprepared("SELECT hang");
    let other = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pool.execute_unprepared("SELECT 2").await
    };
    let (hung, other) = tokio::join!(hanging, other);
    other.expect("an answer");
    let message = crate::platform::database::DatabaseError(hung.expect_err("no answer"));
    assert!(
        message.is_outage() && message.to_string().contains("did not answer within 8 seconds"),
        "{message}"
    );
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    pool.execute_unprepared("SELECT 3").await.expect("an answer");
}
