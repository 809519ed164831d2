// What Streamlit leaves unsaid or says in English only: the page's language, names of its own
// controls for screen readers, the step in hand, and where the keyboard stands after a step.
// `words` comes from ui/pagescript.py and holds texts of ours only, nothing of a file.
const page = (window.zoneAtlasPage ??= {});
const before = page.words?.step;
page.words = words;
page.tell = () => {
  const { lang, names, limit, step } = page.words;
  const root = document.documentElement;
  if (root.lang !== lang) root.lang = lang;
  for (const node of document.querySelectorAll("[data-testid=stFileUploader] [aria-label]")) {
    const ours = names[node.getAttribute("aria-label")];
    if (ours) node.setAttribute("aria-label", ours);
  }
  for (const node of document.querySelectorAll("[data-testid=stFileUploaderDropzone] button")) {
    const ours = names[node.textContent.trim()] ?? names[node.textContent.trim().replace(/^upload(?=[A-Z])/, "")];
    if (ours && !node.hasAttribute("aria-label")) node.setAttribute("aria-label", ours);
  }
  for (const node of document.querySelectorAll("[data-testid=stFileUploaderDropzoneInstructions] span")) {
    const [first, ...rest] = [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE);
    if (!limit || !first || first.nodeValue === limit) continue;
    first.nodeValue = limit; // the text itself: React keeps hold of its node
    for (const other of rest) other.nodeValue = "";
  }
  for (const node of document.querySelectorAll(".st-key-import_steps button")) {
    const current = Boolean(step) && node.closest(`.st-key-step_${step}`) !== null;
    if (!current) node.removeAttribute("aria-current");
    else if (node.getAttribute("aria-current") !== "step") node.setAttribute("aria-current", "step");
  }
};
if (!page.watcher) {
  page.watcher = new MutationObserver(() => page.tell());
  page.watcher.observe(document.body, { childList: true, subtree: true });
}
page.tell();
if (words.step && before && before !== words.step) {
  // Streamlit takes the button away that had the focus: the next step is read from its heading.
  const title = () => document.querySelector(".za-step-title");
  const settle = (left) => {
    const focus = document.activeElement;
    if (title() && (focus === document.body || focus?.closest(".st-key-import_page, .st-key-import_steps"))) {
      title().setAttribute("tabindex", "-1");
      title().focus({ preventScroll: true });
    }
    if (left > 0 && document.activeElement === document.body) setTimeout(() => settle(left - 1), 150);
  };
  setTimeout(() => settle(10), 50);
}
