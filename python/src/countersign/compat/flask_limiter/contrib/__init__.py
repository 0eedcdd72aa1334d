"""Functions for particular environments."""
