"""The library under functions and features: rooms on floors; docs/tour.md draws them."""
