//! Notices a request that gives the length of its body twice: by `Content-Length` and by `Transfer-Encoding`.
//!
//! A proxy that believes the one and a server that believes the other take different bytes for the next request
//! (request smuggling). hyper believes `Transfer-Encoding` and drops the other header before anybody sees it (RFC 9112,
//! 6.3), so that this looks at the bytes as they are read. Reading the request is hyper's job; nothing here decides
//! where a request ends.

use super::LengthTwice;

/// As much of a line as the names and values that count here need.
const MAX_LINE: usize = 64;

/// Follows the heads of the requests on one connection, up to the first with a `Transfer-Encoding`: the connection ends
/// with that request.
#[derive(Default)]
pub(super) struct Framing {
    state: State,
    line: Vec<u8>,
}

enum State {
    Head(Head),
    /// In a body; the number is that of its bytes that have not arrived.
    Body(u64),
    /// The rest of the bytes is not examined.
    Over,
}

#[derive(Default)]
struct Head {
    begun: bool,
    length: Option<u64>,
    coding: bool,
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Framing {
    /// Looks at bytes that were read. Tells of a head that ended in them and gave the length twice.
    pub fn look_at(&mut self, mut bytes: &[u8]) -> Option<LengthTwice> {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Over => return None,
                State::Body(left) => {
                    let skipped = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    bytes = bytes.get(skipped..).unwrap_or_default();
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.state = State::default();
                    }
                }
                State::Head(head) => {
                    let end = bytes.iter().position(|&byte| byte == b'\n');
                    let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
                    let room = MAX_LINE - self.line.len();
                    self.line.extend(line.iter().take(room));
                    bytes = rest;
                    if end.is_none() {
                        continue;
                    }
                    let line = self.line.trim_ascii();
                    // Empty lines before a request are skipped (RFC 9112, 2.2).
                    if !line.is_empty() || !head.begun {
                        head.read(line);
                    } else if head.coding {
                        let twice = head.length.map(|_| LengthTwice);
                        self.state = State::Over;
                        return twice;
                    } else {
                        self.state = match head.length {
                            Some(length) if length > 0 => State::Body(length),
                            _ => State::default(),
                        };
                    }
                    self.line.clear();
                }
            }
        }
        None
    }
}

impl Head {
    fn read(&mut self, line: &[u8]) {
        if !self.begun {
            self.begun = !line.is_empty();
            return;
        }
        let mut parts = line.splitn(2, |&byte| byte == b':');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { return };
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.coding = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            // hyper refuses a length that is not a number, and closes the connection.
            let value = str::from_utf8(value.trim_ascii()).unwrap_or_default();
            self.length = Some(value.parse().unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: &str = "Content-Length: 3\r\n";
    const CODING: &str = "Transfer-Encoding: chunked\r\n";

    fn request(fields: &[&str], body: &str) -> String {
        format!("POST /x?content-length:1 HTTP/1.1\r\nHost: x\r\n{}\r\n{body}", fields.concat())
    }

    /// Whether it is noticed, read in pieces of this many bytes.
    fn notices(text: &str, piece: usize) -> bool {
        let mut framing = Framing::default();
        let noticed = text.as_bytes().chunks(piece).filter(|piece| framing.look_at(piece).is_some()).count();
        assert!(noticed <= 1);
        noticed == 1
    }

    #[test]
    fn a_length_given_twice_is_noticed_wherever_the_request_is_on_the_connection() {
        let twice = request(&[LENGTH, CODING], "0\r\n\r\n");
        let one = request(&[LENGTH], "abc");
        let none = request(&[], "");
        let empty = request(&["content-length:0\r\n"], "");
        let long = request(&[&format!("x-padding: {}\r\n", "x".repeat(500)), LENGTH], "\r\n\r");
        for piece in [1, 2, 7, 1_000_000] {
            for before in [&[][..], &[&one, &none], &[&empty, &long, &none]] {
                let before: String = before.iter().map(|text| text.as_str()).collect();
                for (text, noticed) in [
                    (twice.clone(), true),
                    (request(&[CODING, LENGTH], ""), true),
                    (request(&["TRANSFER-encoding:chunked\n", "content-LENGTH:\t4 \n"], ""), true),
                    (format!("\r\n\r\n{twice}"), true),
                    (request(&[CODING], "0\r\n\r\n"), false),
                    (request(&[LENGTH, LENGTH], "abc"), false),
                    // Nothing in a body is a head.
                    (request(&["Content-Length: 200\r\n"], &format!("{twice:>200}")), false),
                    (request(&[CODING], &format!("80\r\n{twice}\r\n0\r\n\r\n")), false),
                    (format!("GET / HTTP/1.1\r\nx-content-length: 1\r\n{CODING}\r\n"), false),
                ] {
                    assert_eq!(notices(&format!("{before}{text}"), piece), noticed, "{before}{text}");
                }
            }
        }
    }
}
