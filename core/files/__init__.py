"""Files whose bytes may be a stranger's: what is ours is opened beneath a checked directory, what is handed to us is read with care.

Beside ``core.yaml_text`` and for the same reason: adapters and plugins both need it and never see each other.
"""
