import { useState } from "react";
import { announce } from "./announcer";
import { explain } from "./words";

/** One form's fate: busy, saved, or what went wrong. */
export function useSave() {
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [saved, setSaved] = useState(false);
  const save = async (work: () => Promise<void>, said: string): Promise<boolean> => {
    setBusy(true);
    setFault(null);
    setSaved(false);
    try {
      await work();
      setSaved(true);
      announce(said);
      return true;
    } catch (error) {
      setFault(explain(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, fault, saved, save, clear: () => setFault(null) };
}
