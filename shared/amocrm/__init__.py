"""amoCRM (Kommo) as we use it: hosts that may be trusted, errors, OAuth, and the calls for deals."""
