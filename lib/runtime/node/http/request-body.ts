import type { IncomingMessage } from "node:http"
import { systemClock } from "../../../protocol/clock.js"
import { BodyReader } from "../../longpoll/body-reader.js"
import type { BadBody, BodyLimits } from "../../longpoll/exchange.js"

/** Whether the headers of a request announce a body. */
export const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0

/** Reads the body of a request as text, within the limits. */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<string | BadBody> {
  const reader = new BodyReader(limits, systemClock)
  request.on("data", (chunk: Buffer) => {
    if (!reader.add(chunk)) request.destroy()
  })
  request.on("close", () => reader.abort())
  request.on("end", () => reader.end())
  return reader.text
}
