// The places of the map: loaded once from addresses with a version in them, found by id.

/** A collection that could not be had, with its address and why. */
export class GeometryError extends Error {
  constructor(address, why) {
    super(`${address}: ${why}`);
    this.address = address;
    this.why = why; // an HTTP status, "network" or "content"
  }
}

async function loadCollection(address) {
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new GeometryError(address, "network");
  }
  if (!response.ok) throw new GeometryError(address, `HTTP ${response.status}`);
  try {
    const collection = await response.json();
    if (Array.isArray(collection.features)) return collection.features;
  } catch {
    // Not JSON: the page's own HTML answers where an address is wrong.
  }
  throw new GeometryError(address, "content");
}

/** All collections at once: {provinces, cities, counties, zones} -> features. */
export async function loadGeometry(addresses) {
  const names = Object.keys(addresses);
  const loaded = await Promise.all(names.map((name) => loadCollection(addresses[name])));
  return Object.fromEntries(names.map((name, i) => [name, loaded[i]]));
}

export class Places {
  constructor(collections) {
    this.byId = new Map();
    for (const features of Object.values(collections)) {
      for (const { properties } of features) this.byId.set(properties.id, properties);
    }
    this.extra = new Map(); // came with a message
    this.found = new Map(); // came from the search
  }

  /** Places that came with a message, for ids that have no feature. */
  setExtra(places) {
    this.extra = new Map(Object.entries(places ?? {}).map(([id, p]) => [id, { id, ...p }]));
  }

  /** A place known from the search index only. */
  remember(entry) {
    this.found.set(entry.id, entry);
  }

  get(id) {
    return this.byId.get(id) ?? this.extra.get(id) ?? this.found.get(id) ?? null;
  }

  ofLevels(levels) {
    return [...this.byId.values()].filter((place) => levels.includes(place.level));
  }

  name(id, lang) {
    const place = this.get(id);
    if (!place) return id;
    return (lang === "en" ? place.name_en || place.name : place.name) ?? id;
  }

  /** Places of these levels, with an outline or without. */
  onFile(levels) {
    const others = [...this.extra.values()].filter((place) => levels.includes(place.level));
    return [...this.ofLevels(levels), ...others];
  }

  /** Where a place lies, from the nearest up, without the province: "阳曲县 · 太原市". */
  context(id, lang, joiner) {
    const names = [];
    let place = this.get(this.get(id)?.parent);
    for (let step = 0; place && place.level !== "province" && step < 4; step += 1) {
      names.push(this.name(place.id, lang));
      place = this.get(place.parent);
    }
    return names.join(joiner);
  }

  /** [lat, lon] of a place: its own point, its members' middle, or its outline's point. */
  point(id, depth = 0) {
    const place = this.get(id);
    if (!place || depth > 3) return null;
    if (place.point) return [place.point[1], place.point[0]];
    const parts = this.members(id).map((member) => this.point(member, depth + 1)).filter(Boolean);
    if (parts.length) {
      return [0, 1].map((axis) => parts.reduce((sum, p) => sum + p[axis], 0) / parts.length);
    }
    return place.drawn_on ? this.point(place.drawn_on, depth + 1) : null;
  }

  members(id) {
    const members = this.get(id)?.members ?? [];
    return typeof members === "string" ? members.split("|").filter(Boolean) : members;
  }
}
