"""Calendars of other programs (RFC 5545), as they write them: what takes place when, and what could not be read."""
