"""Moving a connection to another cell: another database, with functions of its own (docs/scale.md)."""
