import { createRoot } from "react-dom/client";
import { browserEnvironment } from "../core/browser";
import { Session } from "../core/session/session";
import { App } from "./app";
import { registerWorker } from "./new-version";

const root = document.getElementById("root");
if (root !== null) {
  const environment = browserEnvironment();
  registerWorker();
  createRoot(root).render(<App environment={environment} session={new Session(environment)} />);
}
