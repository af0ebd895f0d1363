"""Guards: errors, seeding, validation, fingerprints, storage. Knows nothing of the field."""
