import { qrCode } from "../../core/qr";

/** Light modules around the code that readers need to find it. */
const quietZone = 4;

/** Nothing for a text that no code of ours can hold: whoever shows it has it as text as well. */
export function QRImage({ text, label }: { text: string; label: string }) {
  const rows = qrCode(text);
  if (rows === null) return null;
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  const size = rows.length + 2 * quietZone;
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`${-quietZone} ${-quietZone} ${size} ${size}`} shapeRendering="crispEdges">
      <path d={path} />
    </svg>
  );
}
