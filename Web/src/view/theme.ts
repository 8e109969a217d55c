export type Theme = "auto" | "light" | "dark";

const key = "parley.theme";

export function storedTheme(): Theme {
  try {
    const theme = localStorage.getItem(key);
    return theme === "light" || theme === "dark" ? theme : "auto";
  } catch {
    return "auto";
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function chooseTheme(theme: Theme): void {
  try { localStorage.setItem(key, theme); } catch { /* then it holds for this page only */ }
  applyTheme(theme);
}
