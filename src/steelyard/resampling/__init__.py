"""Plans: one file a scheme."""
