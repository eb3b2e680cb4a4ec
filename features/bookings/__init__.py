"""Appointments: free times of doctors and rooms, bookings that PostgreSQL itself keeps apart, and their way into amoCRM
and back. What is in amoCRM is always brought to what the row says: a task at that time, a note for each change.
"""
