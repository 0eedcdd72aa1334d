//! CSV (RFC 4180) with a header. An empty cell says nothing.

use ::countersign::engine::ops::import_users::ImportUser;
use ::csv::ReaderBuilder;

use super::{cells, refusals::Problem};
use crate::failure::Failure;

/// The columns there are.
pub(super) const COLUMNS: [&str; 10] = [
    "username",
    "password_hash",
    "password",
    "email",
    "roles",
    "scopes",
    "claims",
    "disabled",
    "created_at",
    "id",
];

/// The columns of a file, in their order.
#[derive(Debug)]
pub(super) struct Header(Vec<&'static str>);

impl Header {
    /// Reads the first row.
    pub(super) fn read(line: u64, bytes: &[u8]) -> Result<Self, Failure> {
        let refuse = |problem: String| Err(Failure::input(format!("line {line}: {problem}")));
        let Ok(text) = std::str::from_utf8(bytes) else {
            return refuse("the header is no UTF-8: save the file as UTF-8".into());
        };
        let Some(cells) = fields(text.trim_start_matches('\u{feff}').as_bytes()) else {
            return refuse("the header is no row of CSV".into());
        };
        if let ([only], true) = (cells.as_slice(), text.contains([';', '\t'])) {
            let shown: String = only.chars().take(40).flat_map(char::escape_debug).collect();
            return refuse(format!(
                "`{shown}` is separated by something else: save it with commas"
            ));
        }
        let mut columns: Vec<&'static str> = Vec::with_capacity(cells.len());
        for cell in &cells {
            let name = cell.trim().to_ascii_lowercase();
            let Some(column) = COLUMNS.into_iter().find(|known| *known == name) else {
                return refuse(unknown(&name));
            };
            if columns.contains(&column) {
                return refuse(format!("the column `{column}` is there twice: keep one"));
            }
            columns.push(column);
        }
        if columns.contains(&"username") {
            Ok(Self(columns))
        } else {
            refuse("there is no column `username`: the first line names the columns".into())
        }
    }

    /// Reads a row. An empty one is none.
    pub(super) fn user(&self, text: &str) -> Result<Option<ImportUser>, Problem> {
        let broken = || {
            let mend = "Write a field with quotes as \"...\", and each quote in it twice.";
            Problem::of_row("it is no row of CSV", mend)
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        let cells = fields(text.as_bytes()).ok_or_else(broken)?;
        if cells.len() != self.0.len() {
            let reason = format!("it has {} fields, the header has {}", cells.len(), self.0.len());
            let mend =
                "Quote fields that have commas in them, and write a comma for each empty field.";
            return Err(Problem::of_row(reason, mend));
        }
        let mut user = ImportUser::default();
        for (column, cell) in self.0.iter().zip(&cells) {
            set(&mut user, column, cell)?;
        }
        if user.username.is_empty() {
            let reason = "it is empty";
            return Err(Problem::new(
                "username",
                reason,
                "Give the user a name, or take the row out.",
            ));
        }
        Ok(Some(user))
    }
}

/// What an unknown column most likely means.
pub(super) fn unknown(name: &str) -> String {
    let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
    let mend = match name {
        "is_active" | "active" | "enabled" => "name it `disabled` and turn its values round",
        "hash" | "hashed_password" | "passwordhash" | "encrypted_password" => {
            "name it `password_hash`"
        }
        "user" | "name" | "login" | "user_name" => "name it `username`",
        "mail" | "email_address" => "name it `email`",
        "role" | "groups" => "name it `roles`",
        "uuid" | "user_id" => "name it `id`",
        "created" | "date_joined" | "createdat" => "name it `created_at`",
        _ => "take it out, or put it into `claims`",
    };
    format!("the column `{shown}` is not known: {mend}. There are {}", COLUMNS.join(", "))
}

fn set(user: &mut ImportUser, column: &str, cell: &str) -> Result<(), Problem> {
    // Passwords are taken as they are; spaces around anything else are an export's.
    if column == "password" {
        user.password = Some(cell.into()).filter(|_| !cell.is_empty());
        return Ok(());
    }
    let cell = cell.trim();
    if cell.is_empty() {
        return Ok(());
    }
    match column {
        "username" => user.username = cell.to_owned(),
        "password_hash" => user.password_hash = Some(cell.into()),
        "email" => user.email = Some(cell.to_owned()),
        "roles" => user.roles = Some(cells::names("roles", cell)?),
        "scopes" => user.scopes = Some(cells::names("scopes", cell)?),
        "claims" => user.claims = Some(cells::claims(cell)?),
        "disabled" => user.disabled = Some(cells::truth("disabled", cell)?),
        "created_at" => user.created_at = Some(cells::instant(cell)?),
        _ => user.id = Some(cell.to_owned()),
    }
    Ok(())
}

/// The fields of one row.
fn fields(row: &[u8]) -> Option<Vec<String>> {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(row.len().clamp(64, 8 * 1_024))
        .from_reader(row);
    let mut records = reader.records();
    let record = records.next()?.ok()?;
    Some(record.iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Result<Header, String> {
        Header::read(1, text.as_bytes()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_row_is_read_by_its_header() {
        let header = header("\u{feff}ID, Username ,password_hash,Roles,claims,disabled").unwrap();
        let row = "u1,ada,$2b$04$x,\"a b\",\"{\"\"t\"\": 1}\",f";
        let user = header.user(row).unwrap().unwrap();
        assert_eq!((user.id.as_deref(), user.username.as_str()), (Some("u1"), "ada"));
        assert_eq!((user.roles.unwrap().len(), user.disabled), (2, Some(false)));
        assert_eq!(user.claims.unwrap()["t"], 1);
        assert!(header.user("  ").unwrap().is_none());
        let empty = header.user(",bob,,,,").unwrap().unwrap();
        assert!(empty.id.is_none() && empty.roles.is_none() && empty.password_hash.is_none());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (text, part) in [
            ("name,email", "name it `username`"),
            ("username,is_active", "turn its values round"),
            ("username,shoe_size", "`claims`"),
            ("username,email,email", "twice"),
            ("email,roles", "no column `username`"),
            ("username;email", "save it with commas"),
        ] {
            let error = header(text).unwrap_err();
            assert!(error.starts_with("line 1: ") && error.contains(part), "{error}");
        }
        let header = header("username,disabled").unwrap();
        let problem = |row| header.user(row).unwrap_err();
        assert!(problem("ada").reason.contains("1 fields, the header has 2"));
        assert_eq!(problem("ada,maybe").field.as_deref(), Some("disabled"));
        assert_eq!(problem(",true").field.as_deref(), Some("username"));
    }
}
