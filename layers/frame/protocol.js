// Talking with the page around the frame: Streamlit's messages, the page's address, its size.
//
// With each render the page sends `args`:
//   paint_key  changes when the picture changes (the name `key` is Streamlit's own and never comes)
//   lang "zh" | "en", level "city" | "county" | "zone", symbols "fixed" | "area"
//   colours [class colour, low to high]; outlier classes follow the others
//   values {place id: [class, text, quality, source, note, number?, period?]}
//            class -1: the source lost the number, `note` says why; quality: 0 reported, 1 derived,
//            2 schematic, 3 synthetic; source: place in table.sources; number: what to sort by
//   legend {title, subtitle, scheme, classes [{label, count, colour}], outliers [the same],
//            nodata {label, count}, notes [text], sources [title | {title, url}]}
//   table {unit, period, kind, sources [title | {title, url}]}
//   places {id: {name, name_en, level, parent, members, drawn_on}} for ids without a feature, whether
//            they have a value or are only listed
//   selected: place id | null
//   view {c: [lat, lon], z} | null, view_seq: applied at first and when view_seq changes
//   geometry {collection: address}: when a new version is to be shown without a reload
// and gets back {event: "select", id, seq} or {event: "bad_view", seq}.

const inPage = window.parent !== window;
const gone = new AbortController(); // listeners on the page must not outlive the frame
let sequence = Date.now(); // a reloaded frame never repeats a number

window.addEventListener("pagehide", () => gone.abort());

function send(type, data) {
  if (inPage) window.parent.postMessage({ isStreamlitMessage: true, type, ...data }, "*");
}

/** The page's window if the browser lets us see it, else null. */
function page() {
  try {
    return inPage && window.frameElement && window.parent.location.href ? window.parent : null;
  } catch {
    return null; // embedded from elsewhere: no address and no size to share
  }
}

/** Tells Streamlit that renders may come; `onRender(args, theme)` gets each of them. */
export function connect(onRender) {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.type !== "streamlit:render") return;
    onRender(event.data.args ?? {}, event.data.theme ?? null);
  });
  send("streamlit:componentReady", { apiVersion: 1 });
}

export function sendHeight(height) {
  send("streamlit:setFrameHeight", { height });
}

/** Sends an event and returns its number. */
export function sendEvent(event, data = {}) {
  sequence += 1;
  const value = { event, ...data, seq: sequence };
  send("streamlit:setComponentValue", { value, dataType: "json" });
  return sequence;
}

/** The page's inner height in CSS pixels. */
export function pageHeight() {
  return page()?.innerHeight ?? window.innerHeight;
}

export function onPageResize(task) {
  page()?.addEventListener("resize", task, { signal: gone.signal });
}

/** Calls `task` when anyone changes the page's address without a load. */
export function onAddressChange(task) {
  page()?.navigation?.addEventListener("currententrychange", task, { signal: gone.signal });
}

/** The view in the page's address: {c: [lat, lon], z}, null when none, "bad" when unreadable. */
export function viewInAddress(isSane) {
  const query = new URLSearchParams(page()?.location.search ?? "");
  if (!query.has("c") && !query.has("z")) return null;
  const parts = (query.get("c") ?? "").split(",");
  const numbers = [...parts, query.get("z") ?? ""].map((text) => (text.trim() === "" ? NaN : Number(text)));
  const view = { c: numbers.slice(0, -1), z: numbers.at(-1) };
  return isSane(view) ? view : "bad";
}

/** Keeps the view in the page's address, without a new entry in its history. */
export function keepViewInAddress(lat, lon, zoom) {
  const target = page();
  if (!target) return;
  const url = new URL(target.location.href);
  const view = { c: `${lat.toFixed(4)},${lon.toFixed(4)}`, z: String(Math.round(zoom * 100) / 100) };
  if (url.searchParams.get("c") === view.c && url.searchParams.get("z") === view.z) return;
  url.searchParams.set("c", view.c);
  url.searchParams.set("z", view.z);
  // A comma may stand in a query as it is, and an address people copy should be readable.
  const search = url.search.replace(/%2C/gi, ",");
  target.history.replaceState(target.history.state, "", url.pathname + search + url.hash);
}

/** Language of the frame and of the page, and the frame's name, which Streamlit leaves a code's. */
export function setPageLanguage(code, title) {
  document.documentElement.lang = code;
  document.title = title;
  const target = page();
  if (!target) return;
  target.document.documentElement.lang = code;
  window.frameElement.title = title;
}

/** Gives the page the frame's font too: its own style sheet would have come before the map. */
export function shareFont(href) {
  const target = page()?.document;
  if (!target || target.querySelector(`link[href="${href}"]`)) return;
  const link = target.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  target.head.append(link);
}

/** The address of a place's own page; the page's language is kept. */
export function placeAddress(placePage, id) {
  const query = new URLSearchParams({ id });
  const lang = new URLSearchParams(page()?.location.search ?? "").get("lang");
  if (lang) query.set("lang", lang);
  return `${placePage}?${query}`;
}

/** Follows a link in the page itself: the frame's sandbox keeps the frame from doing it. */
export function followInPage(event) {
  const target = page();
  if (!target || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const link = target.document.createElement("a");
  link.href = event.currentTarget.href;
  link.click();
}

/** Copies the page's address; true when the browser allowed it. */
export async function copyAddress() {
  const address = (page() ?? window).location.href;
  try {
    await navigator.clipboard.writeText(address);
    return true;
  } catch {
    return copyTheOldWay(address); // no clipboard outside https and localhost
  }
}

function copyTheOldWay(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
