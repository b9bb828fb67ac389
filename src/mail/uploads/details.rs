//! The sealed part of an upload's row: its key, and what the application says about the file.

use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{UploadId, chunk::ChunkKey};
use crate::{
    platform::{database::columns::Column, failure::Failure, id::OrganisationId},
    vault::{Place, Vault, VaultError, reseal::SealedColumn},
};

/// The keys of uploads, with the names of the files.
pub const SEALED_UPLOADS: SealedColumn = SealedColumn {
    column: Column { table: "uploads", column: "details" },
    what: "The key of the upload",
    remedy: "The application can upload the file again.",
    bound: None,
};

/// Maximum number of characters of the name of a file.
const MAX_NAME: usize = 255;

/// The name of a file, without folders and control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileName(String);

/// The text is not the name of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoFileName {
    Empty,
    /// It has more than 255 characters, a slash, a backslash or a control character.
    Unfit,
}

impl FileName {
    /// Parses a name. Blanks around it do not count.
    ///
    /// # Errors
    /// [`NoFileName`].
    pub fn parse(text: &str) -> Result<Self, NoFileName> {
        let name = text.trim();
        if name.is_empty() {
            return Err(NoFileName::Empty);
        }
        let is_unfit = |c: char| c.is_control() || matches!(c, '/' | '\\');
        if name.chars().count() > MAX_NAME || name.contains(is_unfit) {
            return Err(NoFileName::Unfit);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the sealed column has.
#[derive(Clone, Debug)]
pub(super) struct Details {
    pub name: String,
    pub content_type: Option<String>,
    pub key: ChunkKey,
}

/// [`Details`] as they are written.
#[derive(Serialize, Deserialize)]
struct Written {
    name: String,
    #[serde(rename = "type")]
    content_type: Option<String>,
    /// The bytes of the key, as base64.
    key: String,
}

fn place(organisation: OrganisationId, id: UploadId) -> Place {
    SEALED_UPLOADS.place(organisation.0, id.0)
}

impl Details {
    /// Seals them for the row of an upload.
    pub fn seal(
        &self,
        vault: &Vault,
        organisation: OrganisationId,
        id: UploadId,
    ) -> Result<Vec<u8>, Failure> {
        let written = Written {
            name: self.name.clone(),
            content_type: self.content_type.clone(),
            key: STANDARD.encode(self.key.bytes()),
        };
        let text = serde_json::to_string(&written).map_err(|error| Failure::unexpected(&error))?;
        let sealed = vault.seal(place(organisation, id), &SecretString::from(text));
        sealed.map_err(|error| Failure::unexpected(&error))
    }

    pub fn open(
        vault: &Vault,
        organisation: OrganisationId,
        id: UploadId,
        sealed: &[u8],
    ) -> Result<Self, Failure> {
        let unreadable =
            |error: VaultError| Failure::Unexpected(format!("the key of the upload {id}: {error}"));
        let text = vault.open(place(organisation, id), sealed).map_err(unreadable)?;
        let written: Written =
            serde_json::from_str(text.expose_secret()).map_err(|_| unreadable(VaultError::Form))?;
        let key = STANDARD.decode(&written.key).ok().and_then(|bytes| ChunkKey::from_bytes(&bytes));
        Ok(Self {
            name: written.name,
            content_type: written.content_type,
            key: key.ok_or_else(|| unreadable(VaultError::Form))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_file_is_taken_without_the_blanks_around_it() {
        for (text, name) in [
            ("test.png", "test.png"),
            (" Übersicht 2026.pdf ", "Übersicht 2026.pdf"),
            ("報告書.docx", "報告書.docx"),
            ("a:b?.txt", "a:b?.txt"),
        ] {
            assert_eq!(FileName::parse(text).as_ref().map(FileName::as_str), Ok(name));
        }
        let longest = "é".repeat(MAX_NAME);
        assert!(FileName::parse(&longest).is_ok());
    }

    #[test]
    fn a_text_that_is_empty_or_has_a_folder_is_no_name_of_a_file() {
        for text in ["", "  ", "\t\n"] {
            assert_eq!(FileName::parse(text), Err(NoFileName::Empty), "{text:?}");
        }
        let too_long = "é".repeat(MAX_NAME + 1);
        for text in ["../x", "a/b.txt", "C:\\x.txt", "a\nb", "a\0b", "\u{7f}", &too_long] {
            assert_eq!(FileName::parse(text), Err(NoFileName::Unfit), "{text:?}");
        }
    }
}
