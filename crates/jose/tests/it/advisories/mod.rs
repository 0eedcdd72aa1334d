//! What other libraries were wrong about, one test an advisory or a family of them. The names begin
//! with the oldest number; the comments name the others of the family.

mod claims;
mod confusion;
mod key_import;
mod parsing;
mod resources;
mod signatures;
mod token_keys;
