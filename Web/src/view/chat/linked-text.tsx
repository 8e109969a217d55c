// Links in messages: http, https and mailto only, and only as React elements; the text stays text.

const pattern = /\b(?:https?:\/\/|mailto:)[^\s<>"']+/gi;

export function LinkedText({ text }: { text: string }) {
  const parts: (string | JSX.Element)[] = [];
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    // A sentence's own punctuation is not part of the address.
    const address = (match[0] ?? "").replace(/[.,;:!?)\]}]+$/, "");
    const start = match.index ?? 0;
    parts.push(text.slice(end, start));
    parts.push(<a key={start} href={address} target="_blank" rel="noopener noreferrer">{address}</a>);
    end = start + address.length;
  }
  parts.push(text.slice(end));
  return <>{parts}</>;
}
