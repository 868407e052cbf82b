"""The host: finds, installs, grants, admits and calls the plugins of a repository."""
