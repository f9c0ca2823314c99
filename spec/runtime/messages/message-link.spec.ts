import { describe, expect, it, vi } from "vitest"
import { MessageLink } from "../../../lib/runtime/messages/message-link.js"
import { TEXT_OR_BYTES, type PlatformSocket } from "../../../lib/runtime/messages/platform-socket.js"
import type { SocketEnd } from "../../../lib/server/api/server-link.js"
import { resolveLimits } from "../../../lib/server/limits/resolve-limits.js"
import type { Worker } from "../../../lib/server/limits/turns.js"
import type { TransportServices } from "../../../lib/server/process/services.js"

/** A link in a turn that is full, so that each large message waits until `turn()`. */
function busy() {
  const told: string[] = []
  let worker: Worker | undefined
  const turns = {
    isFull: () => true,
    add: (added: Worker) => (worker = added),
    remove: () => (worker = undefined),
    readLater: () => told.push("read on"),
  }
  const clock = { now: () => 0, setTimeout: () => undefined, clearTimeout: () => undefined }
  const held = { note: () => undefined, forget: () => undefined }
  const services = { turns, held, runtime: { clock, atEndOfTurn: () => undefined } } as unknown as TransportServices
  const socket: PlatformSocket = {
    encoding: TEXT_OR_BYTES,
    bufferedAmount: 0,
    send: () => told.push("sent"),
    sendForm: () => told.push("sent"),
    close: (code) => told.push(`closes ${code}`),
    terminate: () => told.push("terminates"),
  }
  const receive = vi.fn<SocketEnd["receive"]>((frame) => void told.push(`takes ${String(frame).slice(0, 1)}`))
  const end = { receive, closed: (code: number) => told.push(`ended ${code}`), limitHit: () => undefined }
  const admitted = {
    limits: resolveLimits(),
    open: () => end as unknown as SocketEnd,
    leave: () => told.push("left"),
  }
  const link = new MessageLink(socket, undefined, admitted as never, services)
  const turn = (): void => {
    if (worker?.work() === false) worker = undefined
  }
  const large = (letter: string): string => letter.repeat(5000)
  return { link, told, receive, turn, large }
}

describe("a client whose last messages wait for their turn", () => {
  it("has them handled before its end, in turns", () => {
    const { link, told, turn, large } = busy()
    for (const letter of ["a", "b"]) link.receive(large(letter))
    link.closed(1000)
    expect(told).toEqual([])
    turn()
    expect(told).toEqual(["takes a"])
    turn()
    expect(told).toEqual(["takes a", "takes b", "ended 1000", "left"])
  })

  it("is sent nothing more once it has gone", () => {
    const { link, told, receive, turn, large } = busy()
    receive.mockImplementation(() => link.send("a reply"))
    link.receive(large("a"))
    link.closed(1000)
    turn()
    expect(told).toEqual(["ended 1000", "left"])
  })

  it("leaves its place once, and nothing more is handled, if one of them ends the connection", () => {
    const { link, told, receive, turn, large } = busy()
    receive.mockImplementation(() => link.close(1011))
    for (const letter of ["a", "b"]) link.receive(large(letter))
    link.closed(1000)
    turn()
    turn()
    expect(receive).toHaveBeenCalledOnce()
    expect(told).toEqual(["left"])
  })

  it("has none of them handled after the endpoint has closed the connection", () => {
    const { link, told, turn, large } = busy()
    link.receive(large("a"))
    link.close(1001)
    link.closed(1001)
    turn()
    expect(told).toEqual(["closes 1001", "left"])
  })
})
