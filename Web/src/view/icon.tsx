// Parley's own line icons, drawn on a grid of 24. Their meaning is said by the text or label beside them.

const paths = {
  logo: "M6 4h12a3 3 0 0 1 3 3v7a3 3 0 0 1-3 3h-6l-5 4v-4H6a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z",
  back: "M15 5l-7 7 7 7",
  plus: "M12 5v14M5 12h14",
  more: "M12 5v.01M12 12v.01M12 19v.01",
  sliders: "M4 8h8M19 8h1M4 16h1M12 16h8M15.5 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8.5 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  send: "M4 5l17 7-17 7 3-7zM7 12h6",
  down: "M12 5v14M6 13l6 6 6-6",
  copy: "M9 9h10v11H9zM15 9V5H5v11h4",
  pending: "M12 7v5l3 2M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  sent: "M5 13l4 4L19 7",
  both: "M2 13l4 4L16 7M12 16l1 1L22 7",
};

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return <svg className="icon" viewBox="0 0 24 24" aria-hidden="true"><path d={paths[name]} /></svg>;
}
