//! `countersign serve --dev`: everything made, one account, lines to paste.

use std::{fs, path::Path};

use countersign::{
    OpenError, Settings,
    config::Origin,
    engine::{
        Engine, Error,
        ops::{actor::Actor, admin_users::AddUserRequest},
        random::{Random, SystemRandom},
    },
    stored_issuer,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Map;

use crate::{failure::Failure, output};

const FOLDER: &str = "dev-data";
const NAME: &str = "demo";
/// Neither letters that look like digits nor signs that a shell reads.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// The demo account.
pub(super) enum Demo {
    /// It was made; the password is shown this once.
    Made(SecretString),
    /// It was there.
    Known,
}

/// Before the port is known: a database of its own, unless one is named. The issuer of a database
/// that exists already stays, because its sessions belong to it.
pub(super) async fn prepare(settings: &mut Settings) -> Result<(), Failure> {
    let origin = || Origin::Argument("--dev".into());
    if !settings.is_set("database_url") {
        make_folder()?;
        settings.set("database_url", &format!("sqlite:///{FOLDER}/countersign.db"), origin())?;
    }
    if !settings.is_set("audience") {
        settings.set("audience", "dev", origin())?;
    }
    if settings.is_set("issuer") {
        return Ok(());
    }
    match stored_issuer(settings.database()).await {
        Ok(Some(issuer)) => Ok(settings.set("issuer", &issuer, origin())?),
        Ok(None) | Err(OpenError::NoDatabase { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// When the port is known: the issuer of a new database.
pub(super) fn finish(settings: &mut Settings, url: &str) -> Result<(), Failure> {
    if !settings.is_set("issuer") {
        settings.set("issuer", url, Origin::Argument("--dev".into()))?;
    }
    Ok(())
}

/// The demo account, made at the first start.
pub(super) async fn account(engine: &Engine) -> Result<Demo, Failure> {
    let password = new_password();
    let request = AddUserRequest {
        username: NAME.into(),
        password: Some(password.clone()),
        email: None,
        roles: ["demo".to_owned()].into(),
        scopes: ["profile".to_owned()].into(),
        claims: Map::new(),
    };
    match engine.add_user(request, &Actor::cli()).await {
        Ok(_) => Ok(Demo::Made(password)),
        Err(Error::UsernameTaken) => Ok(Demo::Known),
        Err(error) => Err(error.into()),
    }
}

/// What to do now.
pub(super) fn explain(base: &str, database: &str, demo: &Demo) -> Result<(), Failure> {
    let (account, password) = match demo {
        Demo::Made(password) => {
            let password = password.expose_secret();
            (format!("account  {NAME}   password  {password}   (shown this once)"), password)
        }
        Demo::Known => (
            format!(
                "account  {NAME}   made at an earlier start; for another password:\n         \
                 countersign users passwd {NAME} --database {database}"
            ),
            "PASSWORD",
        ),
    };
    output::line(&format!("\n{account}\ndocs     {base}/docs/\n\n{}", lines(base, password)))
}

/// A walk through the routes, to paste into a shell as it is.
fn lines(base: &str, password: &str) -> String {
    format!(
        r#"# log in
R=$(curl -s {base}/login -H 'Content-Type: application/json' -d '{{"username":"{NAME}","password":"{password}"}}'); echo "$R"
ACCESS=$(printf %s "$R" | sed 's/.*"access_token":"\([^"]*\)".*/\1/'); REFRESH=$(printf %s "$R" | sed 's/.*"refresh_token":"\([^"]*\)".*/\1/')
# who am I
curl -s {base}/users/me -H "Authorization: Bearer $ACCESS"
# a fresh pair of tokens
R=$(curl -s {base}/refresh -H 'Content-Type: application/json' -d "{{\"refresh_token\":\"$REFRESH\"}}"); echo "$R"
# log out: the access token is refused from now on
curl -s -i {base}/logout -X POST -H "Authorization: Bearer $ACCESS"
curl -s {base}/users/me -H "Authorization: Bearer $ACCESS"
"#
    )
}

/// 80 random bits in groups that can be typed.
fn new_password() -> SecretString {
    let mut bytes = [0_u8; 16];
    SystemRandom.fill(&mut bytes);
    let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte % 32)));
    let mut password = String::with_capacity(19);
    for (position, letter) in letters.enumerate() {
        if position > 0 && position % 4 == 0 {
            password.push('-');
        }
        password.push(char::from(*letter));
    }
    SecretString::from(password)
}

fn make_folder() -> Result<(), Failure> {
    let path = Path::new(FOLDER);
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| {
        Failure::input(format!(
            "the folder {FOLDER} cannot be made here: {error}; start elsewhere, or name a database \
             with --database"
        ))
    })
}
