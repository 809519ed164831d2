// Light or dark, from the theme that Streamlit sends with each render.

function luminance(colour) {
  const hex = /^#([0-9a-f]{6})/i.exec(colour ?? "")?.[1];
  const parts = hex
    ? [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16))
    : (/rgba?\(([^)]+)\)/.exec(colour ?? "")?.[1] ?? "").split(",").slice(0, 3).map(Number);
  if (parts.length < 3 || parts.some(Number.isNaN)) return null;
  return (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]) / 255;
}

export function applyTheme(theme) {
  const root = document.documentElement;
  if (!theme) return;
  const light = luminance(theme.backgroundColor);
  const dark = light === null ? theme.base === "dark" : light < 0.4;
  root.dataset.theme = dark ? "dark" : "light";
  for (const [name, value] of [["--page", theme.backgroundColor], ["--accent", theme.primaryColor]]) {
    if (value) root.style.setProperty(name, value);
    else root.style.removeProperty(name);
  }
}
