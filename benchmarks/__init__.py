"""Speed, memory and quality beside peers, each comparison in one run."""
