"""Tests that go with `shared/submissions/`."""
