//! What every HTTP client of palette-maas shares: retry policy, error, paging, waiter, TLS, secrets, redaction.
