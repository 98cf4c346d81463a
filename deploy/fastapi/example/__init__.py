"""A to-do service behind Postern."""
