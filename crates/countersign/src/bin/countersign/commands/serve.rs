//! `countersign serve`

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use countersign::{
    Config, ConfigError, Countersign, Settings,
    config::{Origin, ServerConfig},
};
use tokio::{sync::watch, time::sleep};

use super::dev;
use crate::{
    failure::Failure,
    listen::{Listener, Phase},
    logging, output,
    source::Source,
};

/// Run the authentication server; makes the database and its master key when there is none.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  countersign serve --dev                         try it, nothing needed
  countersign serve --issuer https://auth.example.com --audience api
                                                  behind a proxy on this machine that does TLS
  countersign serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem \\
      --issuer https://auth.example.com --audience api

It stops on SIGTERM or Ctrl-C: /readyz says no, requests in flight are answered (10 s), the database
is closed.")]
pub(crate) struct Serve {
    /// Where to listen; port 0 is any free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// Try it: a database in ./dev-data, a demo account, this machine only
    #[arg(long)]
    dev: bool,
    /// The certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Its private key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Serve plain HTTP to other machines: passwords and tokens can be read on the way
    #[arg(long)]
    insecure_http: bool,
    /// pretty or json
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// error, warn, info, debug, trace, or target=level, ... [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    #[command(flatten)]
    source: Source,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut settings = self.settings()?;
        let mut server = settings.server()?;
        logging::start(server.log_format, &server.log_level)?;
        for variable in settings.ignored() {
            tracing::warn!(%variable, "this variable is no setting and is ignored");
        }
        check_address(&server, &settings, self.dev)?;
        if self.dev {
            dev::prepare(&mut settings).await?;
            server.drain_pause = Duration::ZERO;
        } else {
            // Before anything is touched.
            settings.clone().build()?;
        }
        let listener = Listener::bind(&server)?;
        if self.dev {
            dev::finish(&mut settings, &listener.url())?;
        }
        let config = settings.build()?;
        serve(config, listener, server.drain_pause, self.dev).await
    }

    fn settings(&self) -> Result<Settings, ConfigError> {
        let mut settings = self.source.settings()?;
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        for (key, flag, value) in [
            ("listen", "--listen", self.listen.clone()),
            ("server.tls_cert", "--tls-cert", text(&self.tls_cert)),
            ("server.tls_key", "--tls-key", text(&self.tls_key)),
            ("server.insecure_http", "--insecure-http", self.insecure_http.then(|| "true".into())),
            ("log.format", "--log-format", self.log_format.clone()),
            ("log.level", "--log-level", self.log_level.clone()),
        ] {
            if let Some(value) = value {
                settings.set(key, &value, Origin::Argument(flag.into()))?;
            }
        }
        Ok(settings)
    }
}

/// H30: what passwords travel over is encrypted, or does not leave the machine.
fn check_address(server: &ServerConfig, settings: &Settings, dev: bool) -> Result<(), Failure> {
    if is_local(server.listen) {
        return Ok(());
    }
    if dev {
        return Err(Failure::input(format!(
            "--dev is for this machine only and does not listen on {}: leave --listen out, or set up \
             a real server with `countersign init`",
            server.listen
        )));
    }
    if server.tls.is_some() || server.insecure_http || settings.is_behind_proxy() {
        return Ok(());
    }
    Err(Failure::input(format!(
        "plain HTTP on {} would show passwords to everybody on the way: give --tls-cert and \
         --tls-key, or name the proxy that does TLS (--set http.trusted_proxies=ADDRESS), or, on a \
         network that you trust, --insecure-http",
        server.listen
    )))
}

fn is_local(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

async fn serve(
    config: Config,
    listener: Listener,
    pause: Duration,
    dev: bool,
) -> Result<(), Failure> {
    let (url, mount) = (listener.url(), config.http.mount.clone());
    let database = config.database.to_string();
    let auth = Countersign::open(config).await?;
    let demo = if dev { Some(dev::account(auth.engine()).await?) } else { None };
    let router = auth.router()?;
    let (phase, _) = watch::channel(Phase::Serving);
    let mut signals = Signals::new()?;
    let mut running = tokio::spawn(listener.serve(router, phase.clone()));
    output::line(&format!("listening on {url}"))?;
    tracing::info!(url, version = env!("CARGO_PKG_VERSION"), "listening");
    if let Some(demo) = demo {
        dev::explain(&format!("{url}{mount}"), &database, &demo)?;
    }
    tokio::select! {
        () = signals.next() => {}
        ended = &mut running => {
            return Err(Failure::ours(format!("serving ended by itself: {:?}", ended.err())));
        }
    }
    stop(&auth, &phase, pause, &mut signals).await;
    // A server that panicked has ended, too.
    let cut = running.await.unwrap_or_default();
    if cut > 0 {
        tracing::warn!(connections = cut, "requests were still in flight after 10 s and were cut");
    }
    auth.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Load balancers look elsewhere first; then connections are closed, those in use after their answer.
async fn stop(
    auth: &Countersign,
    phase: &watch::Sender<Phase>,
    pause: Duration,
    signals: &mut Signals,
) {
    tracing::info!("stopping: requests in flight are answered, new ones are not taken");
    auth.readiness().set(false);
    tokio::select! {
        () = sleep(pause) => {}
        () = signals.next() => {}
    }
    phase.send_replace(Phase::Draining);
}

/// What asks the process to end.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};

        let listen = |kind| signal(kind).map_err(Failure::ours);
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// What asks the process to end.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self, Failure> {
        Ok(Self)
    }

    async fn next(&mut self) {
        // Where Ctrl-C cannot be heard, the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
