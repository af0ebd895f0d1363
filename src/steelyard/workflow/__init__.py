"""Conducts: strings the rooms together into a weighing."""
