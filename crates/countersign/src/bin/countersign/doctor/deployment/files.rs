//! D7, D17, D19: who may read and change the files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use countersign::config::TlsFiles;

use super::Subject;
use crate::{
    doctor::{Finding, Place, Rule, Severity},
    listen,
};

pub(super) const DATABASE: Rule = Rule {
    id: "D7",
    name: "database-permissions",
    title: "others can read or replace the database",
    severity: Severity::Error,
    why: "It holds password hashes and the audit log. Who may write its folder can put another database \
          in its place, with other users in it.",
    reference: "ASVS 13.2.2, 13.3.2, 14.2.4",
    mend: "A folder of its own that only the service's user may enter (chmod 700), and files that only \
           it may read (chmod 600).",
};

pub(super) const CONFIGURATION: Rule = Rule {
    id: "D17",
    name: "configuration-permissions",
    title: "others can read or change the configuration",
    severity: Severity::Warning,
    why: "Who may change it switches checks off at the next start. Who may read it reads the secrets, if \
          there are any in it.",
    reference: "ASVS 13.3.1, 13.3.2",
    mend: "chmod 640 or less, owned by root or the service's user; secrets by COUNTERSIGN_MASTER_KEY or a \
           file of their own.",
};

pub(super) const TLS: Rule = Rule {
    id: "D19",
    name: "tls-files",
    title: "the TLS key is exposed or cannot be used",
    severity: Severity::Error,
    why: "With the private key anybody can play this server; with one that does not fit it does not \
          start.",
    reference: "RFC 9325 7.1; ASVS 13.3.2, 12.1.1",
    mend: "chmod 600 on the key, owned by the service's user; a certificate chain and its key, both PEM.",
};

/// More is no configuration.
const LARGEST_CONFIGURATION: u64 = 1 << 20;

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    check_configuration(subject.file.as_deref(), findings);
    database(subject.path(), findings);
    let tls = subject.config.as_ref().ok().and_then(|config| config.server.tls.as_ref());
    if let Some(files) = tls {
        check_tls(files, findings);
    }
}

/// Who may read and change a configuration file.
pub(super) fn check_configuration(file: Option<&Path>, findings: &mut Vec<Finding>) {
    let Some((file, mode)) = file.and_then(|file| Some((file, mode(file)?))) else { return };
    let name = file.display().to_string();
    let mut report = |severity, message: String| {
        let finding = Finding::new(&CONFIGURATION, message).at(Some(Place::line(name.clone(), 1)));
        findings.push(finding.with_severity(severity));
    };
    if mode & 0o002 != 0 {
        report(Severity::Error, format!("everybody may change it (mode {mode:04o})"));
    } else if mode & 0o020 != 0 {
        report(Severity::Warning, format!("its group may change it (mode {mode:04o})"));
    }
    if mode & 0o004 != 0 && holds_secret(file) {
        report(
            Severity::Error,
            format!("there is a secret in it that everybody may read (mode {mode:04o})"),
        );
    }
}

/// A key that is a secret, or a URL with a password.
fn holds_secret(file: &Path) -> bool {
    let small = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= LARGEST_CONFIGURATION);
    let text = if small { fs::read_to_string(file).unwrap_or_default() } else { String::new() };
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    lines.any(|line| {
        let Some((key, value)) = line.split_once('=') else { return false };
        let key = key.trim().trim_matches('"').to_ascii_lowercase();
        let secret = ["secret", "password", "master_key"].iter().any(|part| key.ends_with(part));
        let authority = value.split_once("://").map_or("", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
        (secret && !value.trim().trim_matches('"').is_empty()) || user.contains(':')
    })
}

fn database(path: &Path, findings: &mut Vec<Finding>) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let file = PathBuf::from(name);
        let Some(mode) = mode(&file).filter(|mode| mode & 0o077 != 0) else { continue };
        let severity = if mode & 0o007 != 0 { Severity::Error } else { Severity::Warning };
        let who = if mode & 0o007 != 0 { "everybody" } else { "its group" };
        let message = format!("{} can be used by {who} (mode {mode:04o})", file.display());
        findings.push(Finding::new(&DATABASE, message).with_severity(severity));
    }
    check_folder(path, &DATABASE, findings);
}

/// Whether others may put another file in the place of this one.
pub(super) fn check_folder(file: &Path, rule: &'static Rule, findings: &mut Vec<Finding>) {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let Some(mode) = mode(folder) else { return };
    let name = folder.display();
    // In a sticky folder only owners may rename and delete.
    if mode & 0o002 != 0 && mode & 0o1000 == 0 {
        let message = format!("everybody may write the folder {name} (mode {mode:04o})");
        findings.push(Finding::new(rule, message).with_severity(Severity::Error));
    } else if mode & 0o002 != 0 {
        let message = format!("the folder {name} is shared by everybody (mode {mode:04o})");
        findings.push(Finding::new(rule, message).with_severity(Severity::Warning));
    } else if mode & 0o020 != 0 {
        let message = format!("the group may write the folder {name} (mode {mode:04o})");
        findings.push(Finding::new(rule, message).with_severity(Severity::Warning));
    }
}

fn check_tls(files: &TlsFiles, findings: &mut Vec<Finding>) {
    if let Some(mode) = mode(&files.key).filter(|mode| mode & 0o077 != 0) {
        let severity = if mode & 0o007 != 0 { Severity::Error } else { Severity::Warning };
        let name = files.key.display();
        let message = format!("others can read the private key {name} (mode {mode:04o})");
        findings.push(Finding::new(&TLS, message).with_severity(severity));
    }
    if let Err(failure) = listen::check_tls(files) {
        findings.push(Finding::new(&TLS, failure.to_string()));
    }
}

/// The permissions of a file; none when there is no such file, or no permissions.
#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;

    fs::metadata(path).ok().map(|metadata| metadata.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
