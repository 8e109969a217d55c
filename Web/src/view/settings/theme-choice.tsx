import { useState } from "react";
import { chooseTheme, storedTheme, type Theme } from "../theme";

const themes: readonly [Theme, string][] = [["auto", "Like the device"], ["light", "Light"], ["dark", "Dark"]];

export function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const choose = (next: Theme) => { chooseTheme(next); setTheme(next); };
  return (
    <section>
      <h2 id="theme">Theme</h2>
      <div role="radiogroup" aria-labelledby="theme">
        {themes.map(([value, label]) => (
          <label key={value} className="choice">
            <input type="radio" name="theme" checked={theme === value} onChange={() => choose(value)} /> {label}
          </label>
        ))}
      </div>
    </section>
  );
}
