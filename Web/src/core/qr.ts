// QR codes (ISO/IEC 18004) for short texts: bytes, error correction level L, versions 1 to 10 (up to 271 bytes).

/** By version: codewords of error correction in each block, and how many blocks there are. */
const correction = [0, 7, 10, 15, 20, 26, 18, 20, 24, 30, 18];
const blocks = [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 4];
const versionMax = 10;

const masks: ((x: number, y: number) => boolean)[] = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** Rows of modules, true for dark, without the quiet zone; null for a text that is too long. */
export function qrCode(text: string): boolean[][] | null {
  const bytes = new TextEncoder().encode(text);
  for (let version = 1; version <= versionMax; version += 1) {
    const room = codewords(version) - (correction[version] ?? 0) * (blocks[version] ?? 0);
    if (bytes.length + (version < 10 ? 2 : 3) > room) continue;
    const sequence = interleave(version, packed(version, bytes, room));
    const drawn = masks.map((_, mask) => draw(version, sequence, mask));
    return drawn.reduce((best, one) => (penalty(one) < penalty(best) ? one : best));
  }
  return null;
}

/** All that a symbol of this version holds, data and error correction. */
function codewords(version: number): number {
  const aligned = version > 1 ? Math.floor(version / 7) + 2 : 0;
  let modules = (16 * version + 128) * version + 64;
  if (aligned > 0) modules -= (25 * aligned - 10) * aligned - 55;
  if (version >= 7) modules -= 36;
  return Math.floor(modules / 8);
}

/** Mode, length and text as codewords, filled up. */
function packed(version: number, bytes: Uint8Array, room: number): number[] {
  const digits = (value: number, count: number) => value.toString(2).padStart(count, "0");
  const bits = digits(4, 4) + digits(bytes.length, version < 10 ? 8 : 16) + [...bytes].map((byte) => digits(byte, 8)).join("") + "0000";
  const words = (bits.match(/.{8}/g) ?? []).map((word) => parseInt(word, 2));
  for (let fill = 0; words.length < room; fill += 1) words.push(fill % 2 === 0 ? 0xec : 0x11);
  return words;
}

function interleave(version: number, data: readonly number[]): number[] {
  const count = blocks[version] ?? 1;
  const checks = correction[version] ?? 0;
  const short = Math.floor(data.length / count);
  const longFrom = count - (data.length % count);
  const generator = generatorOf(checks);
  const parts: number[][] = [];
  for (let block = 0, at = 0; block < count; block += 1) {
    const length = short + (block >= longFrom ? 1 : 0);
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const result: number[] = [];
  for (let index = 0; index <= short; index += 1) for (const part of parts) if (index < part.length) result.push(part[index] ?? 0);
  const ends = parts.map((part) => remainder(part, generator));
  for (let index = 0; index < checks; index += 1) for (const end of ends) result.push(end[index] ?? 0);
  return result;
}

/** In the field of 256 elements of the polynomial 0x11d. */
function times(a: number, b: number): number {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) {
    product = (product << 1) ^ ((product >> 7) * 0x11d);
    product ^= ((b >> bit) & 1) * a;
  }
  return product;
}

function generatorOf(degree: number): number[] {
  let result = [1];
  for (let step = 0, root = 1; step < degree; step += 1, root = times(root, 2)) {
    const next = [...result, 0];
    result.forEach((factor, index) => { next[index + 1] = (next[index + 1] ?? 0) ^ times(factor, root); });
    result = next;
  }
  return result;
}

function remainder(data: readonly number[], generator: readonly number[]): number[] {
  const rest = [...data, ...generator.slice(1).map(() => 0)];
  data.forEach((_, at) => {
    const factor = rest[at] ?? 0;
    generator.forEach((one, index) => { rest[at + index] = (rest[at + index] ?? 0) ^ times(one, factor); });
  });
  return rest.slice(data.length);
}

function draw(version: number, sequence: readonly number[], mask: number): boolean[][] {
  const size = version * 4 + 17;
  const grid: (boolean | undefined)[][] = Array.from({ length: size }, () => new Array<boolean | undefined>(size).fill(undefined));
  const set = (x: number, y: number, dark: boolean) => { const row = grid[y]; if (row !== undefined && x >= 0 && x < size) row[x] = dark; };
  const square = (x: number, y: number, radius: number, light: readonly number[]) => {
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) set(x + dx, y + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  };
  for (let at = 0; at < size; at += 1) { set(6, at, at % 2 === 0); set(at, 6, at % 2 === 0); }
  const places = alignment(version, size);
  // Three corners belong to the finders.
  const inCorner = (x: number, y: number) => (x === 6 && (y === 6 || y === size - 7)) || (x === size - 7 && y === 6);
  for (const x of places) for (const y of places) if (!inCorner(x, y)) square(x, y, 2, [1]);
  for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]] as const) square(x, y, 4, [2, 4]);
  const format = ((8 + mask) << 10 | checked(8 + mask, 0x537, 10)) ^ 0x5412;
  for (let bit = 0; bit < 15; bit += 1) {
    const dark = ((format >> bit) & 1) === 1;
    const near = bit < 6 ? bit : bit < 8 ? bit + 1 : 14 - bit;
    if (bit < 8) { set(8, near, dark); set(size - 1 - bit, 8, dark); }
    else { set(bit === 8 ? 7 : near, 8, dark); set(8, size - 15 + bit, dark); }
  }
  set(8, size - 8, true);
  if (version >= 7) {
    const word = version << 12 | checked(version, 0x1f25, 12);
    for (let bit = 0; bit < 18; bit += 1) {
      const [a, b, dark] = [size - 11 + (bit % 3), Math.floor(bit / 3), ((word >> bit) & 1) === 1];
      set(a, b, dark);
      set(b, a, dark);
    }
  }
  fill(grid, sequence, masks[mask] ?? (() => false));
  return grid as boolean[][];
}

/** The bits of the sequence, upwards and downwards in columns of two, from the right; column 6 belongs to the timing. */
function fill(grid: (boolean | undefined)[][], sequence: readonly number[], mask: (x: number, y: number) => boolean): void {
  const size = grid.length;
  let bit = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step += 1) {
      const y = ((right + 1) & 2) === 0 ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        const row = grid[y] ?? [];
        if (row[x] !== undefined) continue;
        row[x] = ((((sequence[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1) === 1) !== mask(x, y);
        bit += 1;
      }
    }
  }
}

function alignment(version: number, size: number): number[] {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = Math.ceil((version * 4 + 4) / (count * 2 - 2)) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, index) => size - 7 - index * step)];
}

/** The check bits of a word, by a generator of this degree. */
function checked(word: number, generator: number, degree: number): number {
  let rest = word;
  for (let bit = 0; bit < degree; bit += 1) rest = (rest << 1) ^ ((rest >> (degree - 1)) * generator);
  return rest;
}

/** How hard a drawing is to read (section 7.8.3): runs, blocks, what looks like a finder, an uneven share of dark. */
function penalty(grid: readonly boolean[][]): number {
  const size = grid.length;
  const rows = grid.map((row) => row.map(Number).join(""));
  const columns = rows.map((_, x) => rows.map((row) => row[x]).join(""));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
    sum += 40 * (line.match(/(?=10111010000|00001011101)/g) ?? []).length;
  }
  for (let y = 1; y < size; y += 1) {
    for (let x = 1; x < size; x += 1) {
      if (grid[y]?.[x] === grid[y]?.[x - 1] && grid[y]?.[x] === grid[y - 1]?.[x] && grid[y]?.[x] === grid[y - 1]?.[x - 1]) sum += 3;
    }
  }
  const dark = rows.join("").replace(/0/g, "").length / (size * size);
  return sum + 10 * Math.floor(Math.abs(dark * 20 - 10));
}
