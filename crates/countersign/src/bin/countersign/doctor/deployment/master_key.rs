//! D5 and D6: the master keys, and the file that they stand in.

use countersign::{
    MasterKeyError, config::MasterKeySource, engine::master::MasterKeys, read_master_keys,
};

use super::{Subject, files};
use crate::doctor::{Finding, Rule, Severity};

pub(super) const WEAK: Rule = Rule {
    id: "D5",
    name: "master-key-weak",
    title: "a master key can be guessed, or is not this database's",
    severity: Severity::Error,
    why: "Signing keys are encrypted under it and refresh tokens are made with it: whoever has it and the \
          database is every user.",
    reference: "RFC 8725 3.5; ASVS 11.2.3, 11.5.1, 13.3.1",
    mend: "32 bytes from a random generator: printf '2:%s\\n' \"$(openssl rand -base64 32 | tr '+/' '-_' | \
           tr -d =)\", put before the old one (id:new,id:old). If the old one was seen, make all \
           sessions and keys anew.",
};

pub(super) const FILE: Rule = Rule {
    id: "D6",
    name: "master-key-file-exposed",
    title: "the master key file is exposed, missing or damaged",
    severity: Severity::Error,
    why: "Whoever can read it can forge tokens with a copy of the database; without it the database \
          cannot be used.",
    reference: "ASVS 13.3.1, 13.3.2",
    mend: "chmod 600, the owner the service's user, a backup apart from the database's. If others could \
           read it, treat it as stolen.",
};

pub(super) fn check(subject: &Subject, findings: &mut Vec<Finding>) {
    let Ok(config) = &subject.config else { return };
    match read_master_keys(&config.master_key, &subject.database_url) {
        Ok(Some(keys)) => check_keys(subject, &keys, findings),
        Ok(None) if has_data(subject) => {
            let message = "the database has data, and its master key is missing";
            findings.push(Finding::new(&FILE, message));
        }
        // It is made with the database.
        Ok(None) => {}
        Err(error @ MasterKeyError::Text { .. }) => {
            findings.push(Finding::new(&WEAK, error.to_string()));
        }
        Err(error) => findings.push(Finding::new(&FILE, error.to_string())),
    }
    if let MasterKeySource::File(path) = &config.master_key {
        files::check_folder(path, &FILE, findings);
    }
}

fn check_keys(subject: &Subject, keys: &MasterKeys, findings: &mut Vec<Finding>) {
    for id in keys.guessable() {
        let message = format!("master key {id} is no random one: it is text, or a pattern");
        findings.push(Finding::new(&WEAK, message));
    }
    let Some(meta) = subject.readable_database().and_then(|found| found.meta.as_ref()) else {
        return;
    };
    for (id, check) in keys.checks() {
        if meta.key_checks.get(&id).is_some_and(|known| *known != check) {
            let message = format!("master key {id} is not the one that the database was made with");
            findings.push(Finding::new(&WEAK, message));
        }
    }
    let missing = meta.key_checks.keys().filter(|id| !keys.ids().any(|known| known == **id));
    for id in missing {
        let message =
            format!("the database was also used with master key {id}, which is not given");
        findings.push(Finding::new(&WEAK, message).with_severity(Severity::Warning));
    }
}

fn has_data(subject: &Subject) -> bool {
    subject.readable_database().is_some_and(|found| found.meta.is_some())
}
