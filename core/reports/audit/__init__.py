"""Reports of an audit for people."""
