"""Card payment fraud: pass, review or block each payment."""
