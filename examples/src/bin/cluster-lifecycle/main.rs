//! The life of a bare-metal cluster from its description to its deletion, against simulated servers or real ones.

mod dry_run;
mod interrupt;
mod servers;
mod show;
mod story;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use crate::interrupt::Interrupt;
use crate::servers::{Addresses, Servers};
use crate::show::Show;

/// Describe, check, create, roll and delete a bare-metal Kubernetes cluster.
///
/// Without further ado it runs against a simulated MAAS region and a simulated Palette, which it starts on loopback by itself. With
/// MAAS_URL, MAAS_API_KEY, PALETTE_URL and PALETTE_API_KEY set (and PALETTE_PROJECT, if the key is not bound to one) it talks to these servers.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "MAAS_API_URL, SPECTROCLOUD_HOST and SPECTROCLOUD_APIKEY are accepted as second names.\n\
                  Exit codes: 0 done, 1 failed, 2 wrong usage or a wrong document, 130 stopped by Ctrl-C."
)]
pub(crate) struct Arguments {
    /// The cluster to build; the one in examples/cluster.yaml if not given
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// Change real servers without asking first
    #[arg(long)]
    yes: bool,
    /// Print every call that would change something, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print events as JSON lines
    #[arg(long)]
    json: bool,
    /// Simulated seconds per second; 1 is real time [default: 1000]
    #[arg(long, value_name = "N", value_parser = speed)]
    speed: Option<f64>,
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if speed.is_finite() && speed > 0.0 => Ok(speed),
        _ => Err("give a positive number, such as 1 or 1000".to_owned()),
    }
}

/// Why the program ends otherwise than well.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What the user gave cannot be used: exit 2.
    Usage(String),
    /// It failed: exit 1.
    Failed(sdk_transport::Error),
    /// It failed for a reason that was shown already: exit 1.
    Shown,
    /// Ctrl-C: exit 130.
    Interrupted,
}

impl From<sdk_transport::Error> for Stop {
    fn from(error: sdk_transport::Error) -> Self {
        Self::Failed(error)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let interrupt = Interrupt::listen();
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let show = Show::new(arguments.json);
    let (outcome, exit) = match run(&arguments, &show, &interrupt).await {
        Ok(()) => ("done", 0),
        Err(Stop::Usage(message)) => {
            show.complain(&message);
            ("wrong_usage", 2)
        }
        Err(Stop::Failed(error)) => {
            show.failed(&error);
            ("failed", 1)
        }
        Err(Stop::Shown) => ("failed", 1),
        Err(Stop::Interrupted) => ("interrupted", 130),
    };
    show.ended(outcome, exit);
    ExitCode::from(exit)
}

async fn run(arguments: &Arguments, show: &Show, interrupt: &Interrupt) -> Result<(), Stop> {
    let untouched = |stop| {
        if matches!(stop, Stop::Interrupted) {
            show.headline("Stopped. Nothing was changed.");
        }
        stop
    };
    let addresses = Addresses::from_env().map_err(Stop::Usage)?;
    let document = story::Script::read(arguments.document.as_deref(), show)?;
    if let Some(real) = &addresses
        && !arguments.dry_run
        && !arguments.yes
    {
        let asked = interrupt.or(confirm(real, document.name())).await;
        asked.map_err(untouched)?;
    }
    let servers = interrupt
        .or(Servers::open(addresses, arguments, interrupt.clone()))
        .await
        .map_err(untouched)?;
    let result = if arguments.dry_run {
        let run = interrupt.or(dry_run::run(&servers, &document, show)).await;
        run.map_err(untouched)
    } else {
        story::tell(&servers, &document, show).await
    };
    servers.close().await;
    result
}

/// Asks before real servers are changed.
async fn confirm(real: &Addresses, cluster: &str) -> Result<(), Stop> {
    let what = format!(
        "This creates the cluster {cluster}, rolls it and deletes it on MAAS {} and Palette {}.",
        real.maas_url, real.palette_url
    );
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Stop::Usage(format!(
            "{what} There is no terminal to ask on: repeat with --yes, or look first with --dry-run"
        )));
    }
    eprint!("{what} Go on? [y/N] ");
    let (sender, asked) = tokio::sync::oneshot::channel();
    // A thread of its own: the program can end while it waits for the answer.
    std::thread::spawn(move || {
        let mut answer = String::new();
        let read = std::io::stderr()
            .flush()
            .and_then(|()| std::io::stdin().read_line(&mut answer));
        let _ = sender.send(read.map(|_| answer));
    });
    match asked.await {
        Ok(Ok(answer)) if matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") => {
            Ok(())
        }
        Ok(Err(error)) => Err(Stop::Usage(format!("cannot read the answer: {error}"))),
        _ => Err(Stop::Usage("nothing was changed".to_owned())),
    }
}
