"""Pictures of architectures, without a browser: shapes (``scene``), what they show (``graph``), and how they become
SVG text (``svg``) or pixels (``raster``).
"""
