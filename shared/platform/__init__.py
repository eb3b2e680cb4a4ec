"""What any small service needs, and knows nothing of amoCRM."""
