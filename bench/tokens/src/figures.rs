//! What was measured, one JSON object a line: `id`, `value`, `unit`, and `ratio` to what it was
//! measured beside. The report is made of these lines.

use serde_json::json;

/// Prints a figure; the progress that people see goes to the other stream.
pub(crate) fn figure(id: &str, value: f64, unit: &str, ratio: Option<f64>) {
    println!("{}", json!({ "id": id, "value": value, "unit": unit, "ratio": ratio }));
    let ratio = ratio.map_or(String::new(), |ratio| format!("   {ratio:.3} x"));
    eprintln!("  {id:<48} {value:>12.3} {unit}{ratio}");
}

/// Prints which versions of the peers were measured, as they are locked.
pub(crate) fn versions() {
    let lock = include_str!("../Cargo.lock");
    for name in ["aws-lc-rs", "jsonwebtoken", "axum"] {
        let entry = format!("name = \"{name}\"\nversion = \"");
        let version = lock.split_once(&entry).and_then(|(_, rest)| rest.split('"').next());
        println!("{}", json!({ "name": name, "text": version.unwrap_or("unknown") }));
    }
}
