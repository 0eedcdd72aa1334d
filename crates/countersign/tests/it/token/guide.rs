//! The lines of docs/tokens-on-the-command-line.md are run as they stand, in one shell.

use std::{env, fs, path::Path, process::Command};

use crate::server::text;

const GUIDE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tokens-on-the-command-line.md");

/// The blocks of shell lines, one after the other.
fn lines(page: &str) -> String {
    let mut script = String::new();
    for block in page.split("```sh\n").skip(1) {
        script.push_str(block.split("```").next().unwrap());
    }
    script
}

#[test]
fn the_guides_lines_run() {
    let page = fs::read_to_string(GUIDE).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_countersign")).parent().unwrap();
    let path = env::join_paths([program, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let output = Command::new("bash")
        .args(["-euxo", "pipefail", "-c", &lines(&page)])
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", path)
        .output()
        .unwrap();
    let (shown, log) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{shown}{log}");
    // What the page says that they answer.
    for block in page.split("```text\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            let line = line.trim_end_matches('…').trim_end();
            assert!(shown.contains(line), "{line:?} was not answered:\n{shown}");
        }
    }
}
