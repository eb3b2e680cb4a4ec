"""Proof by killing: processes are ended at every step, and the ground truth is read afterwards."""
