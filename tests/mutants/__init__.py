"""Small mistakes planted into the core, which the tests must see: `make mutants`."""
