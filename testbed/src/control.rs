//! `/_testbed/`: the testbed controlled from outside its process, in JSON.
//!
//! | Method and path | What it does |
//! | --- | --- |
//! | `GET /_testbed/` | addresses and keys |
//! | `GET /_testbed/clock`, `PUT /_testbed/clock` | read; set any of `speed`, `paused` |
//! | `POST /_testbed/clock/advance` | `{"seconds": 60}`: move forward, firing timers in order |
//! | `GET`, `POST`, `DELETE /_testbed/faults` | list; order a [`Fault`](crate::Fault); cancel all |
//! | `DELETE /_testbed/faults/{id}` | cancel one |
//! | `GET`, `DELETE /_testbed/history` | requests seen; forget them |
//! | `POST /_testbed/reset` | everything as at the start |
//! | `GET /_testbed/leftovers` | what differs from the start and should not |
//! | `GET /_testbed/inventory` | the machines in short |
//! | `PUT /_testbed/machines/{hostname}/deploy` | how the next deployments go: `{"fail": "reason"}`, `{"seconds": 5400}` |

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

use crate::fault::Fault;
use crate::server::Shared;

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/_testbed/", get(index))
        .route("/_testbed/clock", get(clock).put(set_clock))
        .route("/_testbed/clock/advance", post(advance))
        .route(
            "/_testbed/faults",
            get(faults).post(order_fault).delete(clear_faults),
        )
        .route("/_testbed/faults/{id}", delete(cancel_fault))
        .route("/_testbed/history", get(history).delete(clear_history))
        .route("/_testbed/reset", post(reset))
        .route("/_testbed/leftovers", get(leftovers))
        .route("/_testbed/inventory", get(inventory))
        .route("/_testbed/machines/{hostname}/deploy", put(set_deploy))
        .route("/_testbed/{*rest}", any(unknown))
        .with_state(shared)
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

/// What there is, for those who come with curl.
const ROUTES: [&str; 11] = [
    "GET, PUT /_testbed/clock {\"speed\": 1000, \"paused\": false}",
    "POST /_testbed/clock/advance {\"seconds\": 60}",
    "GET, POST, DELETE /_testbed/faults {\"method\": \"POST\", \"path\": \"/v1/*\", \"kind\": \"status\", \"status\": 503}",
    "DELETE /_testbed/faults/{id}",
    "GET, DELETE /_testbed/history",
    "POST /_testbed/reset",
    "GET /_testbed/leftovers",
    "GET /_testbed/inventory",
    "PUT /_testbed/machines/{hostname}/deploy {\"fail\": \"reason\"}",
    "MAAS: /MAAS/api/2.0/",
    "Palette: /v1/",
];

async fn index(State(shared): State<Shared>) -> Json<Value> {
    let mut all = shared.describe();
    all["routes"] = json!(ROUTES);
    Json(all)
}

async fn unknown() -> Response {
    refusal(
        StatusCode::NOT_FOUND,
        "there is no such control: GET /_testbed/ lists them",
    )
}

fn clock_state(shared: &Shared) -> Json<Value> {
    Json(json!({
        "now": shared.clock.now().to_string(),
        "now_ms": shared.clock.now_millis(),
        "speed": shared.clock.speed(),
        "paused": shared.clock.is_paused(),
    }))
}

async fn clock(State(shared): State<Shared>) -> Json<Value> {
    clock_state(&shared)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockChange {
    speed: Option<f64>,
    paused: Option<bool>,
}

async fn set_clock(State(shared): State<Shared>, Json(change): Json<ClockChange>) -> Response {
    if let Some(Err(error)) = change.speed.map(|speed| shared.clock.set_speed(speed)) {
        return refusal(StatusCode::BAD_REQUEST, &error.to_string());
    }
    match change.paused {
        Some(true) => shared.clock.pause(),
        Some(false) => shared.clock.resume(),
        None => {}
    }
    clock_state(&shared).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: f64,
}

async fn advance(
    State(shared): State<Shared>,
    Json(Advance { seconds }): Json<Advance>,
) -> Response {
    let Ok(duration) = Duration::try_from_secs_f64(seconds) else {
        return refusal(
            StatusCode::BAD_REQUEST,
            &format!("seconds is {seconds}: a number of seconds from 0 on is needed"),
        );
    };
    shared.clock.advance(duration).await;
    clock_state(&shared).into_response()
}

async fn faults(State(shared): State<Shared>) -> Response {
    Json(shared.faults.list()).into_response()
}

async fn order_fault(State(shared): State<Shared>, Json(fault): Json<Fault>) -> Json<Value> {
    Json(json!({ "id": shared.faults.order(fault) }))
}

async fn clear_faults(State(shared): State<Shared>) -> StatusCode {
    shared.faults.clear();
    StatusCode::NO_CONTENT
}

async fn cancel_fault(State(shared): State<Shared>, Path(id): Path<u64>) -> Response {
    if shared.faults.cancel(id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        refusal(
            StatusCode::NOT_FOUND,
            &format!("no fault has the number {id}"),
        )
    }
}

async fn history(State(shared): State<Shared>) -> Response {
    Json(shared.history.requests()).into_response()
}

async fn clear_history(State(shared): State<Shared>) -> StatusCode {
    shared.history.clear();
    StatusCode::NO_CONTENT
}

async fn reset(State(shared): State<Shared>) -> StatusCode {
    shared.reset();
    StatusCode::NO_CONTENT
}

async fn leftovers(State(shared): State<Shared>) -> Response {
    Json(shared.leftovers()).into_response()
}

async fn inventory(State(shared): State<Shared>) -> Response {
    Json(shared.region.machines()).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeployChange {
    fail: Option<String>,
    seconds: Option<f64>,
}

async fn set_deploy(
    State(shared): State<Shared>,
    Path(hostname): Path<String>,
    Json(change): Json<DeployChange>,
) -> Response {
    if shared.region.machine_named(&hostname).is_none() {
        return refusal(
            StatusCode::NOT_FOUND,
            &format!("no machine is named '{hostname}'"),
        );
    }
    if let Some(seconds) = change.seconds {
        match Duration::try_from_secs_f64(seconds) {
            Ok(duration) => shared.region.slow_deploy(&hostname, duration),
            Err(_) => {
                return refusal(
                    StatusCode::BAD_REQUEST,
                    &format!("seconds is {seconds}: a number of seconds from 0 on is needed"),
                );
            }
        }
    }
    if let Some(reason) = change.fail {
        shared.region.fail_next_deploy(&hostname, &reason);
    }
    StatusCode::NO_CONTENT.into_response()
}
