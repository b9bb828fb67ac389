//! What is checked before a call becomes a record: the permissions, the form of ids, the sender, the files,
//! and the size.

use super::{SendFailure, Sending, Shown, identity::Asked};
use crate::{
    accounts::service::{Account, AccountId},
    mail::{
        service::{MailFailure, Session},
        store::sends::{Holder, SendKind},
        uploads::{UploadId, UploadOwner},
    },
    people::access::Caller,
    platform::{id::OrganisationId, randomness::Randomness},
    providers::mailbox::{Address, Basis, MailError, MailProblem, Message, Outgoing, OutgoingFile, SendWay},
};

/// The domain of our Message-IDs for an account whose email has none.
const NO_DOMAIN: &str = "mail360.invalid";

/// What the check of a call has found.
pub(super) struct Judged {
    pub way: SendWay,
    /// With angle brackets; empty for a draft without one.
    pub message_id: String,
    pub draft: Option<String>,
    pub recipients: u32,
    pub is_large: bool,
    pub shown: Shown,
}

/// Asks the mailbox of a session, again after a new token or a throttle.
macro_rules! ask {
    ($session:expr, $method:ident $(, $argument:expr)*) => {
        loop {
            let mailbox = $session.mailbox();
            let answer = $session.limit_time(mailbox.$method(&$session.call() $(, $argument)*)).await;
            if let Some(answer) = $session.settle(answer).await? {
                break answer;
            }
        }
    };
}
pub(super) use ask;

impl Sending {
    /// Checks a call. The account is looked up within the caller's reach.
    pub(super) async fn judge(&self, caller: &Caller, asked: &Asked) -> Result<Judged, SendFailure> {
        let mut session = self.parts().mail.open(caller, asked.account).await?;
        match &asked.draft {
            Some(draft) => judge_draft(&mut session, draft).await,
            None => self.judge_message(&mut session, asked).await,
        }
    }

    async fn judge_message(&self, session: &mut Session, asked: &Asked) -> Result<Judged, SendFailure> {
        let message = &asked.request.message;
        let way = match asked.kind {
            SendKind::CreateDraft => SendWay::Draft,
            SendKind::Send | SendKind::SendDraft => session.mailbox().send_way(&session.lent().scopes)?,
        };
        session.mailbox().check_ids(message)?;
        check_sender(session, message.from.as_ref()).await?;
        let Asked { organisation, holder, account, .. } = *asked;
        let files = self.find_files(organisation, holder, account, &asked.request.files).await?;
        let is_large = check_size(session, way, message, &files)?;
        Ok(Judged {
            way,
            message_id: self.new_message_id(session.account(), message.from.as_ref()),
            draft: None,
            recipients: count_recipients(session, way, message).await?,
            is_large,
            shown: asked.request.shown.clone(),
        })
    }

    /// The uploads of a message, as files.
    ///
    /// # Errors
    /// [`SendFailure::UnknownUpload`].
    pub(super) async fn find_files(
        &self,
        organisation: OrganisationId,
        holder: Holder,
        account: AccountId,
        ids: &[UploadId],
    ) -> Result<Vec<OutgoingFile>, SendFailure> {
        let uploads = &self.parts().uploads;
        let mut files = Vec::with_capacity(ids.len());
        for id in ids {
            let unknown = || SendFailure::UnknownUpload { id: id.to_string() };
            // Only API clients have uploads.
            let Holder::Client(client) = holder else { return Err(unknown()) };
            let owner = UploadOwner { organisation, client, account };
            let upload = uploads.find(owner, *id).await?.ok_or_else(unknown)?;
            files.push(uploads.file(&upload));
        }
        Ok(files)
    }

    /// A Message-ID that no other message has. Its domain is that of the sender: that of our address would tell each
    /// recipient where this program runs.
    fn new_message_id(&self, account: &Account, from: Option<&Address>) -> String {
        let sender = from.map_or(&account.email, |from| &from.email);
        let domain = domain_of(sender).or_else(|| domain_of(&account.email));
        message_id(&*self.parts().randomness, domain.as_deref().unwrap_or(NO_DOMAIN))
    }
}

fn message_id(randomness: &dyn Randomness, domain: &str) -> String {
    let mut random = [0; 16];
    randomness.fill(&mut random);
    format!("<{:032x}@{domain}>", u128::from_be_bytes(random))
}

/// The domain of an email address, in ASCII.
fn domain_of(email: &str) -> Option<String> {
    let (_, domain) = email.rsplit_once('@')?;
    match url::Host::parse(domain).ok()? {
        url::Host::Domain(domain) => Some(domain),
        url::Host::Ipv4(_) | url::Host::Ipv6(_) => None,
    }
}

/// Reads a draft that is to be sent.
async fn judge_draft(session: &mut Session, draft: &str) -> Result<Judged, SendFailure> {
    session.mailbox().send_way(&session.lent().scopes)?;
    let message = ask!(session, get_draft, draft);
    let recipients = message.to.len() + message.cc.len() + message.bcc.len();
    Ok(Judged {
        // Reading it again decides after a doubt.
        way: SendWay::Draft,
        message_id: message.internet_message_id.clone().unwrap_or_default(),
        draft: Some(message.id.clone()),
        recipients: number(recipients),
        is_large: false,
        shown: shown_of(&message),
    })
}

fn shown_of(message: &Message) -> Shown {
    let from = message.from.as_ref().map(|from| from.email.clone());
    let to: Vec<&str> = message.to.iter().map(|to| to.email.as_str()).collect();
    Shown { from: from.unwrap_or_default(), to: to.join(","), subject: message.subject.clone() }
}

/// The provider replaces a sender that it does not know without saying so.
async fn check_sender(session: &mut Session, from: Option<&Address>) -> Result<(), SendFailure> {
    let Some(from) = from else { return Ok(()) };
    if is_same_address(&session.account().email, &from.email) {
        return Ok(());
    }
    let own = ask!(session, own_addresses);
    let is_own = own.iter().any(|own| is_same_address(own, &from.email));
    if is_own { Ok(()) } else { Err(SendFailure::FromUnknown) }
}

fn is_same_address(one: &str, other: &str) -> bool {
    one.trim().eq_ignore_ascii_case(other.trim())
}

/// Whether other companies may refuse the message because of its size.
fn check_size(
    session: &Session,
    way: SendWay,
    message: &Outgoing,
    files: &[OutgoingFile],
) -> Result<bool, SendFailure> {
    let mailbox = session.mailbox();
    let (limits, size) = (mailbox.send_limits(), mailbox.encoded_size(message, files));
    let max = match way {
        SendWay::Draft => limits.message,
        SendWay::Findable | SendWay::Blind => limits.without_draft.min(limits.message),
    };
    if size > max { Err(SendFailure::TooLarge { max }) } else { Ok(size > limits.warning) }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Number of recipients, for the activity. Those that a reply takes from its original are read where the permissions
/// allow it.
async fn count_recipients(
    session: &mut Session,
    way: SendWay,
    message: &Outgoing,
) -> Result<u32, SendFailure> {
    let named = number(message.to.len() + message.cc.len() + message.bcc.len());
    if !message.to.is_empty() {
        return Ok(named);
    }
    let taken = match &message.basis {
        Basis::New | Basis::Forward(_) => 0,
        Basis::Reply(_) => 1,
        Basis::ReplyAll(_) if way == SendWay::Blind => 1,
        Basis::ReplyAll(original) => recipients_of_reply(session, original).await?,
    };
    Ok(named.saturating_add(taken))
}

/// The recipients of the original but the mailbox itself, and its sender: as many as its recipients.
async fn recipients_of_reply(session: &mut Session, original: &str) -> Result<u32, SendFailure> {
    let answer: Result<Message, MailError> = loop {
        let mailbox = session.mailbox();
        let answer = session.limit_time(mailbox.get_message(&session.call(), original)).await;
        match session.settle(answer).await {
            Ok(Some(original)) => break Ok(original),
            Ok(None) => {}
            Err(MailFailure::Mail(error)) => break Err(error),
            Err(failure) => return Err(failure.into()),
        }
    };
    match answer {
        Ok(original) => Ok(number(original.to.len() + original.cc.len()).max(1)),
        Err(error) if error.problem == MailProblem::NotFound => Err(error.into()),
        // It is only for the record.
        Err(_) => Ok(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::randomness::SystemRandomness;

    #[test]
    fn a_message_id_has_128_random_bits_and_the_domain_of_the_sender_in_ascii() {
        for (email, domain) in [
            ("grace@contoso.test", Some("contoso.test")),
            ("grace@Contoso.TEST", Some("contoso.test")),
            ("\"a@b\"@contoso.test", Some("contoso.test")),
            ("grace@bücher.test", Some("xn--bcher-kva.test")),
            ("grace@[192.0.2.1]", None),
            ("grace@192.0.2.1", None),
            ("grace@a b", None),
            ("grace@", None),
            ("grace", None),
            ("grace@contoso.test>\r\nBcc: x", None),
        ] {
            assert_eq!(domain_of(email).as_deref(), domain, "{email}");
        }
        let ids: std::collections::HashSet<_> =
            (0..1_000).map(|_| message_id(&SystemRandomness, "contoso.test")).collect();
        assert_eq!(ids.len(), 1_000);
        for id in ids {
            let (random, domain) = id.trim_matches(['<', '>']).split_once('@').expect("two parts");
            assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
            assert_eq!(domain, "contoso.test");
        }
    }

    #[test]
    fn addresses_are_compared_without_upper_and_lower_case() {
        assert!(is_same_address("Grace@Contoso.test ", "grace@contoso.TEST"));
        assert!(!is_same_address("grace@contoso.test", "grace@contoso.test.evil.test"));
    }
}
