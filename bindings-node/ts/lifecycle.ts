/**
 * The pure lifecycle engine: no I/O, no clock, no randomness.
 *
 * Each function exists twice: with plain objects, and as `…Json` with JSON text, whose answer is canonical (sorted keys,
 * no white space, defaults left out) and the same byte for byte in Rust, Python and Node.
 */

import { open } from './call.js';
import { lifecycle } from './native.js';
import type { Admission, Decision, Desired, Finding, NetworkInput, NetworkPlan, Plan, PreviewOptions, Request, World } from './lifecycle-types.js';

export type * from './lifecycle-types.js';

/** The JSON text of the value in an envelope: everything between `{"value":` and `}`. */
function text(envelope: string): string {
  if (envelope.startsWith('{"error"')) open(envelope);
  return envelope.slice('{"value":'.length, -1);
}

/** What is wrong with what is wanted, without a look at the world. Empty if nothing is. */
export function validate(desired: Desired): Finding[] {
  return JSON.parse(validateJson(JSON.stringify(desired))) as Finding[];
}

/** {@link validate} on JSON text. */
export function validateJson(desired: string): string {
  return text(lifecycle('validate', [desired]));
}

/** How many addresses each cluster and gateway needs, steady and at the peak of a rollout, and which ranges overlap. */
export function planNetwork(input: NetworkInput): NetworkPlan {
  return JSON.parse(planNetworkJson(JSON.stringify(input))) as NetworkPlan;
}

/** {@link planNetwork} on JSON text. */
export function planNetworkJson(input: string): string {
  return text(lifecycle('plan_network', [input]));
}

/**
 * Whether a request may be carried out now, and what is wanted then.
 *
 * @throws {@link RefusedError} whose `code` is the refusal's (`E_…`), with `hint`, `details` and perhaps `retryAfterMs`.
 */
export function admit(request: Request, world: World): Admission {
  return JSON.parse(admitJson(JSON.stringify(request), JSON.stringify(world))) as Admission;
}

/** {@link admit} on JSON text. */
export function admitJson(request: string, world: string): string {
  return text(lifecycle('admit', [request, world]));
}

/** What to do now, why, and when to ask again. Carries nothing out. */
export function decide(world: World): Decision {
  return JSON.parse(decideJson(JSON.stringify(world))) as Decision;
}

/** {@link decide} on JSON text. */
export function decideJson(world: string): string {
  return text(lifecycle('decide', [world]));
}

/**
 * What would happen: the steps of the request, or of what is wanted already, with machines, availability, duration,
 * risks and alternatives. Nothing is carried out.
 */
export function preview(world: World, request: Request | null = null, options: PreviewOptions = {}): Plan {
  return JSON.parse(previewJson(JSON.stringify(world), JSON.stringify(request), JSON.stringify(options))) as Plan;
}

/** {@link preview} on JSON text. */
export function previewJson(world: string, request = 'null', options = '{}'): string {
  return text(lifecycle('preview', [world, request, options]));
}
