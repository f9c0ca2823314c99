import { randomBytes } from "node:crypto"

const TIME = 9
const NUMBER = 4
const MOST = 36 ** NUMBER - 1
/** The length of an id. The last eight characters are random. */
export const ID_LENGTH: number = TIME + NUMBER + 8

const digits = (value: number, length: number): string => value.toString(36).padStart(length, "0")

/**
 * Makes the id of a message: its time, a number within that time, and random characters, so that no other room has the
 * same id. As text it sorts after the last id of its room, even if the clock was set back.
 */
export function idAfter(last: string | undefined, time: number): string {
  let at = time
  let number = 0
  if (last !== undefined) {
    const lastAt = timeOf(last)
    if (lastAt >= time) {
      at = lastAt
      number = Number.parseInt(last.slice(TIME, TIME + NUMBER), 36) + 1
      if (number > MOST) {
        at++
        number = 0
      }
    }
  }
  return digits(at, TIME) + digits(number, NUMBER) + randomBytes(4).toString("hex")
}

/** The time in an id, in milliseconds since 1970. */
export const timeOf = (id: string): number => Number.parseInt(id.slice(0, TIME), 36)

/** Whether a text can be the id of a message. */
export const isMessageId = (text: unknown): text is string => typeof text === "string" && /^[0-9a-z]{21}$/.test(text)
