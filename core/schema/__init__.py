"""Documents that people write: read with places, checked by one family of field types, which also write the JSON schema.

Nothing is imported here: only ``yaml_reader`` knows PyYAML, and the field types are declared by modules that must not.
"""
