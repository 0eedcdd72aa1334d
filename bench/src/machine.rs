//! Where and when it was measured.

use std::{fs, process::Command};

use crate::figures::fact;

/// Prints the facts of this machine, which had this load before anything was built.
pub(crate) fn describe(load: &str) {
    let cpus = read("/proc/cpuinfo");
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let model = model.trim_start_matches([' ', '\t', ':']);
    fact("Measured on", &jiff::Timestamp::now().strftime("%Y-%m-%d").to_string());
    fact("Machine", &format!("{cores} virtual cores, {model}"));
    fact("System", &format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()));
    let quiet = load.parse::<f64>().is_ok_and(|load| load < 0.5);
    let remark = if quiet { "a quiet machine" } else { "others were using the machine" };
    fact("Load before the run", &format!("{load}: {remark}"));
    let rust = Command::new("rustc").arg("--version").output().map(|output| output.stdout);
    let rust = String::from_utf8(rust.unwrap_or_default()).unwrap_or_default();
    fact("Compiler", rust.split(" (").next().unwrap_or_default());
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
