"""Who made a plugin, and whether these are its bytes: keys, statements, envelopes, the trust store, verified copies."""
