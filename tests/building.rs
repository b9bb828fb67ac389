//! The build of the program, and the scripts that `make` runs.

#![expect(clippy::expect_used, reason = "a test ends where what it needs is not there")]

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect(path)
}

/// The version of a package in a lock file.
fn locked(lock_file: &str, package: &str) -> String {
    let lock = read(lock_file);
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \"")).expect(package);
    rest.split_once('"').expect("its end").0.to_owned()
}

#[test]
fn n23_the_command_wasm_bindgen_is_built_from_a_lock_file_with_the_librarys_version() {
    let library = locked("Cargo.lock", "wasm-bindgen");
    for package in ["wasm-bindgen-cli", "wasm-bindgen-cli-support"] {
        assert_eq!(locked("scripts/wasm-bindgen/Cargo.lock", package), library, "{package}");
    }
    let manifest = read("scripts/wasm-bindgen/Cargo.toml");
    assert!(manifest.contains(&format!("wasm-bindgen-cli = {{ version = \"={library}\"")), "{manifest}");
}

#[test]
fn n23_everything_that_the_scripts_install_is_locked() {
    for script in fs::read_dir(root().join("scripts")).expect("the scripts") {
        let path = script.expect("one").path();
        if path.extension().is_none_or(|extension| extension != "sh") {
            continue;
        }
        let text = fs::read_to_string(&path).expect("text").replace("\\\n", " ");
        for line in
            text.lines().filter(|line| line.contains("cargo install ") && !line.trim().starts_with('#'))
        {
            assert!(line.contains("--locked"), "{}: {line}", path.display());
        }
    }
}

#[test]
fn n23_make_test_checks_dependencies_and_refuses_yanked_ones() {
    assert!(read("deny.toml").contains("yanked = \"deny\""));
    let script = read("scripts/test.sh");
    assert!(script.contains("check bans licenses sources"));
    // In `all` and in `fast`.
    assert_eq!(script.lines().filter(|line| line.trim() == "dependencies").count(), 2);
}

#[test]
fn only_the_browsers_half_is_linked_as_a_cdylib() {
    // In the manifest it would hold for every build of the server too.
    assert!(!read("Cargo.toml").contains("crate-type"));
    assert!(
        read("scripts/build.sh")
            .contains("--lib --crate-type cdylib --no-default-features --features hydrate")
    );
}

/// Runs a script beside a build script that only prints that it ran.
fn run(folder: &Path, script: &str, settings: &[(&str, &str)]) -> Output {
    let scripts = folder.join("scripts");
    fs::create_dir_all(&scripts).expect("a folder");
    for name in ["lib.sh", script] {
        fs::copy(root().join("scripts").join(name), scripts.join(name)).expect(name);
    }
    fs::write(scripts.join("build.sh"), "#!/bin/sh\necho BUILT\nexit 7\n").expect("a script");
    let build = Command::new("chmod").arg("+x").arg(scripts.join("build.sh")).status().expect("chmod");
    assert!(build.success());
    Command::new("bash")
        .arg(scripts.join(script))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("a path"))
        .env("MAIL360_CACHE", folder.join("cache"))
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("bash")
}

#[test]
fn run_and_demo_check_the_port_before_they_build_and_name_the_setting_that_changes_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().map(|address| (taken, address.port())).expect("an address");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let folder = tempfile::tempdir().expect("a folder");
    for (script, listen, provider, refused) in [
        ("run.sh", format!("127.0.0.1:{}", taken.1), free, true),
        ("run.sh", format!("0.0.0.0:{}", taken.1), free, true),
        ("run.sh", format!("127.0.0.1:{free}"), free, false),
        ("demo.sh", format!("127.0.0.1:{}", taken.1), free, true),
        ("demo.sh", format!("127.0.0.1:{free}"), taken.1, true),
        ("demo.sh", format!("127.0.0.1:{free}"), free, false),
    ] {
        let provider = provider.to_string();
        let settings = [("MAIL360_LISTEN", listen.as_str()), ("DEMO_PROVIDER_PORT", provider.as_str())];
        let output = run(folder.path(), script, &settings);
        let [said, errors] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
        assert_eq!(said.contains("BUILT"), !refused, "{script} {listen} {provider}: {said}{errors}");
        if refused {
            assert!(errors.contains(&format!("port {} already", taken.1)), "{errors}");
            assert!(errors.contains("MAIL360_LISTEN=") && !output.status.success(), "{errors}");
        }
    }
}

#[test]
fn n24_the_unit_in_the_readme_removes_the_rights_that_the_program_does_not_need() {
    let readme = read("README.md");
    let (_, rest) = readme.split_once("[Service]\n").expect("a unit");
    let unit: Vec<_> = rest.split_once("[Install]").expect("its end").0.lines().collect();
    for line in [
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "ProtectSystem=strict",
        "StateDirectory=mail360",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "MemoryDenyWriteExecute=yes",
        "LoadCredential=encryption.key:/etc/mail360.key",
        "Environment=MAIL360_ENCRYPTION_KEY_FILE=%d/encryption.key",
    ] {
        assert!(unit.contains(&line), "{line} is missing");
    }
    assert!(unit.iter().any(|line| line.starts_with("MemoryMax=")));
    // A database that starts later or is away for long does not end the service.
    assert!(unit.contains(&"RestartSec=5s") && readme.contains("\nStartLimitIntervalSec=0\n\n[Service]"));
    assert!(readme.contains("\nAfter=network-online.target postgresql.service\n"));
}
