// Where the map looks: the whole province, a place, or what the page's address says.

import { calm, debounced } from "./dom.js";
import { keepViewInAddress, onAddressChange, viewInAddress } from "./protocol.js";

const ADDRESS_DELAY_MS = 250;
const PLACE_ZOOM = 12;

export class View {
  constructor(map, [west, south, east, north]) {
    this.map = map;
    this.bounds = L.latLngBounds([south, west], [north, east]);
    this.reach = this.bounds.pad(0.6);
    this.follows = true; // the province is fitted anew at a resize until someone moves the map
    this.busy = false;
    this.started = false;
    const keep = debounced(() => this.keep(), ADDRESS_DELAY_MS);
    map.on("moveend", () => {
      if (!this.busy) {
        this.follows = false;
        this.exact = null;
      }
      keep();
    });
    onAddressChange(keep);
  }

  /** The first view; `wanted` comes from the page, else its address is read. False for a bad one. */
  start(wanted) {
    const asked = wanted ?? viewInAddress((view) => this.isSane(view));
    const good = asked !== "bad" && (asked === null || this.isSane(asked));
    this.started = true;
    if (good && asked) this.show(asked);
    else this.fitProvince({ animate: false });
    // Not before there is a view: Leaflet would start to pan a map that still has another size.
    this.#quietly(() => this.map.setMaxBounds(this.reach));
    return good;
  }

  isSane({ c, z } = {}) {
    const numbers = Array.isArray(c) && c.length === 2 && [...c, z].every(Number.isFinite);
    return numbers && z >= this.map.getMinZoom() && z <= this.map.getMaxZoom() && this.reach.contains(c);
  }

  show({ c, z }) {
    this.follows = false;
    this.exact = { c, z }; // until someone moves the map: a resize shows it again
    this.#quietly(() => this.map.setView(c, z, { animate: false }));
  }

  fitProvince({ animate = !calm() } = {}) {
    const { x, y } = this.map.getSize();
    const narrow = x < 640;
    this.#quietly(() => this.map.fitBounds(this.bounds, {
      animate,
      paddingTopLeft: [8, narrow ? Math.min(56, y * 0.12) : 10],
      paddingBottomRight: [8, narrow ? Math.min(60, y * 0.14) : 10],
    }));
    this.exact = null;
    this.follows = true;
  }

  resized() {
    this.#quietly(() => this.map.invalidateSize({ animate: false }));
    if (this.exact) this.show(this.exact);
    else if (this.follows) this.fitProvince({ animate: false });
  }

  /** Goes to a place: its whole shape, or its point when it has none. */
  goTo(bounds, point) {
    this.follows = false;
    const animate = !calm();
    if (bounds) this.map.flyToBounds(bounds, { animate, duration: 0.6, maxZoom: PLACE_ZOOM, padding: [60, 60] });
    else if (point) this.map.flyTo(point, Math.max(this.map.getZoom(), 10), { animate, duration: 0.6 });
  }

  /** Moves no more than is needed to see a point beside the panels of the given size. */
  reveal(point, { right = 0, bottom = 0 } = {}) {
    if (!point) return;
    const options = { paddingTopLeft: [30, 50], paddingBottomRight: [30 + right, 30 + bottom], animate: !calm() };
    this.map.panInside(point, options);
  }

  keep() {
    if (!this.started) return;
    const { lat, lng } = this.map.getCenter();
    const zoom = this.map.getZoom();
    if (this.#isExact(zoom)) keepViewInAddress(...this.exact.c, zoom);
    else keepViewInAddress(lat, lng, zoom);
  }

  /** A map stands on whole pixels: a copied address must not creep from one opening to the next. */
  #isExact(zoom) {
    if (!this.exact || this.exact.z !== zoom) return false;
    const [asked, now] = [this.exact.c, this.map.getCenter()].map((at) => this.map.project(at, zoom));
    return asked.distanceTo(now) < 1.5;
  }

  #quietly(move) {
    this.busy = true;
    move();
    if (this.map._animatingZoom) this.map.once("moveend", () => setTimeout(() => (this.busy = false)));
    else this.busy = false;
  }
}
