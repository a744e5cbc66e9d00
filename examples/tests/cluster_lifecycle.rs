//! The program `cluster-lifecycle` as its users meet it: run as a process, judged by what it prints and how it ends.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use testbed::{Fault, FaultKind, Testbed};

const NAMES: [&str; 8] = [
    "MAAS_URL",
    "MAAS_API_URL",
    "MAAS_API_KEY",
    "PALETTE_URL",
    "SPECTROCLOUD_HOST",
    "PALETTE_API_KEY",
    "SPECTROCLOUD_APIKEY",
    "PALETTE_PROJECT",
];

/// The program with none of its variables set and no terminal.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cluster-lifecycle"));
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for name in NAMES {
        command.env_remove(name);
    }
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// Ends the process, whatever the test does.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pointed_at(testbed: &Testbed, arguments: &[&str]) -> Command {
    let mut command = program(arguments);
    command
        .env("MAAS_URL", testbed.maas_url())
        .env("MAAS_API_KEY", testbed.maas_api_key())
        .env("PALETTE_URL", testbed.palette_url())
        .env("PALETTE_API_KEY", testbed.palette_api_key())
        .env("PALETTE_PROJECT", testbed.palette().project_name());
    command
}

/// Requests that change something. A search and a check are POSTs that only read.
fn changes(testbed: &Testbed) -> Vec<String> {
    testbed
        .history()
        .requests()
        .iter()
        .filter(|seen| {
            let reads = ["/search", "/validate", "/dashboard/clusterprofiles"];
            seen.method != "GET" && !reads.iter().any(|end| seen.path.ends_with(end))
        })
        .map(|seen| format!("{} {}", seen.method, seen.path))
        .collect()
}

#[test]
fn the_whole_life_runs_within_a_minute_and_says_what_matters() {
    let begun = Instant::now();
    // A proxy that leads nowhere must not matter for servers on loopback.
    let output = program(&[])
        .env("HTTP_PROXY", "http://127.0.0.1:9")
        .output()
        .unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), Some(0), "{out}\n{err}");
    assert!(
        begun.elapsed() < Duration::from_secs(60),
        "{:?}",
        begun.elapsed()
    );
    for needle in [
        "39 machines",
        "MAAS key",
        "Gateway",
        "ImageResolutionDone",
        "Running, Healthy",
        "cluster_api",
        "other strategy",
        "control-plane (3 nodes, Expand First: a new node is ready before an old one goes), then workers (2 nodes",
        "of workers is ready",
        "of workers is gone",
        "as planned or better",
        "E_FORCE_TOO_EARLY",
        "Nothing is left over",
    ] {
        assert!(out.contains(needle), "{needle} is missing in\n{out}");
    }
    assert!(!out.contains('≠'), "planned and seen agree:\n{out}");
    assert!(
        out.contains(" for control-plane") && out.contains("drain node"),
        "the plan is in words:\n{out}"
    );
    for id in ["/record_", "/allocate", "apply_in_place"] {
        assert!(!out.contains(id), "{id} is bookkeeping:\n{out}");
    }
    assert!(
        !out.contains('\u{1b}'),
        "piped output has no escape sequences"
    );
}

#[test]
fn json_output_is_nothing_but_json_lines() {
    let output = program(&["--json"]).output().unwrap();
    let out = text(&output.stdout);
    assert_eq!(code(&output), Some(0), "{out}\n{}", text(&output.stderr));
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    for kind in [
        "chapter",
        "check",
        "created",
        "condition",
        "machine",
        "progress",
        "plan",
        "comparison",
        "removed",
    ] {
        assert!(
            lines.iter().any(|line| line["kind"] == kind),
            "no {kind} in\n{out}"
        );
    }
    let times: Vec<i64> = lines
        .iter()
        .filter_map(|line| line["at_ms"].as_i64())
        .collect();
    assert!(
        times.len() > 20 && times.is_sorted(),
        "events are in the order of time"
    );
}

#[test]
fn some_but_not_all_addresses_name_the_missing_ones() {
    let output = program(&[])
        .env("MAAS_API_URL", "http://127.0.0.1:1/MAAS")
        .env("SPECTROCLOUD_APIKEY", "k")
        .output()
        .unwrap();
    let err = text(&output.stderr);
    assert_eq!(code(&output), Some(2), "{err}");
    assert!(
        err.contains("MAAS_API_KEY") && err.contains("PALETTE_URL"),
        "{err}"
    );
    assert!(
        !err.contains("PALETTE_API_KEY,") && !err.contains("MAAS_URL,"),
        "what is set is not missing: {err}"
    );
}

#[test]
fn what_cannot_be_used_of_the_environment_is_wrong_usage_by_name() {
    for (name, value) in [
        ("MAAS_API_KEY", "only:two"),
        ("MAAS_URL", "http://"),
        ("PALETTE_URL", "ftp://palette"),
    ] {
        let output = program(&["--json"])
            .env("MAAS_URL", "http://127.0.0.1:9/MAAS")
            .env("MAAS_API_KEY", "a:b:c")
            .env("PALETTE_URL", "http://127.0.0.1:9")
            .env("PALETTE_API_KEY", "key")
            .env(name, value)
            .output()
            .unwrap();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(code(&output), Some(2), "{name}: {out}\n{err}");
        assert!(err.contains(&format!("{name}: ")), "{err}");
        let last: Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(last["kind"], "ended");
        assert_eq!(last["exit_code"], 2);
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_right_after_the_start_is_130() {
    for (arguments, after_ms) in [(&[][..], 150), (&["--json"], 200)] {
        let mut child = Running(program(arguments).spawn().unwrap());
        std::thread::sleep(Duration::from_millis(after_ms));
        let killed = Command::new("kill")
            .args(["-INT", &child.0.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(child.0.wait().unwrap().code(), Some(130), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cloud_account_gets_the_endpoint_in_its_own_form() {
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    let output = pointed_at(&testbed, &["--dry-run"])
        .env(
            "MAAS_URL",
            format!("{}/api/2.0/", testbed.maas_url().trim_end_matches('/')),
        )
        .output()
        .unwrap();
    let out = text(&output.stdout);
    assert_eq!(code(&output), Some(0), "{out}\n{}", text(&output.stderr));
    let wanted = format!(
        "\"apiEndpoint\": \"{}\"",
        testbed.maas_url().trim_end_matches('/')
    );
    assert!(out.contains(&wanted), "{wanted} is missing in\n{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_real_servers_are_not_touched() {
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    let output = pointed_at(&testbed, &[]).output().unwrap();
    let err = text(&output.stderr);
    assert_eq!(code(&output), Some(2), "{err}");
    assert!(
        err.contains("--yes") && err.contains(&testbed.maas_url()),
        "{err}"
    );
    assert_eq!(changes(&testbed), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_prints_every_call_and_changes_nothing() {
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    let output = pointed_at(&testbed, &["--dry-run"]).output().unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), Some(0), "{out}\n{err}");
    for call in [
        "POST ",
        "/v1/cloudaccounts/maas",
        "/v1/spectroclusters/maas",
        "/profiles",
        "DELETE ",
    ] {
        assert!(out.contains(call), "{call} is missing in\n{out}");
    }
    assert_eq!(changes(&testbed), Vec::<String>::new());
    assert!(testbed.leftovers().is_empty());
    let secret = testbed
        .maas_api_key()
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    for secret in [secret, testbed.palette_api_key()] {
        assert!(
            !out.contains(&secret) && !err.contains(&secret),
            "a secret was printed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_yes_it_works_on_the_given_servers_and_a_failure_names_what_exists() {
    let testbed = Testbed::builder().speed(1000.0).start().await.unwrap();
    let refuse = FaultKind::Status {
        status: 400,
        retry_after: None,
        body: Some(
            r#"{"code":"InvalidMachinePool","message":"no such thing","ref":"r"}"#.to_owned(),
        ),
    };
    testbed
        .faults()
        .order(Fault::new("POST", "/v1/spectroclusters/maas", refuse));
    let output = pointed_at(&testbed, &["--yes"])
        .env("RUST_LOG", "trace")
        .output()
        .unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), Some(1), "{out}");
    for needle in [
        "REAL ones",
        &testbed.maas_url(),
        "Failed. This exists:",
        "cloud account maas-lab",
        "DELETE /v1/cloudaccounts/maas/",
    ] {
        assert!(out.contains(needle), "{needle} is missing in\n{out}");
    }
    assert!(err.contains("no such thing"), "the server's reason is told");
    let secret = testbed
        .maas_api_key()
        .rsplit(':')
        .next()
        .unwrap()
        .to_owned();
    for secret in [secret, testbed.palette_api_key()] {
        assert!(
            !out.contains(&secret) && !err.contains(&secret),
            "a secret was printed"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_names_what_exists_and_how_to_remove_it() {
    let testbed = Testbed::builder().speed(1000.0).start().await.unwrap();
    let refuse = FaultKind::Status {
        status: 400,
        retry_after: None,
        body: Some(r#"{"code":"X","message":"no such thing","ref":"r"}"#.to_owned()),
    };
    testbed
        .faults()
        .order(Fault::new("POST", "/v1/spectroclusters/maas", refuse));
    let output = pointed_at(&testbed, &["--yes", "--json"]).output().unwrap();
    let lines = json_lines(&output);
    let exists = lines.iter().find(|line| line["kind"] == "exists").unwrap();
    let account = &exists["resources"][0];
    assert_eq!(account["kind"], "cloud_account");
    let path = format!(
        "/v1/cloudaccounts/maas/{}",
        account["uid"].as_str().unwrap()
    );
    assert!(
        account["how_to_remove"].as_str().unwrap().contains(&path),
        "{account}"
    );
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_may_exist_is_named_too() {
    let testbed = Testbed::builder().speed(1000.0).start().await.unwrap();
    let unavailable = FaultKind::Status {
        status: 504,
        retry_after: None,
        body: None,
    };
    let fault = Fault::new("POST", "/v1/spectroclusters/maas", unavailable);
    testbed.faults().order(fault);
    let mut child = Running(pointed_at(&testbed, &["--yes"]).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("answer got lost") {}
    interrupt(&child.0);
    let out = lines.map(Result::unwrap).collect::<Vec<_>>().join("\n");
    assert_eq!(child.0.wait().unwrap().code(), Some(130), "{out}");
    let list = out.split("Stopped.").nth(1).unwrap();
    for needle in [
        "cluster edge-lab (asked for; not known whether it exists)",
        "look for \"edge-lab\"",
        "cloud account maas-lab",
    ] {
        assert!(list.contains(needle), "{needle} is missing in\n{out}");
    }
}

/// Standard output as JSON lines, of which the last one tells the exit code.
fn json_lines(output: &Output) -> Vec<Value> {
    let out = text(&output.stdout);
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let last = lines.last().unwrap_or_else(|| panic!("nothing was told"));
    assert_eq!(last["kind"], "ended", "{out}");
    assert_eq!(last["exit_code"].as_i64(), code(output).map(i64::from));
    assert!(lines.iter().all(|line| line["kind"].is_string()), "{out}");
    lines
}

#[tokio::test(flavor = "multi_thread")]
async fn json_stays_json_however_it_ends() {
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    std::fs::write(&broken, "name: [").unwrap();
    let broken = broken.to_str().unwrap();
    let refused = "consumer:token:wrong";
    let dead = "http://127.0.0.1:9";
    for (arguments, variable, expected) in [
        (&["--json", "--dry-run"][..], None, 0),
        (&["--json"], None, 2),
        (&["--json", "--speed", "5"], None, 2),
        (&["--json", "--yes", "--document", broken], None, 2),
        (&["--json", "--document", "/nowhere/c.yaml"], None, 2),
        (&["--json", "--yes"], Some(("PALETTE_API_KEY", "")), 2),
        (&["--json", "--yes"], Some(("MAAS_API_KEY", refused)), 1),
        (&["--json", "--yes"], Some(("PALETTE_URL", dead)), 1),
    ] {
        let output = pointed_at(&testbed, arguments)
            .envs(variable)
            .output()
            .unwrap();
        assert_eq!(code(&output), Some(expected), "{arguments:?} {variable:?}");
        json_lines(&output);
        assert_eq!(changes(&testbed), Vec::<String>::new(), "{arguments:?}");
    }
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_in_a_dry_run_is_130_and_nothing_was_changed() {
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    testbed
        .faults()
        .order(Fault::new("GET", "/v1/*", FaultKind::Delay { ms: 60_000 }));
    let mut child = Running(pointed_at(&testbed, &["--dry-run"]).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("Preflight") {}
    interrupt(&child.0);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.0.wait().unwrap().code(), Some(130));
    assert!(
        rest.join("\n").contains("Stopped. Nothing was changed."),
        "{rest:?}"
    );
    assert_eq!(changes(&testbed), Vec::<String>::new());
}

/// The program on a terminal of its own, and the terminal's other end.
#[cfg(unix)]
fn on_a_terminal(mut command: Command) -> (Running, std::fs::File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let theirs = || {
        std::fs::File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap()
    };
    let child = command
        .stdin(theirs())
        .stderr(theirs())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    (Running(child), ours.into())
}

#[cfg(unix)]
fn until_it_asks(terminal: &mut std::fs::File) -> String {
    let mut asked = Vec::new();
    while !text(&asked).contains("[y/N]") {
        let mut piece = [0; 256];
        let length = terminal.read(&mut piece).unwrap();
        asked.extend_from_slice(&piece[..length]);
    }
    text(&asked)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn before_real_servers_are_changed_it_asks_and_ctrl_c_there_is_130() {
    use std::io::Write;
    let testbed = Testbed::builder().speed(3000.0).start().await.unwrap();
    let (mut child, mut terminal) = on_a_terminal(pointed_at(&testbed, &[]));
    let asked = until_it_asks(&mut terminal);
    assert!(
        asked.contains(&testbed.maas_url()) && asked.contains(&testbed.palette_url()),
        "{asked}"
    );
    interrupt(&child.0);
    assert_eq!(child.0.wait().unwrap().code(), Some(130));
    let mut out = String::new();
    let mut stdout = child.0.stdout.take().unwrap();
    stdout.read_to_string(&mut out).unwrap();
    assert!(out.contains("Stopped. Nothing was changed."), "{out}");

    let (mut child, mut terminal) = on_a_terminal(pointed_at(&testbed, &[]));
    until_it_asks(&mut terminal);
    terminal.write_all(b"n\n").unwrap();
    assert_eq!(child.0.wait().unwrap().code(), Some(2), "no is no");
    assert_eq!(changes(&testbed), Vec::<String>::new());
}

#[test]
fn five_mistakes_in_a_document_are_five_findings() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.yaml");
    let good = include_str!("../cluster.yaml");
    let broken = good
        .replace("domain: lab.test", "domian: lab.test")
        .replace("  size: 3\n", "  size: three\n")
        .replace(
            "rolling_update: expand_first\n    #",
            "rolling_update: expand\n    #",
        )
        .replace(
            "kubernetes_version: \"1.32.8\"",
            "kubernetes_version: \"1.32\"",
        )
        .replace("    ttl_hours: 720", "    ttl_hours: 0");
    assert_ne!(good, broken);
    std::fs::write(&file, &broken).unwrap();
    let output = program(&["--document", file.to_str().unwrap()])
        .output()
        .unwrap();
    let err = text(&output.stderr);
    assert_eq!(code(&output), Some(2), "{err}");
    let findings: Vec<&str> = err
        .lines()
        .filter(|line| line.contains("broken.yaml:") && line.contains(": E_"))
        .collect();
    // The misspelt domain is two: an unknown field, and a field that is missing.
    assert!(findings.len() >= 5, "{err}");
    for needle in [
        "domian",
        "size",
        "rolling_update",
        "kubernetes_version",
        "ttl_hours",
    ] {
        assert!(err.contains(needle), "{needle} is missing in\n{err}");
    }
}

#[test]
fn a_document_that_is_not_there_is_wrong_usage() {
    let output = program(&["--document", "/nowhere/cluster.yaml"])
        .output()
        .unwrap();
    assert_eq!(code(&output), Some(2));
    assert!(text(&output.stderr).contains("/nowhere/cluster.yaml"));
    assert_eq!(code(&program(&["--speed", "0"]).output().unwrap()), Some(2));
}

#[test]
fn dead_servers_are_named() {
    let output = program(&["--yes"])
        .env("MAAS_URL", "http://127.0.0.1:9/MAAS")
        .env("MAAS_API_KEY", "a:b:c")
        .env("PALETTE_URL", "http://127.0.0.1:9")
        .env("PALETTE_API_KEY", "key")
        .output()
        .unwrap();
    let all = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(code(&output), Some(1), "{all}");
    assert!(
        all.contains("CONNECT") && all.contains("127.0.0.1:9"),
        "{all}"
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_lists_what_exists_and_how_to_remove_it() {
    let mut child = Running(program(&["--speed", "200"]).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    // Wait until the cluster exists.
    let mut seen = String::new();
    for line in lines.by_ref() {
        let line = line.unwrap();
        seen.push_str(&line);
        seen.push('\n');
        if line.contains("+ cluster ") {
            break;
        }
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.0.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    for line in lines {
        seen.push_str(&line.unwrap());
        seen.push('\n');
    }
    let status = child.0.wait().unwrap();
    let mut err = String::new();
    child
        .0
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut err)
        .unwrap();
    assert_eq!(status.code(), Some(130), "{seen}\n{err}");
    for needle in [
        "cluster edge-lab",
        "DELETE /v1/spectroclusters/",
        "cloud account maas-lab",
        "DELETE /v1/cloudaccounts/maas/",
    ] {
        let list = seen.rsplit("Stopped").next().unwrap();
        assert!(list.contains(needle), "{needle} is missing in\n{seen}");
    }
}
