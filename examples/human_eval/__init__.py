"""A blind real-or-generated test: can people tell coloured photos from true ones?"""
