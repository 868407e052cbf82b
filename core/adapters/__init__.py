"""The only place with I/O. Each adapter fulfils one port; none of them knows another."""
