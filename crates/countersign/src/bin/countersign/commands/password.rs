//! Where a password comes from: a prompt without echo, or standard input. Never an argument, which
//! every process on the machine could read.

use std::io::{self, IsTerminal, Read};

use secrecy::{ExposeSecret, SecretString};

use crate::failure::Failure;

/// More than any password has; what is longer the engine refuses.
const LONGEST: u64 = 4_096;

/// Reads a new password.
pub(super) fn read_new(from_stdin: bool) -> Result<SecretString, Failure> {
    if from_stdin {
        return read_stdin();
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::input(
            "there is no terminal to ask for the password: give it on standard input with \
             --password-stdin",
        ));
    }
    let first = prompt("Password: ")?;
    let second = prompt("Again: ")?;
    if first.expose_secret() == second.expose_secret() {
        Ok(first)
    } else {
        Err(Failure::input("the two passwords are not the same: try again"))
    }
}

fn prompt(text: &str) -> Result<SecretString, Failure> {
    rpassword::prompt_password(text)
        .map(SecretString::from)
        .map_err(|error| Failure::input(format!("the password cannot be read: {error}")))
}

/// Everything, less one line end.
fn read_stdin() -> Result<SecretString, Failure> {
    let mut text = String::new();
    io::stdin()
        .take(LONGEST + 1)
        .read_to_string(&mut text)
        .map_err(|error| Failure::input(format!("the password cannot be read: {error}")))?;
    let text = SecretString::from(text);
    let line = text.expose_secret();
    let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() {
        return Err(Failure::input("standard input has no password"));
    }
    Ok(SecretString::from(line))
}
