"""Tests that go with `shared/calculations/`."""
