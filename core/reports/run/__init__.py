"""What a run shows: lines, live rows, summary."""
