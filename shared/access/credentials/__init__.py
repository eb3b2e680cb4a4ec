"""Proofs of identity, one module each: amoCRM's one-time token, a session, an application's JWT, a site key, an
administrator's token. `docs/security.md` compares them."""
