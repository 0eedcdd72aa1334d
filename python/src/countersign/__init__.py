"""JWT authentication done properly once, on a Rust engine."""
