// What one message says about the map, in a form that the parts of the frame can ask.

export const LEVELS = { city: ["city"], county: ["county"], zone: ["zone", "park"] };
export const QUALITIES = ["reported", "derived", "schematic", "synthetic"];
export const QUALITY_MARKS = ["", "◇", "▱", "※"];
export const HATCH = "url(#atlas-hatch)";

/** A number out of a printed value such as "≥1,200.5" or "约 −3.2"; NaN when there is none. */
export function numberIn(text) {
  const match = String(text).replace(/[,\s]/g, "").replace(/[−–]/g, "-").match(/-?\d+(\.\d+)?/);
  return match ? Number(match[0]) : NaN;
}

function readSource(source) {
  if (source === null || source === undefined) return null;
  return typeof source === "string" ? { title: source, url: null } : source;
}

export class Picture {
  constructor(args, places) {
    this.args = args;
    this.key = args.paint_key ?? args.key ?? "";
    this.lang = args.lang === "en" ? "en" : "zh";
    this.level = args.level in LEVELS ? args.level : "county";
    this.bySize = args.symbols === "area";
    this.legend = args.legend ?? {};
    const listed = [...(this.legend.classes ?? []), ...(this.legend.outliers ?? [])];
    this.classes = listed.map((item, i) => ({ ...item, colour: args.colours?.[i] ?? item.colour }));
    this.outliersFrom = this.legend.classes?.length ?? 0;
    this.table = args.table ?? {};
    this.sources = (this.table.sources ?? this.legend.sources ?? []).map(readSource);
    this.values = new Map(Object.entries(args.values ?? {}).map(([id, row]) => [id, this.#value(id, row)]));
    this.#assign(places);
  }

  #value(id, [klass, text, quality, source, note, number, period]) {
    const sortable = Number.isFinite(number) ? number : numberIn(text);
    return {
      id,
      klass: klass in this.classes ? klass : -1,
      colour: this.classes[klass]?.colour ?? null,
      text: text ?? "",
      quality: quality in QUALITIES ? quality : 0,
      source: this.sources[source] ?? null,
      sourceNumber: this.sources[source] ? source + 1 : null,
      note: note ?? "",
      number: klass >= 0 ? sortable : NaN,
      period: period ?? this.table.period ?? "",
      missing: !(klass >= 0),
    };
  }

  /** Which place's value a shape shows, and which groups become symbols of their own. */
  #assign(places) {
    this.shown = new Map(); // shape id -> place id
    this.groups = []; // ids
    const levels = LEVELS[this.level];
    for (const id of this.values.keys()) {
      if (levels.includes(places.get(id)?.level)) this.shown.set(id, id);
    }
    for (const id of this.values.keys()) {
      const place = places.get(id);
      if (place?.level !== "group") continue;
      const carrier = places.get(place.drawn_on);
      const free = carrier && levels.includes(carrier.level) && !this.shown.has(carrier.id);
      if (free) this.shown.set(carrier.id, id);
      else if (!this.values.get(id).missing && places.point(id)) this.groups.push(id);
    }
  }

  /** The value that a shape of this level shows, or null. */
  valueOn(shapeId) {
    return this.values.get(this.shown.get(shapeId)) ?? null;
  }

  /** How many values of each quality there are: [reported, derived, schematic, synthetic]. */
  qualityCounts() {
    const counts = QUALITIES.map(() => 0);
    for (const value of this.values.values()) if (!value.missing) counts[value.quality] += 1;
    return counts;
  }
}
