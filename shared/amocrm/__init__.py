"""The vendor's API: hosts that may be trusted, errors, OAuth, and the calls; knows nothing of our tables."""
