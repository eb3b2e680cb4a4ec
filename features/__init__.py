"""What can be delivered, taken in and told: a folder for each feature.

To remove one, delete its folder and its line in `registry.py`.
"""
