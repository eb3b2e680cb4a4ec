"""What every action of `crm_api` is made of: its right and its body, accepting a write, plain pages."""
