//! The lines of the standards' checklists, one test a line, as far as the server answers for them.
//! A test's name begins with the line: `t04` is the fourth of RFC 6749's token endpoint, `w` is
//! RFC 6750, `v` RFC 7009, `i` RFC 7662, `m` RFC 8414.

mod bearer;
mod introspection;
mod metadata;
mod revocation;
mod tokens;
