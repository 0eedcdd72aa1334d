//! The plot: bars in panels, readable on a dark page and on a light one.

use std::fmt::Write;

use anyhow::Result;

use super::number;
use crate::figures::{Figure, Figures};

struct Panel {
    title: &'static str,
    show: Show,
    /// Ids and labels; ours are drawn in colour.
    bars: &'static [(&'static str, &'static str)],
}

#[derive(Clone, Copy)]
enum Show {
    Value,
    Share,
}

const PANELS: &[Panel] = &[
    Panel {
        title: "HS256 verify in Rust: shorter is better",
        show: Show::Value,
        bars: &[
            ("HS256 verify/bare", "the bare MAC"),
            ("HS256 verify/countersign", "Countersign"),
            ("HS256 verify/jsonwebtoken, rust_crypto", "jsonwebtoken, rust_crypto"),
            ("HS256 verify/jsonwebtoken, aws_lc_rs", "jsonwebtoken, aws_lc_rs"),
        ],
    },
    Panel {
        title: "HS256 sign in Rust: shorter is better",
        show: Show::Value,
        bars: &[
            ("HS256 sign/bare", "the bare MAC"),
            ("HS256 sign/countersign", "Countersign"),
            ("HS256 sign/jsonwebtoken, rust_crypto", "jsonwebtoken, rust_crypto"),
            ("HS256 sign/jsonwebtoken, aws_lc_rs", "jsonwebtoken, aws_lc_rs"),
        ],
    },
    Panel {
        title: "HS256 verify from Python, to a dict: shorter is better",
        show: Show::Value,
        bars: &[
            ("python/HS256 verify/countersign", "Countersign"),
            ("python/HS256 verify/countersign.jwt", "Countersign, PyJWT's API"),
            ("python/HS256 verify/python-jose", "python-jose"),
            ("python/HS256 verify/authlib", "Authlib"),
            ("python/HS256 verify/joserfc", "joserfc"),
            ("python/HS256 verify/PyJWT", "PyJWT"),
        ],
    },
    Panel {
        title: "What a protected route keeps of an open one, HS256: longer is better",
        show: Show::Share,
        bars: &[
            ("axum/HS256/countersign", "axum, Countersign"),
            ("axum/HS256/jsonwebtoken", "axum, jsonwebtoken"),
            ("hosts/FastAPI HS256/countersign", "FastAPI, Countersign"),
            ("hosts/FastAPI HS256/pyjwt", "FastAPI, PyJWT"),
            ("hosts/Flask HS256/countersign", "Flask, Countersign"),
            ("hosts/Flask HS256/flask-jwt-extended", "Flask, Flask-JWT-Extended"),
        ],
    },
    Panel {
        title: "The same with ES256",
        show: Show::Share,
        bars: &[
            ("axum/ES256/countersign", "axum, Countersign"),
            ("axum/ES256/jsonwebtoken", "axum, jsonwebtoken"),
            ("hosts/FastAPI ES256/countersign", "FastAPI, Countersign"),
            ("hosts/FastAPI ES256/pyjwt", "FastAPI, PyJWT"),
            ("hosts/Flask ES256/countersign", "Flask, Countersign"),
            ("hosts/Flask ES256/flask-jwt-extended", "Flask, Flask-JWT-Extended"),
        ],
    },
];

const STYLE: &str = "\
text { font: 13px system-ui, sans-serif; fill: #1f2328 } .title { font-weight: 600 } .label { text-anchor: end }
.ours { fill: #1a7f5a } .bare { fill: #8c959f } .peer { fill: #c4ccd4 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #3fb68b } .bare { fill: #6e7681 } .peer { fill: #484f58 } }";

const WIDTH: f64 = 760.0;
const LEFT: f64 = 230.0;
/// The longest bar leaves room for its figure.
const LONGEST: f64 = WIDTH - LEFT - 90.0;
const LINE: f64 = 22.0;

/// The plot as SVG. What was not measured is left out.
pub(super) fn draw(figures: &Figures) -> Result<String> {
    let (mut body, mut y) = (String::new(), 10.0);
    for panel in PANELS {
        y = panel.draw(figures, y, &mut body)?;
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {y}\" width=\"{WIDTH}\" \
         height=\"{y}\" role=\"img\">\n<style>{STYLE}</style>\n{body}</svg>\n"
    ))
}

impl Panel {
    /// Draws from `y` down and says where it ends.
    fn draw(&self, figures: &Figures, mut y: f64, body: &mut String) -> Result<f64> {
        let found = |(id, label): &(&str, &'static str)| {
            let figure = figures.get(id)?;
            Some((*label, self.show.length(figure)?, self.show.text(figure)))
        };
        let bars: Vec<_> = self.bars.iter().filter_map(found).collect();
        if bars.is_empty() {
            return Ok(y);
        }
        let longest = bars.iter().map(|(_, length, _)| *length).fold(0.0, f64::max);
        let longest = longest.max(if matches!(self.show, Show::Share) { 1.0 } else { 0.0 });
        y += LINE;
        writeln!(body, r#"<text class="title" x="0" y="{y}">{}</text>"#, self.title)?;
        for (label, length, text) in bars {
            y += LINE;
            let width = length / longest * LONGEST;
            let (top, end) = (y - 13.0, LEFT + width + 8.0);
            let x = LEFT - 10.0;
            let class = class(label);
            writeln!(body, r#"<text class="label" x="{x}" y="{y}">{label}</text>"#)?;
            writeln!(
                body,
                r#"<rect class="{class}" x="{LEFT}" y="{top}" width="{width:.1}" height="16" rx="2"/>"#
            )?;
            writeln!(body, r#"<text x="{end:.1}" y="{y}">{text}</text>"#)?;
        }
        Ok(y + LINE)
    }
}

impl Show {
    fn length(self, figure: &Figure) -> Option<f64> {
        match self {
            Self::Value => Some(figure.value),
            Self::Share => figure.ratio,
        }
    }

    fn text(self, figure: &Figure) -> String {
        match self {
            Self::Value => format!("{} {}", number(figure.value), figure.unit),
            Self::Share => format!("{:.0} %", figure.ratio.unwrap_or(0.0) * 100.0),
        }
    }
}

fn class(label: &str) -> &'static str {
    if label.contains("Countersign") {
        "ours"
    } else if label.starts_with("the bare") {
        "bare"
    } else {
        "peer"
    }
}
