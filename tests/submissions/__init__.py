"""Tests that go with `features/submissions/`."""
