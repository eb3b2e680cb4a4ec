"""Tests that go with `features/calculations/`."""
