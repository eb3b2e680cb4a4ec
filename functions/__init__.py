"""What is deployed: one folder for each function, its entry points in `main.py`."""
