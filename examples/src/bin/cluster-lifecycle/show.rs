//! What the user sees: a terminal with a progress bar, plain lines when piped, or JSON lines.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use console::{Style, Term, measure_text_width, style, truncate_str};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifecycle_core::{Plan, Planner, Verb, duration_text};
use lifecycle_driver::document::DocumentError;
use lifecycle_driver::{
    Check, CheckOutcome, Comparison, Created, Difference, Event, EventKind, Problem,
};
use sdk_transport::Error;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    Terminal,
    Plain,
    Json,
}

/// Where everything that the user sees goes through.
pub(crate) struct Show {
    mode: Mode,
    term: Term,
    bar: Mutex<Option<Bar>>,
}

struct Bar {
    bar: ProgressBar,
    started_ms: i64,
    state: String,
    nodes: String,
}

impl Show {
    pub(crate) fn new(json: bool) -> Self {
        let term = Term::stdout();
        let mode = match (json, term.is_term()) {
            (true, _) => Mode::Json,
            (false, true) => Mode::Terminal,
            (false, false) => Mode::Plain,
        };
        Self {
            mode,
            term,
            bar: Mutex::new(None),
        }
    }

    /// A new part of the story.
    pub(crate) fn chapter(&self, number: u8, title: &str) {
        if self.mode == Mode::Json {
            return self.json(&json!({ "kind": "chapter", "number": number, "title": title }));
        }
        self.line("");
        self.line(&format!(
            "{}  {}",
            style(number).bold().cyan(),
            style(title).bold()
        ));
    }

    /// One fact, with its name for readers of JSON.
    pub(crate) fn fact(&self, name: &str, text: &str) {
        if self.mode == Mode::Json {
            return self.json(&json!({ "kind": "fact", "name": name, "text": text }));
        }
        self.line(&format!("   {:<14} {text}", style(name).dim()));
    }

    /// Something that went well.
    pub(crate) fn good(&self, name: &str, text: &str) {
        if self.mode == Mode::Json {
            return self.json(&json!({ "kind": "done", "name": name, "text": text }));
        }
        self.line(&format!("   {} {text}", style("✓").green()));
    }

    /// Something that is not right, without being the end.
    pub(crate) fn bad(&self, name: &str, text: &str) {
        if self.mode == Mode::Json {
            return self.json(&json!({ "kind": "problem", "name": name, "text": text }));
        }
        self.line(&format!("   {} {text}", style("✗").red()));
    }

    /// A row of the preflight table, with its findings below.
    pub(crate) fn check(&self, check: &Check, file: &str) {
        if self.mode == Mode::Json {
            return self.tagged("check", check);
        }
        let mark = match check.outcome {
            CheckOutcome::Passed => style("✓").green(),
            CheckOutcome::Warned => style("!").yellow(),
            CheckOutcome::Failed => style("✗").red(),
            CheckOutcome::Skipped => style("-").dim(),
        };
        self.line(&format!(
            "   {mark} {:<16} {}",
            check.name.title(),
            check.summary
        ));
        for problem in &check.problems {
            self.problem(problem, file);
        }
    }

    /// A finding, with its place in the document.
    pub(crate) fn problem(&self, problem: &Problem, file: &str) {
        if self.mode == Mode::Json {
            return self.tagged("problem", problem);
        }
        let place = match problem.position {
            Some(position) => format!("{file}:{position} {}: ", problem.path),
            None if problem.path.is_empty() => String::new(),
            None => format!("{file} {}: ", problem.path),
        };
        let colour = if problem.is_error() {
            Style::new().red()
        } else {
            Style::new().yellow()
        };
        self.line(&format!(
            "       {place}{}: {}",
            colour.apply_to(&problem.code),
            problem.message
        ));
        if !problem.hint.is_empty() {
            self.line(&format!("         {} {}", style("→").dim(), problem.hint));
        }
    }

    /// A plan, before it is carried out; `hostnames` by MAAS's ids. JSON has every action, people see those that touch a machine.
    pub(crate) fn plan(&self, plan: &Plan, hostnames: &BTreeMap<String, String>) {
        if self.mode == Mode::Json {
            return self.tagged("plan", plan);
        }
        let planner = match plan.planner {
            Planner::Engine => "engine",
            Planner::ClusterApi => "cluster_api, the rules that Palette follows",
        };
        self.fact("planner", planner);
        for line in in_words(plan, hostnames).to_string().lines().skip(1) {
            self.line(&format!("   {line}"));
        }
    }

    /// The plan beside what happened.
    pub(crate) fn comparison(&self, comparison: &Comparison) {
        if self.mode == Mode::Json {
            return self.tagged("comparison", comparison);
        }
        let (planned, observed) = (&comparison.planned, &comparison.observed);
        let mut rows = vec![(
            "duration".to_owned(),
            duration_text(planned.duration_s),
            duration_text(observed.duration_s),
        )];
        for (title, planned, observed) in [
            (
                "peak machines",
                &planned.peak_machines,
                &observed.peak_machines,
            ),
            (
                "least available",
                &planned.min_available,
                &observed.min_available,
            ),
            ("new nodes", &planned.new_nodes, &observed.new_nodes),
        ] {
            for (subject, count) in planned {
                let seen = observed.get(subject).copied().unwrap_or(0);
                rows.push((
                    format!("{title} {subject}"),
                    count.to_string(),
                    seen.to_string(),
                ));
            }
        }
        let width = rows.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        self.line(&format!(
            "   {:width$}  {:>10}  {:>10}",
            "",
            style("planned").dim(),
            style("seen").dim()
        ));
        for (name, planned, observed) in rows {
            self.line(&format!("   {name:width$}  {planned:>10}  {observed:>10}"));
        }
        if !comparison.differences.iter().any(Difference::is_worse) {
            self.good("comparison", "as planned or better");
        }
        for difference in &comparison.differences {
            let mark = if difference.is_worse() {
                style("✗").red()
            } else {
                style("≠").yellow()
            };
            self.line(&format!("   {mark} {difference}"));
        }
    }

    /// An empty line.
    pub(crate) fn gap(&self) {
        if self.mode != Mode::Json {
            self.line("");
        }
    }

    /// A line that stands out.
    pub(crate) fn headline(&self, text: &str) {
        if self.mode == Mode::Json {
            return self.json(&json!({ "kind": "headline", "text": text }));
        }
        self.line("");
        self.line(&format!("{}", style(text).bold()));
    }

    /// A request that the rules refused, as they should.
    pub(crate) fn refused(&self, error: &Error) {
        if self.mode == Mode::Json {
            return self.tagged("refused", &json!({ "code": error.code(), "message": error.message(), "hint": error.hint(), "details": error.details() }));
        }
        let bar = self.lock().as_ref().map(|bar| bar.bar.clone());
        let hint = error
            .hint()
            .map(|hint| format!("; {hint}"))
            .unwrap_or_default();
        let line = format!(
            "           {} force delete is refused: {}: {}{hint}",
            style("✋").yellow(),
            error.code(),
            error.message()
        );
        match bar {
            Some(bar) => bar.suspend(|| self.line(&line)),
            None => self.line(&line),
        }
    }

    /// The mistakes of a document.
    pub(crate) fn mistakes(&self, error: &DocumentError) {
        if self.mode == Mode::Json {
            for finding in error.findings() {
                self.tagged("mistake", finding);
            }
        }
        let _ = writeln!(std::io::stderr(), "{error}");
    }

    /// A call that would change something.
    pub(crate) fn call(&self, call: &Value) {
        if self.mode == Mode::Json {
            return self.tagged("call", call);
        }
        let text = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
        self.line(&format!(
            "   {} {}",
            style(text("method")).bold(),
            text("path")
        ));
        if let Some(body) = call.get("body").filter(|body| !body.is_null()) {
            let body = serde_json::to_string_pretty(body).unwrap_or_default();
            for line in body.lines() {
                self.line(&format!("      {}", style(line).dim()));
            }
        }
    }

    /// Puts the progress bar up.
    pub(crate) fn begin(&self, now_ms: i64) {
        let bar = if self.mode == Mode::Terminal {
            ProgressBar::with_draw_target(
                Some(100),
                ProgressDrawTarget::term(self.term.clone(), 12),
            )
        } else {
            ProgressBar::hidden()
        };
        let width = if self.width() < 70 { 12 } else { 32 };
        let template =
            format!("   {{spinner:.cyan}} {{bar:{width}.cyan/dim}} {{percent:>3}} %  {{wide_msg}}");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(Duration::from_millis(90));
        *self.lock() = Some(Bar {
            bar,
            started_ms: now_ms,
            state: String::new(),
            nodes: String::new(),
        });
    }

    /// Takes it down.
    pub(crate) fn end(&self) {
        if let Some(bar) = self.lock().take() {
            bar.bar.finish_and_clear();
        }
    }

    /// An event of the driver.
    pub(crate) fn event(&self, event: &Event) {
        if self.mode == Mode::Json {
            return self.json(event);
        }
        let mut guard = self.lock();
        let Some(bar) = guard.as_mut() else { return };
        let since = u64::try_from(event.at_ms.saturating_sub(bar.started_ms)).unwrap_or(0);
        let stamp = format!("+{}", lifecycle_core::clock_text(since));
        match &event.kind {
            EventKind::Progress {
                percent,
                done,
                total,
            } => {
                bar.bar.set_position(u64::from(*percent));
                bar.nodes = format!("{done}/{total}");
            }
            EventKind::State { state, health } => {
                bar.state = match health {
                    Some(health) => format!("{state}, {health}"),
                    None => state.clone(),
                };
            }
            _ => {}
        }
        bar.bar.set_message(format!(
            "{}  {}  {}",
            bar.nodes,
            bar.state,
            style(&stamp).dim()
        ));
        let running = bar.bar.clone();
        drop(guard);
        if let Some(text) = sentence(&event.kind) {
            let line = format!("   {:>7}  {text}", style(stamp).dim());
            running.suspend(|| self.passing(&line));
        }
    }

    /// What exists, and how to remove it.
    pub(crate) fn created(&self, created: &Created) {
        if self.mode == Mode::Json {
            let resources: Vec<Value> = created
                .resources()
                .iter()
                .map(|resource| {
                    json!({ "kind": resource.kind, "name": resource.name, "uid": resource.uid, "how_to_remove": resource.how_to_remove() })
                })
                .collect();
            return self.tagged("exists", &json!({ "resources": resources }));
        }
        for resource in created.resources() {
            self.line(&format!("   {resource}"));
            self.line(&format!(
                "     {} {}",
                style("→").dim(),
                resource.how_to_remove()
            ));
        }
    }

    /// The reason of the failure.
    pub(crate) fn failed(&self, error: &Error) {
        self.end();
        if self.mode == Mode::Json {
            self.json(
                &json!({ "kind": "failed", "code": error.code(), "message": error.to_string() }),
            );
        }
        self.complain(&error.to_string());
    }

    /// The last event of JSON output, however the program ends.
    pub(crate) fn ended(&self, outcome: &str, exit_code: u8) {
        if self.mode == Mode::Json {
            self.json(&json!({ "kind": "ended", "outcome": outcome, "exit_code": exit_code }));
        }
    }

    /// A message beside the output.
    pub(crate) fn complain(&self, message: &str) {
        if self.mode == Mode::Json {
            self.json(&json!({ "kind": "message", "text": message }));
        }
        let _ = writeln!(std::io::stderr(), "cluster-lifecycle: {message}");
    }

    fn width(&self) -> usize {
        match self.mode {
            Mode::Terminal => usize::from(self.term.size().1).max(20),
            Mode::Plain | Mode::Json => usize::MAX,
        }
    }

    /// A line that the terminal wraps. Whoever reads our output may go away in the middle of it; what was begun goes on.
    fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// A line that is cut at the terminal's edge: one of many that pass by.
    fn passing(&self, text: &str) {
        let width = self.width();
        if measure_text_width(text) > width {
            self.line(&truncate_str(text, width, "…"));
        } else {
            self.line(text);
        }
    }

    fn json(&self, value: &impl Serialize) {
        if let Ok(text) = serde_json::to_string(value) {
            let _ = writeln!(std::io::stdout(), "{text}");
        }
    }

    fn tagged(&self, kind: &str, value: &impl Serialize) {
        let mut value = serde_json::to_value(value).unwrap_or_default();
        if let Value::Object(fields) = &mut value {
            fields.insert("kind".to_owned(), kind.into());
        }
        self.json(&value);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Bar>> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The plan without bookkeeping, each action in words instead of its id.
fn in_words(plan: &Plan, hostnames: &BTreeMap<String, String>) -> Plan {
    let mut plan = plan.clone();
    let mut hosts = BTreeMap::new();
    for action in plan.steps.iter_mut().flat_map(|step| &mut step.actions) {
        let parts: Vec<String> = action.id.split('/').map(str::to_owned).collect();
        let [_, pool, node, verb] = parts.as_slice() else {
            continue;
        };
        action.id = if let Verb::Allocate { system_id, .. } = &action.verb {
            let host = hostnames.get(system_id).unwrap_or(system_id);
            hosts.insert(node.clone(), host.clone());
            format!("allocate {host} for {pool}")
        } else {
            let host = hosts.get(node).unwrap_or(node);
            format!("{} {host}", verb.replace('_', " "))
        };
    }
    for step in &mut plan.steps {
        step.actions.retain(|action| {
            let name = action.verb.name();
            let bookkeeping = [
                "apply_in_place",
                "delete_node_object",
                "attach_endpoint",
                "detach_endpoint",
            ];
            !name.starts_with("record") && !bookkeeping.contains(&name)
        });
    }
    plan.steps.retain(|step| !step.actions.is_empty());
    plan
}

/// An event in words; none for those that only move the bar.
fn sentence(kind: &EventKind) -> Option<String> {
    let arrow = style("→").dim();
    Some(match kind {
        EventKind::Step { message } => format!("{} {message}", style("▸").cyan()),
        EventKind::Created { resource } => format!("{} {resource}", style("+").green()),
        EventKind::Reused { resource } => format!("= {resource}"),
        EventKind::Removed { resource } => {
            format!("{} {} {}", style("-").red(), resource.kind, resource.name)
        }
        EventKind::State { state, health } => {
            let health = health
                .as_ref()
                .map(|health| format!(", {health}"))
                .unwrap_or_default();
            format!("  cluster {}{health}", style(state).bold())
        }
        EventKind::Condition {
            condition,
            status,
            message,
            ..
        } if status == "True" => {
            format!("{} {condition}: {message}", style("✓").green())
        }
        EventKind::PaletteEvent {
            severity, message, ..
        } if severity.eq_ignore_ascii_case("error") => {
            format!("{} Palette: {message}", style("!").yellow())
        }
        EventKind::PaletteEvent { message, .. } => {
            format!("  {}", style(format!("Palette: {message}")).dim())
        }
        EventKind::Node {
            node,
            pool,
            state,
            ready: true,
            ..
        } if state == "Running" => {
            format!("{} node {node} of {pool} is ready", style("●").green())
        }
        EventKind::Node {
            node, pool, state, ..
        } if state == "Deleting" => format!(
            "{} node {node} of {pool} is on its way out",
            style("◌").yellow()
        ),
        EventKind::Node {
            node, pool, state, ..
        } if state == "Gone" => format!("{} node {node} of {pool} is gone", style("○").dim()),
        EventKind::Machine {
            hostname,
            from: Some(from),
            to,
            ..
        } => format!("  MAAS: {hostname} {from} {arrow} {to}"),
        EventKind::Machine { hostname, to, .. } => format!("  MAAS: {hostname} {to}"),
        EventKind::RepavePending { reasons } => {
            format!("? nodes will be replaced: {}", reasons.join("; "))
        }
        EventKind::Warning { problem } => format!("{} {problem}", style("!").yellow()),
        EventKind::LookFailed { message, .. } => {
            format!("{} {message}; looking again", style("!").yellow())
        }
        EventKind::Difference { difference } => format!("{} {difference}", style("≠").yellow()),
        _ => return None,
    })
}
