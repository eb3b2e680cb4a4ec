"""`probe`: tries in a real account what docs/vendor.md says of amoCRM, and removes everything that it made."""
