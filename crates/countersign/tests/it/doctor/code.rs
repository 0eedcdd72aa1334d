//! `doctor --code`: the programs of the guides, well-made ones, and what shall make it stumble.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{code, doctor, messages, rules};
use crate::server::{Place, text};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/doctor")
}

/// What a fixture says is wrong in it: `#: S1, S2` behind a line.
fn expected(source: &str) -> BTreeSet<(u64, String)> {
    let mut expected = BTreeSet::new();
    for (line, text) in (1..).zip(source.lines()) {
        let Some((_, ids)) = text.split_once("#: ") else { continue };
        expected.extend(ids.split(", ").map(|id| (line, id.to_owned())));
    }
    expected
}

fn found(found: &Value) -> BTreeSet<(u64, String)> {
    let findings = found["findings"].as_array().unwrap().iter();
    let place = |finding: &Value| {
        let line = finding["place"]["line"].as_u64().unwrap();
        (line, finding["rule"].as_str().unwrap().to_owned())
    };
    findings.map(place).collect()
}

#[test]
fn every_fault_of_the_guides_is_found_in_its_line_and_nothing_else() {
    let place = Place::new();
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let expected = expected(&fs::read_to_string(&path).unwrap());
        let (status, answer) = doctor(&place, &["--code", path.to_str().unwrap()]);
        let found = found(&answer);
        let name = path.display();
        let missed: Vec<_> = expected.difference(&found).collect();
        let invented: Vec<_> = found.difference(&expected).collect();
        assert!(missed.is_empty(), "{name}: not found: {missed:?}");
        assert!(invented.is_empty(), "{name}: found, but not there: {invented:?}");
        assert_eq!(status, i32::from(!expected.is_empty()), "{name}");
        all.extend(expected.into_iter().map(|(_, id)| id));
    }
    // Every mistake that the guides make has a line in a fixture.
    for number in (1..=13).filter(|number| *number != 12) {
        assert!(all.contains(&format!("S{number}")), "S{number} is in no fixture");
    }
}

#[test]
fn nothing_is_found_in_what_we_show_and_ship() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in ["examples", "python/src"] {
        let folder = root.join(folder);
        let (status, answer) = doctor(&Place::new(), &["--code", folder.to_str().unwrap()]);
        let checked = answer["checked"].as_str().unwrap().split_once(' ').unwrap().0;
        assert!(checked.parse::<u32>().unwrap() > 10, "{answer}");
        assert_eq!((status, found(&answer)), (0, BTreeSet::new()), "{}", folder.display());
    }
}

#[test]
fn a_place_has_line_and_column_and_a_finding_its_reason_and_mend() {
    let place = Place::new();
    fs::write(place.file("app.py"), "# ä\nx = 'ä'; SECRET_KEY = \"dev\"\n").unwrap();
    let (status, answer) = doctor(&place, &["--code", "app.py"]);
    let finding = &answer["findings"][0];
    assert_eq!(status, 1);
    assert_eq!(finding["rule"], "S1");
    assert_eq!(finding["severity"], "error");
    let at = &finding["place"];
    assert_eq!(
        (&at["file"], &at["line"], &at["column"]),
        (&"app.py".into(), &2.into(), &23.into())
    );
    assert_eq!(at["end_column"], 28);
    assert!(finding["reference"].as_str().unwrap().contains("RFC 8725"));
    assert!(finding["mend"].as_str().unwrap().contains("os.environ"));
    assert_eq!(answer["counts"]["error"], 1);
    let output = place.run(&["doctor", "--code", "app.py"]);
    let shown = text(&output.stdout);
    assert!(shown.contains("app.py:2:23") && shown.contains("1 file: 1 error"), "{shown}");
    assert!(!shown.contains('\u{1b}') && output.stderr.is_empty(), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(!shown.contains("\"dev\""), "the secret was repeated");
}

#[test]
fn findings_are_left_out_by_severity_rule_or_remark() {
    let place = Place::new();
    let source = "import jwt\nSECRET_KEY = 'dev'\njwt.encode({'exp': 1}, SECRET_KEY)\n";
    fs::write(place.file("app.py"), source).unwrap();
    let run = |args: &[&str]| doctor(&place, &[&["--code", "app.py"], args].concat());
    let set = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(rules(&run(&[]).1), set(&["S1", "S25"]));
    assert_eq!(rules(&run(&["--severity", "error"]).1), set(&["S1"]));
    assert_eq!(rules(&run(&["--ignore", "s1"]).1), set(&["S25"]));
    let (status, none) = run(&["--ignore", "S1", "--ignore", "S25"]);
    assert_eq!((status, rules(&none).len()), (0, 0));
    fs::write(place.file("app.py"), source.replace("'dev'\n", "'dev'  # countersign: allow S1\n"))
        .unwrap();
    assert_eq!(rules(&run(&[]).1), set(&["S25"]));
    let output = place.run(&["doctor", "--code", "app.py", "--ignore", "S99"]);
    assert_eq!(code(&output), 1);
    assert!(text(&output.stderr).contains("S99"));
}

#[test]
fn sarif_is_what_code_scanners_read() {
    let place = Place::new();
    fs::create_dir(place.file("my app")).unwrap();
    fs::write(place.file("my app/ä.py"), "SECRET_KEY = 'dev'\n").unwrap();
    let output = place.run(&["doctor", "--code", "my app", "--sarif"]);
    assert_eq!(code(&output), 1);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let result = &run["results"][0];
    let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    let rule = &run["tool"]["driver"]["rules"][index];
    assert_eq!((&rule["id"], &result["ruleId"]), (&"S1".into(), &"S1".into()));
    assert_eq!(result["level"], "error");
    assert!(result["message"]["text"].as_str().unwrap().starts_with("`SECRET_KEY` is"));
    let location = &result["locations"][0]["physicalLocation"];
    assert_eq!(location["artifactLocation"]["uri"], "my%20app/%C3%A4.py");
    assert_eq!(location["region"]["startLine"], 1);
    assert_eq!(location["region"]["startColumn"], 14);
    for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
        assert!(rule["help"]["text"].is_string() && rule["shortDescription"]["text"].is_string());
    }
    // A clean run is a log, too.
    let output = place.run(&["doctor", "--code", "my app", "--sarif", "--ignore", "S1"]);
    assert_eq!(code(&output), 0);
    let log: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(log["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn what_several_files_say_together_counts() {
    let place = Place::new();
    fs::create_dir(place.file("app")).unwrap();
    fs::write(place.file("app/revoked.py"), "BLOCKLIST = set()\n").unwrap();
    fs::write(place.file("app/limits.py"), "limiter = Limiter(key, default_limits=['9/hour'])\n")
        .unwrap();
    fs::write(
        place.file("app/views.py"),
        "from .revoked import BLOCKLIST\n@app.post('/login')\ndef login(): return check()\n\
         def out(jti): BLOCKLIST.add(jti)\ndef gone(jti): return jti in BLOCKLIST\n",
    )
    .unwrap();
    let whole = rules(&doctor(&place, &["--code", "app"]).1);
    assert!(!whole.contains("S17") && !whole.contains("S22"), "{whole:?}");
    assert!(rules(&doctor(&place, &["--code", "app/views.py"]).1).contains("S17"));
    assert!(rules(&doctor(&place, &["--code", "app/revoked.py"]).1).contains("S22"));
}

#[test]
fn links_pipes_and_other_peoples_code_are_no_trap() {
    let place = Place::new();
    let folder = place.file("src");
    for name in [".git", "node_modules", "venv", "tests", "pkg"] {
        fs::create_dir_all(folder.join(name)).unwrap();
        fs::write(folder.join(name).join("bad.py"), "SECRET_KEY = 'dev'\n").unwrap();
    }
    fs::write(folder.join("venv/pyvenv.cfg"), "").unwrap();
    fs::write(folder.join("test_app.py"), "SECRET_KEY = 'dev'\n").unwrap();
    // Up, to itself, to nowhere, and to a file that is there already.
    symlink("..", folder.join("pkg/up")).unwrap();
    symlink("loop", folder.join("pkg/loop")).unwrap();
    symlink("nowhere.py", folder.join("pkg/gone.py")).unwrap();
    symlink("bad.py", folder.join("pkg/again.py")).unwrap();
    let pipe = folder.join("pkg/pipe.py");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (_, answer) = doctor(&place, &["--code", "src"]);
    assert_eq!(answer["checked"], "1 file");
    assert_eq!(answer["findings"].as_array().unwrap().len(), 1);
    // What is named is checked, whatever it is called, and once.
    let (_, answer) =
        doctor(&place, &["--code", "src/tests/bad.py", "src/test_app.py", "src", "src/"]);
    assert_eq!(answer["findings"].as_array().unwrap().len(), 3);
    for path in ["nothing.py", "src/pkg/pipe.py"] {
        let output = place.run(&["doctor", "--code", path]);
        assert_eq!(code(&output), 1, "{path}");
        assert!(text(&output.stderr).contains(path), "{}", text(&output.stderr));
    }
}

#[test]
fn what_cannot_be_read_is_a_finding_and_no_crash() {
    let place = Place::new();
    let secret = "SECRET_KEY = 'dev'\n";
    let many = 100_000;
    for (name, content, rules_found) in [
        ("syntax.py", format!("{secret}def f(:\n"), &["F2", "S1"][..]),
        ("open.py", format!("{secret}x = {}", "(".repeat(many)), &["F2", "S1"]),
        (
            "deep.py",
            format!("{secret}x = {}{}\n", "(".repeat(many), ")".repeat(many)),
            &["F3", "S1"],
        ),
        ("chain.py", format!("{secret}x = a{}\n", ".b".repeat(many)), &["F3", "S1"]),
        ("large.py", format!("{secret}{}", "# more\n".repeat(many)), &["F3"]),
        ("empty.py", String::new(), &[]),
        ("nul.py", format!("{secret}\0\0\0"), &["F2", "S1"]),
        ("bom.py", format!("\u{feff}{secret}"), &["S1"]),
        ("crlf.py", "x = 1\r\nSECRET_KEY = 'dev'\r\n".to_owned(), &["S1"]),
    ] {
        fs::write(place.file(name), content).unwrap();
        let (_, answer) = doctor(&place, &["--code", name]);
        let expected: BTreeSet<String> = rules_found.iter().map(|&id| id.to_owned()).collect();
        assert_eq!(rules(&answer), expected, "{name}");
    }
    fs::write(place.file("latin.py"), b"# \xe4\nSECRET_KEY = 'dev'\n").unwrap();
    assert!(rules(&doctor(&place, &["--code", "latin.py"]).1).contains("F1"));
    fs::write(place.file("declared.py"), b"# coding: latin-1\n# \xe4\nSECRET_KEY = 'dev'\n")
        .unwrap();
    assert_eq!(messages(&doctor(&place, &["--code", "declared.py"]).1, "F1"), [""; 0]);
    fs::write(place.file("refused.py"), secret).unwrap();
    fs::set_permissions(place.file("refused.py"), fs::Permissions::from_mode(0o000)).unwrap();
    let (_, answer) = doctor(&place, &["--code", "refused.py"]);
    // Root may read everything.
    assert!(rules(&answer).contains("F1") || rules(&answer).contains("S1"));
}

/// Whatever a file repeats, checking it ends. Without its bounds each of these takes the square of the
/// file's size, or worse: minutes.
#[test]
fn no_file_takes_for_ever() {
    let place = Place::new();
    for (name, line) in [
        ("decodes", "jwt.decode(t, k);"),
        ("encodes", "payload.update(a=1); jwt.encode(payload, k)\n"),
        ("lists", "revoked = set()\n"),
        ("callers", "def f(a): f(a); return jwt.encode(a, SECRET)\n"),
        ("itself", "x = {'roles': 'b', **x}; jwt.encode(x, x)\n"),
        ("depends", "def f(a=Depends(f)):\n  p = jwt.decode(a, b)\n  return p\n"),
        ("headers", "h = jwt.get_unverified_header(h)\njwt.decode(h, h, algorithms=[h, h])\n"),
        ("garbage", "\u{1}('{["),
    ] {
        let start = "import jwt, flask\nfrom flask import request\n";
        let file = format!("{name}.py");
        let text = format!("{start}{}", line.repeat(96 * 1_024 / line.len()));
        fs::write(place.file(&file), text).unwrap();
        let mut command = place.command(&["doctor", "--code", &file, "--json"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("{name}: it does not end");
            }
            thread::sleep(Duration::from_millis(5));
        };
        assert!(matches!(status.code(), Some(0 | 1)), "{name}: {status}");
    }
}
