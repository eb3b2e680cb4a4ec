"""A customer's account: its integration, its tokens, its rate, and how to call it."""
