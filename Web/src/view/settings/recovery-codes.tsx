import { useEffect, useRef } from "react";
import { announce } from "../announcer";
import { saveFile } from "../save-file";

/** Shown once: the server keeps no more than their hashes. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const text = `${codes.join("\n")}\n`;
  const copy = () => void navigator.clipboard?.writeText(text).then(() => announce("Copied"), () => {});
  const download = () => saveFile(new Blob([text], { type: "text/plain" }), "parley-recovery-codes.txt");
  return (
    <>
      <h3 tabIndex={-1} ref={title}>Your recovery codes</h3>
      <p>Keep them where you find them without your phone: each signs you in once instead of a code of the app. They are not shown again.</p>
      <ul className="secret codes">{codes.map((code) => <li key={code}><code>{code}</code></li>)}</ul>
      <div className="buttons">
        <button className="btn btn-outline-primary" type="button" onClick={copy}>Copy</button>
        <button className="btn btn-outline-primary" type="button" onClick={download}>Download</button>
        <button className="btn btn-primary" type="button" onClick={onDone}>I have kept them</button>
      </div>
    </>
  );
}
