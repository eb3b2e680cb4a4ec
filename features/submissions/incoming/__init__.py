"""Incoming: what servers have sent, kept as it came, shown, and read again after the rules were mended."""
