/** V1: one JSON object per frame. Servers assume it if a client names no version. */
export const VSN_V1 = "1.0.0"
/** V2: one JSON array of five elements per frame, and binary frames. The default of phoenix.js and of Rookery. */
export const VSN_V2 = "2.0.0"
/** MessagePack, under the version that Phoenix projects use for it beside the two JSON ones. */
export const VSN_MSGPACK = "3.0.0"

const VERSION = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/

/**
 * Whether a serializer serves the version that a client asks for: Phoenix mounts serializers with `~> 2.0.0`, which
 * matches 2.0.9 but neither 2.1.0 nor 2.
 */
export function servesVsn(served: string, asked: string): boolean {
  const want = VERSION.exec(served)
  const got = VERSION.exec(asked)
  if (want === null || got === null || got[1] !== want[1] || got[2] !== want[2]) return false
  const patch = Number(got[3]) - Number(want[3])
  return patch > 0 || (patch === 0 && (got[4] === undefined || got[4] === want[4]))
}
