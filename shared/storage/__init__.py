"""PostgreSQL, and what is kept in it under a key."""
