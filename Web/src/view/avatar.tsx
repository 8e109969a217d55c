import type { UserId } from "../protocol/types";

const hues = 8;

/** A letter on a colour of one's own: the same person looks the same everywhere. */
export function Avatar({ user, name, online }: { user: UserId; name: string; online: boolean }) {
  const letter = [...name.trim()][0]?.toUpperCase() ?? "?";
  // The last digits of a UUIDv7 are random, the first are the time.
  const hue = (parseInt(user.slice(-2), 16) || 0) % hues;
  return (
    <span className={`avatar hue-${hue}${online ? " online" : ""}`}>
      <span aria-hidden="true">{letter}</span>
      {online && <span className="visually-hidden">online, </span>}
    </span>
  );
}
