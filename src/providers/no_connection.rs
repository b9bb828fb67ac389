//! Explains why a provider could not be reached. The causes are the same for all providers.

use super::{
    NoConnection,
    diagnosis::{Diagnosis, Remedy, Who},
};

/// The explanation of a failed connection to this host. `usual` is that of the refusal without a cause.
pub(super) fn explain(usual: Diagnosis, host: &str, cause: NoConnection) -> Diagnosis {
    let (what, next) = match cause {
        NoConnection::NameNotFound => (
            format!("The name {host} was not found."),
            "Check the name service (DNS) of the server that runs this program, and the configured addresses. Where \
             only a proxy leads out, name it in HTTPS_PROXY.",
        ),
        NoConnection::Refused => (
            format!("The connection to {host} was refused."),
            "Check the firewall. Where only a proxy leads out, name it in HTTPS_PROXY.",
        ),
        NoConnection::TimedOut => (
            format!("No connection to {host} could be opened within some seconds."),
            "A firewall drops it, most often. Let the server reach the host on port 443, or name the proxy that leads \
             out in HTTPS_PROXY.",
        ),
        NoConnection::NoRoute => (
            format!("There is no route to {host}."),
            "Check the network of the server that runs this program. Where only a proxy leads out, name it in \
             HTTPS_PROXY.",
        ),
        NoConnection::Certificate => (
            format!("The TLS certificate of {host} is not trusted, so nothing was sent."),
            "Where a proxy of the company opens TLS connections, add its CA certificate to this system, or name a file \
             of certificates in SSL_CERT_FILE.",
        ),
        NoConnection::CertificateOutOfDate => (
            format!(
                "By the server’s clock the TLS certificate of {host} is expired or not valid yet, so nothing was sent."
            ),
            "Compare the clock of the server that runs this program with the right time, and set it, best by a time \
             service (NTP). If it is right, a proxy shows an old certificate of its own.",
        ),
        NoConnection::CertificateOfAnother => (
            format!("The TLS certificate at {host} is for another name, so nothing was sent."),
            "Something answers in the host’s place: check the name service (DNS), the configured addresses, and look \
             for a proxy or a log-in page of the network.",
        ),
        NoConnection::Tls => (
            format!("The TLS connection to {host} failed, so nothing was sent."),
            "Look for a proxy or firewall that answers in the host’s place.",
        ),
        NoConnection::ProxyLogin => (
            format!("The proxy on the way to {host} asks for a user and password (407)."),
            "Put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), or let the proxy pass this host without \
             them. If they are there already, one of them is wrong, or the password has a character that must be written in \
             another way (@ as %40, : as %3A, / as %2F, # as %23, % as %25), or the proxy wants NTLM or Kerberos, \
             which this program does not speak.",
        ),
        NoConnection::ProxyRefused => (
            format!("The proxy did not open a connection to {host}."),
            "Let the proxy pass this host, or name it in NO_PROXY where it can be reached directly.",
        ),
        NoConnection::ProxyNameNotFound => (
            format!("The name of the proxy that leads to {host} was not found."),
            "See that HTTPS_PROXY names it rightly (http://HOST:PORT), and check the name service (DNS) of the server \
             that runs this program.",
        ),
        NoConnection::ProxyUnreachable => (
            format!(
                "The proxy that leads to {host} cannot be reached: it refused the connection, did not answer, or \
                 there is no route to it."
            ),
            "See that HTTPS_PROXY has its host and port, that the proxy runs, and that no firewall is between. Where \
             the host can be reached directly, name it in NO_PROXY.",
        ),
        NoConnection::BrokenOff => {
            return Diagnosis { what: format!("The connection to {host} broke off. {NOT_CHANGED}"), ..usual };
        }
        NoConnection::Other => return usual,
    };
    let next = format!("{next} Then sign in again.");
    usual.known_to_be(format!("{what} {NOT_CHANGED}"), Who::Operator, next, Remedy::Message)
}

const NOT_CHANGED: &str = "The connector was not changed.";
