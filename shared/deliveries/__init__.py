"""Accepted once, carried out once."""
