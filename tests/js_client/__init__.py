"""The JavaScript client under test: stories for Node.js and a page for Chromium."""
