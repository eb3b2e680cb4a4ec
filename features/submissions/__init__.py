"""Forms, orders and profiles of a site: who sent them, where they go, and what becomes of each value."""
