"""The library the functions share. One concept, one module, named by the field's word for it."""
