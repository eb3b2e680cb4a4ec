"""The JavaScript client under test: stories for Node.js and a page for Chromium."""

import os

import pytest

from tests.demo import ROOT

# What makes its types and its classic script comes with `npm ci`.
needs_tools = pytest.mark.skipif(
    not (ROOT / "node_modules" / "esbuild").exists() and "CI" not in os.environ, reason="run: npm ci"
)
