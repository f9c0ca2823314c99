import { BAD_FRAMES } from "../../fixtures/bad-frames.js"
import { bytes, VECTORS } from "../../fixtures/vectors.js"
import { readRecordings } from "../support/recordings.js"
import { binaryInput, clusterInput, msgpackInput } from "./binary-inputs.js"
import { envelopeInput, fieldsInput } from "./envelope-inputs.js"
import { jsonInput } from "./json-inputs.js"
import type { Chance } from "./random.js"

/** The data of a frame. */
export type Input = string | Uint8Array

/** The recorded frames, the vectors and the bad frames, without the longest, which would take too much time. */
export const FRAMES: readonly Input[] = [
  ...readRecordings()
    .flatMap(({ frames }) => frames)
    .filter(({ kind }) => kind === "text" || kind === "binary")
    .map(({ kind, data = "" }) => (kind === "text" ? data : bytes(Buffer.from(data, "base64")))),
  ...VECTORS.map(({ frame }) => frame),
  ...BAD_FRAMES.map(({ frame }) => frame),
].filter((frame) => frame.length < 1000)

/** A frame with a few of its bytes set, changed, cut or doubled. */
export function mutate(chance: Chance, frame: Input): Input {
  let all = Buffer.from(frame as string)
  for (let i = chance.below(4); i >= 0; i--) {
    const at = chance.below(all.length + 1)
    const length = chance.below(7)
    const how = chance.below(5)
    if (how === 0) all[at] = chance.below(256)
    else if (how === 1) all[at] = (all[at] ?? 0) ^ (1 << chance.below(8))
    else if (how === 2) all = Buffer.concat([all.subarray(0, at), all.subarray(at + length)])
    else if (how === 3) all = Buffer.concat([all.subarray(0, at + length), all.subarray(at)])
    else all = all.subarray(0, at)
  }
  // Text that is not UTF-8 never reaches a decoder; half a surrogate pair may, on another platform.
  return typeof frame === "string" ? all.toString() : Uint8Array.from(all)
}

const codeUnits = (chance: Chance): string =>
  String.fromCharCode(
    ...chance.some(60, () => (chance.happens(0.6) ? 0x20 + chance.below(0x60) : chance.below(0x10000))),
  )

/** Every kind of generated input, by name. */
export const KINDS: Readonly<Record<string, (chance: Chance) => Input>> = {
  "random bytes": (chance) => Uint8Array.from(chance.some(200, () => chance.below(256))),
  "random text": codeUnits,
  "JSON by its grammar": jsonInput,
  "MessagePack by its grammar": msgpackInput,
  "binary frames by their grammar": binaryInput,
  "frames between nodes": (chance) => clusterInput(chance, chance.of([jsonInput, msgpackInput, binaryInput])(chance)),
  "envelopes of a cluster": envelopeInput,
  "presences in Redis": fieldsInput,
  "real frames, changed": (chance) => mutate(chance, chance.of(FRAMES)),
  "grammar-made frames, changed": (chance) =>
    mutate(chance, chance.of([jsonInput, msgpackInput, binaryInput, envelopeInput, fieldsInput])(chance)),
}
