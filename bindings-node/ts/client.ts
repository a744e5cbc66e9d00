/** What every client's constructor accepts. */

import type { SimulatedClock } from './testbed.js';

/** How a client is configured. Without `url` and `apiKey` both are read from the environment. */
export interface ClientOptions {
  /** The server's URL. */
  url?: string;
  /** The API key. It is never printed. */
  apiKey?: string;
  /** The application in the User-Agent, e.g. `provisioner/1.2`. */
  application?: string;
  /** The longest time for one attempt, in milliseconds; for a list, the longest silence. Default 120 000. */
  timeoutMs?: number;
  /** The longest time to connect, in milliseconds. Default 10 000. */
  connectTimeoutMs?: number;
  /** The most attempts of one call, the first included. Default 4. */
  maxAttempts?: number;
  /** How many requests are under way at most. Default 8. */
  maxInFlight?: number;
  /** Goes through this proxy instead of what `HTTP_PROXY` and its kin say. Loopback never goes through one. */
  proxy?: string;
  /** Goes through no proxy. */
  noProxy?: boolean;
  /** Headers on every request, e.g. for tracing. */
  headers?: Record<string, string>;
  /** Trusts the authorities in this PEM text, beside the usual ones. */
  caPem?: string;
  /** Trusts the authorities in this PEM file, beside the usual ones. */
  caFile?: string;
  /** Trusts only the authorities given here, not the usual ones. */
  onlyTheseCa?: boolean;
  /** Presents this certificate and private key (PEM, both in one text). */
  clientIdentityPem?: string;
  /** Expects this name in the server's certificate instead of the URL's host. */
  serverName?: string;
  /** Accepts any certificate from anybody: whoever sits on the path reads the API key. */
  dangerAcceptAnyCertificate?: boolean;
  /** The clock of waiters: a testbed's, so that they wait in simulated time. */
  clock?: SimulatedClock;
}
