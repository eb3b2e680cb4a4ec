"""A whole installation under load, by day and on a bad night."""
