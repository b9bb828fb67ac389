//! The hashed assets of the folder `site/`. [`Assets::load`] reads them into memory at the start;
//! [`Assets::serve`] answers requests.

use std::{collections::HashMap, path::Path, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

/// All files of `site/`, by path.
#[derive(Clone, Default)]
pub struct Assets(Arc<Inner>);

#[derive(Default)]
struct Inner {
    files: HashMap<String, Asset>,
    name: Option<String>,
}

struct Asset {
    content_type: &'static str,
    plain: axum::body::Bytes,
    brotli: Option<axum::body::Bytes>,
    immutable: bool,
}

impl Assets {
    /// Reads all files of a folder.
    ///
    /// # Errors
    /// If the folder cannot be read, or holds no script, as after an unfinished build.
    pub fn load(folder: &Path) -> std::io::Result<Self> {
        let mut inner = Inner::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(current) = folders.pop() {
            for entry in std::fs::read_dir(&current)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
                let Some(content_type) = content_type(&name) else { continue };
                let brotli = std::fs::read(format!("{}.br", path.display())).ok();
                let name = format!("/{name}");
                if let Some(stem) = name.strip_prefix("/pkg/").and_then(|name| name.strip_suffix(".js"))
                    && !stem.contains('/')
                {
                    inner.name = Some(stem.to_owned());
                }
                let asset = Asset {
                    content_type,
                    plain: std::fs::read(&path)?.into(),
                    brotli: brotli.map(Into::into),
                    immutable: name.starts_with("/pkg/"),
                };
                inner.files.insert(name, asset);
            }
        }
        if inner.name.is_none() {
            return Err(std::io::Error::other("it holds no script in pkg/"));
        }
        Ok(Self(Arc::new(inner)))
    }

    /// The file name that the build gave to script, WebAssembly and style sheet: `mail360.<hash>`.
    pub fn name(&self) -> &str {
        self.0.name.as_deref().unwrap_or("mail360")
    }

    /// The response for this path; `None` if there is no such file.
    pub fn serve(&self, path: &str, headers: &HeaderMap) -> Option<Response> {
        let asset = self.0.files.get(path)?;
        let takes_brotli = headers
            .get(header::ACCEPT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.split(',').any(|coding| coding.trim() == "br"));
        let mut response = match asset.brotli.as_ref().filter(|_| takes_brotli) {
            Some(body) => ([(header::CONTENT_ENCODING, "br")], Body::from(body.clone())).into_response(),
            None => Body::from(asset.plain.clone()).into_response(),
        };
        *response.status_mut() = StatusCode::OK;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static(if asset.immutable {
                // The name contains a hash of the content, so the content behind it never changes.
                "public, max-age=31536000, immutable, no-transform"
            } else {
                "public, max-age=3600, no-transform"
            }),
        );
        Some(response)
    }
}

fn content_type(name: &str) -> Option<&'static str> {
    Some(match name.rsplit('.').next()? {
        "css" => "text/css; charset=utf-8",
        "ico" => "image/x-icon",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        // Unknown files, such as the `.br` beside each file, are not served by themselves.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_served_compressed_if_the_browser_accepts_it_and_are_immutable() {
        let folder = tempfile::tempdir().expect("a folder");
        let pkg = folder.path().join("pkg");
        std::fs::create_dir(&pkg).expect("a folder");
        std::fs::write(pkg.join("mail360.abc.js"), "plain").expect("a file");
        std::fs::write(pkg.join("mail360.abc.js.br"), "small").expect("a file");
        let assets = Assets::load(folder.path()).expect("assets");

        assert_eq!(assets.name(), "mail360.abc");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"));
        let response = assets.serve("/pkg/mail360.abc.js", &headers).expect("an asset");
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert!(response.headers()[header::CACHE_CONTROL].to_str().expect("text").contains("immutable"));
        assert!(assets.serve("/pkg/mail360.abc.js.br", &headers).is_none());
        assert!(assets.serve("/pkg/../pkg/mail360.abc.js", &headers).is_none());
    }

    #[test]
    fn a_folder_without_a_script_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Assets::load(folder.path()).is_err());
    }
}
