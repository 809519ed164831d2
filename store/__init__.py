"""The workspace: collections as Delta tables of GeoParquet files, with versions and audit.

Only this package opens workspace files. It may import `geo` and `facts`, nothing else of ours.
The modules that a start needs (`workspace`, `baseline`) import neither pyarrow, geopandas nor
delta-rs by themselves: those load with the first read or write, so that opening stays quick.
"""
