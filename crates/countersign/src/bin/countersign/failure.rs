//! Why the command ends, in one line.

use std::{
    fmt,
    io::{self, Write},
    process::ExitCode,
};

use countersign::{ConfigError, Fault, OpenError, engine};

use crate::{output::printable, paint::Paint};

/// Why the command ends.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    fault: Fault,
    said: Said,
}

/// What has been said about it already.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Said {
    /// Nothing.
    Nothing,
    /// Everything; only the exit code is left.
    All,
    /// Nobody is there to hear it.
    NobodyHears,
}

impl Failure {
    /// The input must be changed.
    pub(crate) fn input(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), fault: Fault::Input, said: Said::Nothing }
    }

    /// The machine or the program failed.
    pub(crate) fn ours(message: impl fmt::Display) -> Self {
        Self { message: message.to_string(), fault: Fault::Ours, said: Said::Nothing }
    }

    /// The answer, which was printed, is that the input must be changed.
    pub(crate) fn found() -> Self {
        Self { said: Said::All, ..Self::input("something was found") }
    }

    /// Says it and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        match self.said {
            Said::NobodyHears => return ExitCode::SUCCESS,
            Said::All => {}
            Said::Nothing => self.say(),
        }
        match self.fault {
            Fault::Input => ExitCode::from(1),
            Fault::Ours => ExitCode::from(2),
        }
    }

    fn say(&self) {
        let label = Paint::stderr().bad("error");
        // When nobody can be told, the exit code still can.
        let _ = writeln!(io::stderr(), "{label}: {}", printable(&self.message));
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self { message: error.to_string(), fault: error.fault(), said: Said::Nothing }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::input(error)
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        if error.code().http_status() >= 500 { Self::ours(error) } else { Self::input(error) }
    }
}

/// Printing failed. A reader that has gone away (`countersign ... | head`) is no failure to report.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let gone = error.kind() == io::ErrorKind::BrokenPipe;
        let said = if gone { Said::NobodyHears } else { Said::Nothing };
        Self { said, ..Self::ours(format!("the output cannot be written: {error}")) }
    }
}
