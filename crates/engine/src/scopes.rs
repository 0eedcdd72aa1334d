//! The scopes of the engine's own operations. A session has them only when they were asked for by
//! name, so that an everyday token cannot administer.

/// What they begin with; no other scope should.
pub const PREFIX: &str = "countersign:";
/// Administer users, sessions, clients and keys, and read the audit log.
pub const ADMIN: &str = "countersign:admin";
/// Ask about tokens (RFC 7662).
pub const INTROSPECT: &str = "countersign:introspect";
/// Follow the revocations.
pub const REVOCATIONS: &str = "countersign:revocations";
