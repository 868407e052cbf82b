"""Settings, diagnosis and the first hour."""
