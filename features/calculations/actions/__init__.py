"""What callers ask of calculations."""
