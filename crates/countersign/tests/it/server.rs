//! The harness: the real program as a child process, its folder, its logs, and a client for it.
//!
//! Everything is logged at trace level into a file, and hashing is cheap and limits are wide, so
//! that a test is about what it says and can still ask whether a secret was written anywhere.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The issuer of every test server unless a test says otherwise.
pub(crate) const ISSUER: &str = "https://auth.example";
/// The audience of every test server.
pub(crate) const AUDIENCE: &str = "api";
/// How long a start may take, loaded machines included.
const START: Duration = Duration::from_secs(60);

/// Cheap hashes and wide limits. A variable that a test sets itself wins.
const QUICK: &[(&str, &str)] = &[
    ("COUNTERSIGN_PASSWORDS_MEMORY_KIB", "64"),
    ("COUNTERSIGN_PASSWORDS_ITERATIONS", "1"),
    ("COUNTERSIGN_PASSWORDS_ALLOW_WEAK_COST", "true"),
    ("COUNTERSIGN_LIMITS_LOGIN_ADDRESS", "100000/minute"),
    ("COUNTERSIGN_LIMITS_REGISTER_ADDRESS", "100000/minute"),
    ("COUNTERSIGN_LIMITS_FAILURES_ADDRESS", "100000/minute"),
];

/// A folder with a database (perhaps to be), and the program to run on it.
#[derive(Debug)]
pub(crate) struct Place {
    dir: TempDir,
    environment: Vec<(String, String)>,
    logs: AtomicUsize,
}

impl Place {
    /// A new folder.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let environment =
            QUICK.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { dir, environment, logs: AtomicUsize::new(0) }
    }

    /// Sets a variable for everything that is run here.
    pub(crate) fn with_env(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A file in the folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The database that [`Server::start`] uses.
    pub(crate) fn database(&self) -> PathBuf {
        self.file("auth.db")
    }

    /// Its URL.
    pub(crate) fn database_url(&self) -> String {
        format!("sqlite:///{}", self.database().display())
    }

    /// A name for one more log: `log`, then `log-1`, ...
    fn next_log(&self) -> PathBuf {
        match self.logs.fetch_add(1, Ordering::Relaxed) {
            0 => self.file("log"),
            number => self.file(&format!("log-{number}")),
        }
    }

    /// The program in this folder, with nothing of the caller's own configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_countersign"));
        command.args(args).current_dir(self.path()).env_clear().stdin(Stdio::null());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Runs a command with this on its standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that refuses early does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Runs an administrative command on the database of [`Server::start`], which must end well;
    /// answers what it printed as JSON (`null` when that is none).
    pub(crate) fn admin(&self, args: &[&str], input: &str) -> Value {
        let url = self.database_url();
        let output = self.run_with_input(&[args, &["--json", "--database", &url]].concat(), input);
        assert!(output.status.success(), "{args:?}: {}", text(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// `http://127.0.0.1:PORT`
    pub(crate) base_url: String,
    /// Where it runs.
    pub(crate) dir: Arc<Place>,
    /// The process.
    pub(crate) child: Child,
    /// A client that keeps its connections.
    pub(crate) http: reqwest::Client,
    args: Vec<String>,
    log: PathBuf,
    stdout: mpsc::Receiver<String>,
}

impl Server {
    /// Starts `countersign serve` with these arguments more, in a folder of its own, and waits until
    /// it listens.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_in(Place::new(), args)
    }

    /// The same in this folder, which several may share.
    pub(crate) fn start_in(dir: impl Into<Arc<Place>>, args: &[&str]) -> Self {
        let dir = dir.into();
        let url = dir.database_url();
        let own = [
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &url,
            "--issuer",
            ISSUER,
            "--audience",
            AUDIENCE,
            "--log-level",
            "trace",
            "--log-format",
            "json",
        ];
        Self::launch(dir, &[&own, args].concat())
    }

    /// Runs exactly these arguments, which must make it listen.
    pub(crate) fn launch(dir: impl Into<Arc<Place>>, args: &[&str]) -> Self {
        let dir = dir.into();
        let log = dir.next_log();
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        let (child, stdout, base_url) = spawn(&dir, &log, &args);
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        Self { base_url, dir, child, http, args, log, stdout }
    }

    /// An absolute URL.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    /// The lines that it printed since this was last asked.
    pub(crate) fn printed(&self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Ok(line) = self.stdout.recv_timeout(Duration::from_millis(300)) {
            lines.push(line);
        }
        lines
    }

    /// Everything logged so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }

    /// Fails when one of these stands in the log, as it is or as JSON writes it.
    pub(crate) fn assert_no_secret_in_logs(&self, secrets: &[&str]) {
        let log = self.log();
        assert!(!log.is_empty(), "nothing was logged");
        for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
            let quoted = serde_json::to_string(secret).unwrap();
            let quoted = quoted.trim_matches('"');
            let line = log.lines().find(|line| line.contains(secret) || line.contains(quoted));
            assert!(line.is_none(), "a secret was logged: {}", line.unwrap_or_default());
        }
    }

    /// Adds a user with the command line; answers what `users add --json` printed.
    pub(crate) fn add_user(&self, username: &str, password: &str, more: &[&str]) -> Value {
        let args = [&["users", "add", username, "--password-stdin"], more].concat();
        self.dir.admin(&args, password)
    }

    /// Registers over HTTP.
    pub(crate) async fn register(&self, username: &str, password: &str) -> reqwest::Response {
        let body = json!({"username": username, "password": password});
        self.post("/register", &body).await
    }

    /// Logs in; the token response, which must be one.
    pub(crate) async fn login(&self, username: &str, password: &str) -> Value {
        let body = json!({"username": username, "password": password});
        let response = self.post("/login", &body).await;
        let (status, answer) = (response.status(), response.text().await.unwrap());
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(&answer).unwrap()
    }

    /// `POST` with a JSON body.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> reqwest::Response {
        self.http.post(self.url(path)).json(body).send().await.unwrap()
    }

    /// `GET` with an access token, or without when it is empty.
    pub(crate) async fn get(&self, path: &str, access_token: &str) -> reqwest::Response {
        let request = self.http.get(self.url(path));
        let request =
            if access_token.is_empty() { request } else { request.bearer_auth(access_token) };
        request.send().await.unwrap()
    }

    /// Asks it to stop (SIGTERM), and does not wait.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < at_most, "it does not end; log:\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to stop, and waits.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait(Duration::from_secs(30))
    }

    /// Kills it (SIGKILL): nothing is finished, nothing is closed.
    pub(crate) fn kill9(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same folder, with another port; stops it first if it still runs.
    pub(crate) fn restart(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.stop();
        }
        (self.child, self.stdout, self.base_url) = spawn(&self.dir, &self.log, &self.args);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts it and waits for the line that says where it listens.
fn spawn(dir: &Place, log: &Path, args: &[String]) -> (Child, mpsc::Receiver<String>, String) {
    let stderr = File::options().create(true).append(true).open(log).unwrap();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut command = dir.command(&args);
    let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let lines = read_lines(child.stdout.take().unwrap());
    loop {
        match lines.recv_timeout(START) {
            Ok(line) => {
                if let Some(url) = line.strip_prefix("listening on ") {
                    return (child, lines, url.trim_end().to_owned());
                }
            }
            Err(_) => {
                let _ = child.kill();
                let status = child.wait();
                let log = fs::read_to_string(log).unwrap_or_default();
                panic!("it does not listen ({status:?}); log:\n{log}");
            }
        }
    }
}

/// What it prints, line by line, read on a thread so that it never has to wait for us.
fn read_lines(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                // Nobody asks any more; it must still be able to print.
                continue;
            }
        }
    });
    lines
}

/// Bytes as text.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
