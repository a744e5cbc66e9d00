/**
 * The pure lifecycle engine: no I/O, no clock, no randomness.
 *
 * Each function exists twice: with plain objects, and as `…Json` with JSON text, whose answer is canonical (sorted keys,
 * no white space, defaults left out) and the same byte for byte in Rust, Python and Node.
 */

import { open, stringify } from './call.js';
import { invalidInput } from './error.js';
import { lifecycle } from './native.js';
import type { Admission, Decision, Desired, Finding, NetworkInput, NetworkPlan, Plan, PreviewOptions, Request, World } from './lifecycle-types.js';

export type * from './lifecycle-types.js';

/** The JSON text of what a function answers: everything in the envelope between `{"value":` and `}`. */
function run(name: string, arguments_: string[]): string {
  for (const argument of arguments_) {
    if (typeof argument !== 'string') throw invalidInput(`${name}: expected JSON text, not ${typeof argument}`);
  }
  const envelope = lifecycle(name, arguments_);
  if (envelope.startsWith('{"error"')) open(envelope);
  return envelope.slice('{"value":'.length, -1);
}

/** What is wrong with what is wanted, without a look at the world. Empty if nothing is. */
export function validate(desired: Desired): Finding[] {
  return JSON.parse(validateJson(stringify(desired))) as Finding[];
}

/** {@link validate} on JSON text. */
export function validateJson(desired: string): string {
  return run('validate', [desired]);
}

/** How many addresses each cluster and gateway needs, steady and at the peak of a rollout, and which ranges overlap. */
export function planNetwork(input: NetworkInput): NetworkPlan {
  return JSON.parse(planNetworkJson(stringify(input))) as NetworkPlan;
}

/** {@link planNetwork} on JSON text. */
export function planNetworkJson(input: string): string {
  return run('plan_network', [input]);
}

/**
 * Whether a request may be carried out now, and what is wanted then.
 *
 * @throws {@link RefusedError} whose `code` is the refusal's (`E_…`), with `hint`, `details` and perhaps `retryAfterMs`.
 */
export function admit(request: Request, world: World): Admission {
  return JSON.parse(admitJson(stringify(request), stringify(world))) as Admission;
}

/** {@link admit} on JSON text. */
export function admitJson(request: string, world: string): string {
  return run('admit', [request, world]);
}

/** What to do now, why, and when to ask again. Carries nothing out. */
export function decide(world: World): Decision {
  return JSON.parse(decideJson(stringify(world))) as Decision;
}

/** {@link decide} on JSON text. */
export function decideJson(world: string): string {
  return run('decide', [world]);
}

/**
 * What would happen: the steps of the request, or of what is wanted already, with machines, availability, duration,
 * risks and alternatives. Nothing is carried out.
 */
export function preview(world: World, request: Request | null = null, options: PreviewOptions = {}): Plan {
  return JSON.parse(previewJson(stringify(world), stringify(request), stringify(options))) as Plan;
}

/** {@link preview} on JSON text. */
export function previewJson(world: string, request = 'null', options = '{}'): string {
  return run('preview', [world, request, options]);
}
