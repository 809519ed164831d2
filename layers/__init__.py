"""How truth becomes a layer: join, classes, legend, style, map frame, export formats."""
