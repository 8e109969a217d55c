// What a first visit does not need: a chunk of its own, loaded when the first of it is asked for (later.tsx).

// All of the rest of the page is then one file, and not one for each set of modules that both sides use: compressed, and
// by the names they would have to give each other, that is 1.2 kB less.
import "./main";

export { FindPeople } from "./find-people";
export { PasskeySignIn } from "./passkey-sign-in";
export { SecondFactor } from "./second-factor";
export { Settings } from "./settings/settings";
