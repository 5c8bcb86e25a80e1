"""State for rules, under the names of Panther's package of this name."""
