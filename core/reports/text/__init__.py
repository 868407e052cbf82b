"""Building blocks of every report: columns, styles, escapes."""
