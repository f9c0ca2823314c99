import { WORDS } from "./json-inputs.js"
import type { Chance } from "./random.js"

const ENCODER = new TextEncoder()

/** A growing list of bytes. */
class Writer {
  readonly bytes: number[] = []

  put(...bytes: readonly number[]): void {
    for (const byte of bytes) this.bytes.push(byte & 0xff)
  }

  number(value: number, size: number): void {
    for (let i = size - 1; i >= 0; i--) this.put(Math.floor(value / 256 ** i) % 256)
  }
}

const anyBytes = (chance: Chance, limit: number): number[] => chance.some(limit, () => chance.below(256))

function textBytes(chance: Chance): Uint8Array {
  if (chance.happens(0.9)) return ENCODER.encode(chance.of(WORDS))
  if (chance.happens(0.5)) return Uint8Array.from(anyBytes(chance, 40))
  return ENCODER.encode("x".repeat(chance.below(300)))
}

/** A length that is sometimes wrong. */
function claim(chance: Chance, length: number): number {
  if (!chance.happens(0.03)) return length
  return chance.of([0, length + 1, Math.max(0, length - 1), 255, 65_535, 0x7fff_ffff, 0xffff_ffff, 60_000_000])
}

function header(
  out: Writer,
  chance: Chance,
  length: number,
  forms: readonly (readonly [type: number, size: number])[],
): void {
  const fitting = forms.filter(([, size]) => length < 256 ** size)
  const [type, size] = chance.of(fitting.length > 0 ? fitting : forms)
  out.put(type)
  out.number(claim(chance, length), size)
}

const EXTENSIONS: readonly number[] = [
  0xff, 0xff, 0xff, 0x00, 0x01, 0x42, 0x62, 0x65, 0x69, 0x70, 0x72, 0x73, 0x74, 0x78,
]

function extension(out: Writer, chance: Chance): void {
  const length = chance.of([4, 8, 12, 1, 2, 16, chance.below(30)])
  const fixed = [1, 2, 4, 8, 16].indexOf(length)
  if (fixed >= 0 && chance.happens(0.5)) out.put(0xd4 + fixed)
  else
    header(out, chance, length, [
      [0xc7, 1],
      [0xc8, 2],
      [0xc9, 4],
    ])
  out.put(chance.of(EXTENSIONS))
  for (let i = 0; i < length; i++) out.put(chance.happens(0.3) ? 0xff : chance.below(256))
}

function text(out: Writer, chance: Chance): void {
  const bytes = textBytes(chance)
  if (bytes.length < 32 && chance.happens(0.7)) out.put(0xa0 | bytes.length)
  else
    header(out, chance, bytes.length, [
      [0xd9, 1],
      [0xda, 2],
      [0xdb, 4],
    ])
  out.put(...bytes)
}

function scalar(out: Writer, chance: Chance): void {
  const which = chance.below(8)
  if (which === 0) out.put(chance.of([0xc0, 0xc2, 0xc3]))
  else if (which === 1) out.put(chance.of([chance.below(128), 0xe0 + chance.below(32)]))
  else if (which === 2) {
    const size = chance.below(8)
    out.put(0xcc + size)
    for (let i = 0; i < 2 ** (size % 4); i++) out.put(chance.happens(0.4) ? 0xff : chance.below(256))
  } else if (which === 3) {
    const size = chance.of([4, 8])
    out.put(size === 4 ? 0xca : 0xcb)
    for (let i = 0; i < size; i++) out.put(chance.of([0x7f, 0xff, 0xf8, 0, chance.below(256)]))
  } else if (which === 4) {
    const bytes = anyBytes(chance, 40)
    header(out, chance, bytes.length, [
      [0xc4, 1],
      [0xc5, 2],
      [0xc6, 4],
    ])
    out.put(...bytes)
  } else if (which === 5 && chance.happens(0.3)) extension(out, chance)
  else text(out, chance)
}

function value(out: Writer, chance: Chance, depth: number): void {
  const which = chance.below(depth > 5 ? 1 : 3)
  if (which === 0) return scalar(out, chance)
  const count = chance.below(5)
  if (which === 1) {
    if (chance.happens(0.7)) out.put(0x90 | claim(chance, count))
    else
      header(out, chance, count, [
        [0xdc, 2],
        [0xdd, 4],
      ])
    for (let i = 0; i < count; i++) value(out, chance, depth + 1)
    return
  }
  if (chance.happens(0.7)) out.put(0x80 | claim(chance, count))
  else
    header(out, chance, count, [
      [0xde, 2],
      [0xdf, 4],
    ])
  for (let i = 0; i < count; i++) {
    if (chance.happens(0.85)) text(out, chance)
    else value(out, chance, depth + 1)
    value(out, chance, depth + 1)
  }
}

/** Bytes in the grammar of MessagePack, mostly an array of five, sometimes with wrong lengths. */
export function msgpackInput(chance: Chance): Uint8Array {
  const out = new Writer()
  if (chance.happens(0.05)) value(out, chance, 0)
  else {
    const count = chance.happens(0.8) ? 5 : chance.below(8)
    out.put(0x90 | count)
    for (let i = 0; i < count; i++) {
      if (i === 4 || chance.happens(0.15)) value(out, chance, 0)
      else text(out, chance)
    }
  }
  if (chance.happens(0.04)) out.put(...anyBytes(chance, 5))
  return Uint8Array.from(chance.happens(0.05) ? out.bytes.slice(0, chance.below(out.bytes.length + 1)) : out.bytes)
}

/** V2's binary frames, of known and unknown kinds, sometimes with wrong lengths. */
export function binaryInput(chance: Chance): Uint8Array {
  const kind = chance.happens(0.97) ? chance.below(4) : chance.below(256)
  const count = chance.happens(0.9)
    ? ([4, 4, 2, 4][kind] ?? 3) - (kind === 0 && chance.happens(0.5) ? 1 : 0)
    : chance.below(7)
  const fields = Array.from({ length: count }, (_, i) =>
    kind === 3 && i === 3 && chance.happens(0.8)
      ? ENCODER.encode(
          chance.of(["1", "42", "-1", "1.5", "1e3", "", "abc", " 7", "0x10", "9007199254740993", "Infinity"]),
        )
      : textBytes(chance),
  )
  const lengths = fields.map(({ length }) => claim(chance, length))
  return Uint8Array.from(
    [kind, ...lengths, ...fields.flatMap((field) => [...field]), ...anyBytes(chance, 30)].map((byte) => byte & 255),
  )
}

/** A frame between nodes: its form, two lengths of two bytes, two names, and a frame. */
export function clusterInput(chance: Chance, frame: string | Uint8Array): Uint8Array {
  const names = [textBytes(chance), textBytes(chance)] as const
  const out = new Writer()
  out.put(chance.happens(0.95) ? chance.below(3) : chance.below(256))
  for (const name of names) out.number(claim(chance, name.length), 2)
  for (const name of names) out.put(...name)
  out.put(...(typeof frame === "string" ? ENCODER.encode(frame) : frame))
  return Uint8Array.from(chance.happens(0.1) ? out.bytes.slice(0, chance.below(out.bytes.length + 1)) : out.bytes)
}
