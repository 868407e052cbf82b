"""Files whose bytes may be a stranger's: what is ours is opened beneath a checked directory, what is handed to us is read with care.

Beside the ports: adapters and plugins both need it and never see each other.
"""
