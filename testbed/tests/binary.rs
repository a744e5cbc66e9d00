//! The program `testbed`: what it prints, how it ends.

#![allow(clippy::expect_used)]

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

fn testbed(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_testbed"));
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn names(lines: impl Iterator<Item = std::io::Result<String>>) -> Vec<String> {
    lines
        .map(|line| {
            line.expect("text")
                .split('=')
                .next()
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

#[test]
fn it_prints_addresses_and_keys_and_stops_at_ctrl_c() {
    let mut child = testbed(&["--speed", "100", "--seed", "3"])
        .spawn()
        .expect("starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let names = names(stdout.by_ref().take(4));
    assert_eq!(
        names,
        [
            "MAAS_URL",
            "MAAS_API_KEY",
            "MAAS_USER_API_KEY",
            "PALETTE_URL"
        ]
    );
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .expect("kill");
    assert!(interrupt.success());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

#[test]
fn it_says_what_is_wrong() {
    let output = testbed(&["--speed", "0"]).output().expect("ends");
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("the speed 0 is not a positive number"),
        "{text}"
    );
    let output = testbed(&["--start", "yesterday"]).output().expect("ends");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--start"));
}
