"""The actions of `crm_api` that changes add."""
