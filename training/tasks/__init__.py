"""What each training stage computes: a batch in, a dict of losses out. The loop does the rest."""
