//! What is logged: `info`, or `debug,countersign::access=warn`.

use tracing_subscriber::filter::{LevelFilter, Targets};

/// The common beginning of our crates' targets.
const OURS: &str = "countersign";
/// These log headers, frames or statements below `info`.
const TALKATIVE: [&str; 9] =
    ["axum", "h2", "hyper", "hyper_util", "reqwest", "rusqlite", "rustls", "tokio_rustls", "tower"];

/// Reads a level for our crates, and levels for targets.
pub(super) fn parse(text: &str) -> Result<Targets, String> {
    let mut targets =
        Targets::new().with_default(LevelFilter::WARN).with_target(OURS, LevelFilter::INFO);
    for directive in text.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
        targets = match directive.split_once('=') {
            None => targets.with_target(OURS, level(directive)?),
            Some((target, text)) => {
                let (target, level) = (target.trim(), level(text)?);
                let root = target.split("::").next().unwrap_or(target);
                if level > LevelFilter::INFO && (root.is_empty() || TALKATIVE.contains(&root)) {
                    let shown: String =
                        target.chars().take(64).flat_map(char::escape_debug).collect();
                    return Err(format!(
                        "`{shown}` writes tokens below info; it can be logged at info and above only"
                    ));
                }
                targets.with_target(target, level)
            }
        };
    }
    Ok(targets)
}

fn level(text: &str) -> Result<LevelFilter, String> {
    match text.trim().to_ascii_lowercase().as_str() {
        "off" => Ok(LevelFilter::OFF),
        "error" => Ok(LevelFilter::ERROR),
        "warn" => Ok(LevelFilter::WARN),
        "info" => Ok(LevelFilter::INFO),
        "debug" => Ok(LevelFilter::DEBUG),
        "trace" => Ok(LevelFilter::TRACE),
        _ => {
            let shown: String = text.chars().take(64).flat_map(char::escape_debug).collect();
            Err(format!(
                "`{shown}` is no level: write error, warn, info, debug, trace, or target=level, ..."
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn a_level_is_for_our_crates_only() {
        let targets = parse("trace").unwrap();
        assert!(targets.would_enable("countersign_engine::ops", &Level::TRACE));
        assert!(targets.would_enable("countersign::access", &Level::TRACE));
        assert!(!targets.would_enable("hyper::proto", &Level::INFO));
        assert!(targets.would_enable("hyper::proto", &Level::WARN));
    }

    #[test]
    fn targets_have_levels_of_their_own() {
        let targets = parse("debug, countersign::access=warn, tokio=trace").unwrap();
        assert!(!targets.would_enable("countersign::access", &Level::INFO));
        assert!(targets.would_enable("countersign_http::error", &Level::DEBUG));
        assert!(targets.would_enable("tokio::runtime", &Level::TRACE));
    }

    #[test]
    fn h27_what_shows_tokens_cannot_be_had() {
        for bad in ["h2=debug", "hyper::proto=trace", "info,rustls=trace", "=trace"] {
            assert!(parse(bad).unwrap_err().contains("tokens"), "{bad}");
        }
        assert!(parse("h2=info").is_ok());
        assert!(parse("loud").unwrap_err().contains("`loud` is no level"));
    }
}
