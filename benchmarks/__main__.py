"""`make bench`: all benchmarks one after the other, each with its peers in the same run."""

from __future__ import annotations

from benchmarks import areas, browser, geojson, intake, overlay, surveytext


def main() -> None:
    """Run all; nothing else should run on the machine meanwhile."""
    for title, run in (
        ("Areas of 100 000 polygons", areas.main),
        ("GeoJSON of 100 000 polygons", lambda: geojson.main([])),
        ("Overlay of land use", lambda: overlay.main([])),
        ("Import of land use", lambda: intake.main([])),
        ("Survey text of 50 000 points", lambda: surveytext.main([])),
        ("The map in a browser", browser.main),
    ):
        print(f"\n=== {title}", flush=True)
        run()


if __name__ == "__main__":
    main()
