"""Photos: where they come from, how they are read, checked, framed and described."""
