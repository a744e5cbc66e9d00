//! Starts the simulated MAAS region and Palette and prints where they are.

use std::process::ExitCode;

use clap::Parser;
use futures_util::FutureExt;
use jiff::Timestamp;
use testbed::Testbed;
use tracing_subscriber::EnvFilter;

/// A simulated MAAS region and Palette on loopback, with a simulated clock.
///
/// Prints the addresses and keys as `NAME=value` lines, then serves until Ctrl-C. Control (clock, faults, history, reset, leftovers) is at /_testbed/ on the same port.
#[derive(Parser)]
#[command(
    version,
    after_help = "Exit codes: 0 stopped by Ctrl-C, 1 could not start, 2 wrong usage."
)]
struct Arguments {
    /// Port on 127.0.0.1; 0 takes any free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Simulated seconds per second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Seed of everything random
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Simulated instant at the start, such as 2026-01-01T00:00:00Z; now if absent
    #[arg(long)]
    start: Option<Timestamp>,
    /// Start with the simulated clock standing still
    #[arg(long)]
    paused: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let mut builder = Testbed::builder()
        .port(arguments.port)
        .speed(arguments.speed)
        .seed(arguments.seed)
        .paused(arguments.paused);
    if let Some(start) = arguments.start {
        builder = builder.start_time(start);
    }
    let testbed = match builder.start().await {
        Ok(testbed) => testbed,
        Err(error) => {
            eprintln!("testbed: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut interrupted = Box::pin(tokio::signal::ctrl_c());
    // Polled once, it listens: who reads the lines below may interrupt at once.
    let early = (&mut interrupted).now_or_never();
    println!("MAAS_URL={}", testbed.maas_url());
    println!("MAAS_API_KEY={}", testbed.maas_api_key());
    println!("MAAS_USER_API_KEY={}", testbed.maas_user_api_key());
    println!("PALETTE_URL={}", testbed.palette_url());
    println!("PALETTE_PROJECT={}", testbed.palette().project_name());
    for (name, value) in testbed.describe()["palette"]
        .as_object()
        .into_iter()
        .flatten()
    {
        // The address stands above already.
        if let Some(value) = value.as_str().filter(|_| name != "url") {
            println!("PALETTE_{}={value}", name.to_uppercase());
        }
    }
    eprintln!(
        "Control: {}/_testbed/. Ctrl-C stops.",
        testbed.palette_url()
    );
    let ended = match early {
        Some(ended) => ended,
        None => interrupted.await,
    };
    if let Err(error) = ended {
        eprintln!("testbed: cannot wait for Ctrl-C: {error}");
        return ExitCode::FAILURE;
    }
    testbed.stop().await;
    ExitCode::SUCCESS
}
