"""The library under the functions: a room for each subject, on floors; docs/tour.md draws them."""
