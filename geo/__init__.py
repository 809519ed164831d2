"""What is true about land: datums, areas, boundary files and schematic footprints.

Imports nothing of the other packages. Coordinates are longitude, latitude in degrees on
CGCS2000 (EPSG:4490) unless a docstring says otherwise; areas are ellipsoidal, in m².
"""
