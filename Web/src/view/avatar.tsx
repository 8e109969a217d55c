export function Avatar({ name, online }: { name: string; online: boolean }) {
  const letter = [...name.trim()][0]?.toUpperCase() ?? "?";
  return (
    <span className={online ? "avatar online" : "avatar"}>
      <span aria-hidden="true">{letter}</span>
      {online && <span className="visually-hidden">online, </span>}
    </span>
  );
}
