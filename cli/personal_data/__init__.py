"""One person's data, exported or erased; and all that there is of an account that has left (docs/personal-data.md)."""
