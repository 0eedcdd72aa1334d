//! The layering rules of ARCHITECTURE.md, checked.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Who may depend on whom, the whole list.
const EDGES: &[(&str, &[&str])] = &[
    ("countersign-jose", &[]),
    ("countersign-guard", &["countersign-jose"]),
    ("countersign-engine", &["countersign-guard", "countersign-jose"]),
    ("countersign-store", &["countersign-engine"]),
    ("countersign-python", &["countersign", "countersign-guard", "countersign-jose"]),
    ("countersign-http", &["countersign-engine", "countersign-guard", "countersign-jose"]),
    (
        "countersign",
        &[
            "countersign-engine",
            "countersign-guard",
            "countersign-http",
            "countersign-jose",
            "countersign-store",
        ],
    ),
];

/// Crates that only one room may mention.
const CONFINED: &[(&str, &[&str])] = &[
    ("rusqlite", &["countersign-store"]),
    // The binding is a host: it hands requests to the router and runs the engine.
    ("axum", &["countersign-guard", "countersign-http", "countersign", "countersign-python"]),
    (
        "tokio",
        &[
            "countersign-engine",
            "countersign-store",
            "countersign-http",
            "countersign",
            "countersign-python",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// The names that a package depends on; tests may use more.
fn dependencies(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().unwrap();
    let normal = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
    normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    sources(&root().join("crates"), &mut found);
    assert!(found.len() > 50, "the sources are not where they are looked for");
    found
}

#[test]
fn crates_depend_on_each_other_only_as_the_architecture_allows() {
    let packages = packages();
    for (name, allowed) in EDGES {
        let package = packages.iter().find(|package| package["name"] == *name).unwrap();
        let found = dependencies(package);
        let ours = found.iter().filter(|dependency| dependency.starts_with("countersign"));
        for edge in ours {
            assert!(allowed.contains(&edge.as_str()), "{name} -> {edge} is not allowed");
        }
    }
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        let known = EDGES.iter().any(|(known, _)| *known == name);
        assert!(known || !name.starts_with("countersign"), "{name} has no rule yet");
    }
}

#[test]
fn sql_http_and_the_runtime_stay_in_their_rooms() {
    for package in packages() {
        let name = package["name"].as_str().unwrap();
        if !name.starts_with("countersign") {
            continue;
        }
        for (confined, rooms) in CONFINED {
            let uses = dependencies(&package).contains(*confined);
            assert!(!uses || rooms.contains(&name), "{name} -> {confined} is not allowed");
        }
    }
}

#[test]
fn no_file_is_a_drawer() {
    for path in all_sources() {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let drawer = ["utils", "util", "common", "helpers", "misc", "prelude"].contains(&name);
        assert!(!drawer, "{}: name it after its idea", path.display());
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 800, "{} has {lines} lines: one idea a file", path.display());
    }
}

#[test]
fn sql_is_written_in_the_store_only() {
    let keyword = |line: &str| {
        ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "]
            .iter()
            .any(|statement| line.contains(&format!("\"{statement}")))
    };
    for path in all_sources() {
        let text = path.to_string_lossy().into_owned();
        if text.contains("/crates/store/") || text.contains("/tests/") {
            continue;
        }
        let source = fs::read_to_string(&path).unwrap();
        assert!(!source.lines().any(keyword), "{text} has SQL in it");
    }
}
