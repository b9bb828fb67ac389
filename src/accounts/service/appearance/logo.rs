//! A logo: which pictures are accepted. The bytes decide it, not the name of the file or what the browser says.

use crate::platform::randomness::Hash;

/// Maximum number of bytes of a logo.
pub const MAX_LOGO: usize = 100_000;

/// The format of a picture. SVG is none of them, because such a file may contain scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    Png,
    Jpeg,
    WebP,
}

impl PictureFormat {
    /// The format of a picture with these bytes, by its signature.
    fn of(bytes: &[u8]) -> Option<Self> {
        // The first chunk belongs to it (ISO/IEC 15948, 5.2 and 5.6).
        const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        match bytes {
            _ if bytes.starts_with(PNG) => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            // RFC 9649, 2.4 and 2.5.
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', b'V', b'P', b'8', ..] => {
                Some(Self::WebP)
            }
            _ => None,
        }
    }

    /// The media type under which the picture is served.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::WebP => "image/webp",
        }
    }
}

/// A picture that is accepted as a logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub format: PictureFormat,
    pub bytes: Vec<u8>,
}

impl Logo {
    /// Checks an uploaded file.
    ///
    /// # Errors
    /// What to change, as words for the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.is_empty() {
            return Err("Choose a file with your logo.");
        }
        if bytes.len() > MAX_LOGO {
            return Err("This file is too large. A logo may have up to 100 kB.");
        }
        let format = PictureFormat::of(bytes).ok_or(
            "This file is not a PNG, JPEG or WebP picture. Save your logo as PNG, and choose that file.",
        )?;
        Ok(Self { format, bytes: bytes.to_vec() })
    }

    /// The hash by which it is served. Another logo has another address, so browsers may keep it.
    pub fn hash(&self) -> Hash {
        Hash::of(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn png(length: usize) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.resize(length, 0);
        bytes
    }

    #[test]
    fn the_bytes_decide_the_format() {
        for (bytes, format) in [
            (png(100), Some(PictureFormat::Png)),
            (png(MAX_LOGO), Some(PictureFormat::Png)),
            (png(MAX_LOGO + 1), None),
            (png(100)[..10].to_vec(), None),
            (vec![0xff, 0xd8, 0xff, 0xe0, 0, 16], Some(PictureFormat::Jpeg)),
            (b"RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0".to_vec(), Some(PictureFormat::WebP)),
            (b"RIFF\x20\0\0\0WAVEfmt \x14\0\0\0".to_vec(), None),
            (Vec::new(), None),
            (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(), None),
            (b"<!DOCTYPE html><p>\x89PNG\r\n\x1a\n".to_vec(), None),
            (b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), None),
            (b"%PDF-1.7".to_vec(), None),
        ] {
            let found = Logo::parse(&bytes).ok().map(|logo| logo.format);
            assert_eq!(found, format, "{:?}", bytes.get(..20.min(bytes.len())));
        }
    }

    proptest! {
        #[test]
        fn no_file_makes_the_check_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Logo::parse(&bytes);
            let _ = Logo::parse(&[b"RIFF".as_slice(), &bytes].concat());
            let _ = Logo::parse(&[&[0xff, 0xd8, 0xff][..], &bytes].concat());
        }
    }
}
