"""Proves: public contracts that every score and every plan scheme must pass."""
