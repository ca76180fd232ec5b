"""A run told in one HTML file that needs nothing else: no network, no script, no other file."""
