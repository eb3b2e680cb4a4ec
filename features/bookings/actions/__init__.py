"""What `crm_api` does with bookings."""
