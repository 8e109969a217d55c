// Runs before the first paint, from the head, so that the chosen theme appears without a flash.
import { applyTheme, storedTheme } from "./theme";

applyTheme(storedTheme());
