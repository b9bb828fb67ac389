//! A small replacement for the files that a build puts beside the program.

use std::{path::Path, sync::LazyLock};

use mail360::platform::assets::Assets;

static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, content: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, content).expect("a file");
    };
    file("pkg/mail360.js", "export default 1;");
    let sign = Path::new(env!("CARGO_MANIFEST_DIR")).join("public/favicon.svg");
    file("favicon.svg", &std::fs::read_to_string(sign).expect("the sign"));
    Assets::load(folder.path()).expect("assets")
});

/// Read into memory once.
pub fn assets() -> Assets {
    ASSETS.clone()
}
